import { join } from 'node:path';
import type { FileLayer } from '../files.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_SIZE, segmentName } from '../format.ts';
import { segmentsIn } from '../recover.ts';

/** A segment as it counts: it reaches to where the next of the list begins. */
export interface ListedSegment {
  readonly path: string;
  readonly firstPosition: number;
}

/** The segments of a journal that is being written, looked at again and again without reading any twice. */
export class SegmentList {
  readonly #files: Pick<FileLayer, 'list' | 'readAt'>;
  readonly #directory: string;
  readonly #known = new Map<number, ListedSegment>();

  constructor(files: Pick<FileLayer, 'list' | 'readAt'>, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  /**
   * Oldest first. Every segment is among them that holds a record which was on disk before the call.
   *
   * @throws LedgerError 'ledger-version'; what the file system throws
   */
  look(): readonly ListedSegment[] {
    const sequences = this.#sequences();
    const last = sequences.at(-1);
    const listed: ListedSegment[] = [];
    for (const sequence of sequences) {
      const segment = this.#known.get(sequence) ?? this.#read(sequence);
      // A header that is still torn: nothing behind it is on disk yet.
      if (segment === undefined) continue;
      // The last may still be given up by its writer, and its number be used again.
      if (sequence !== last) this.#known.set(sequence, segment);
      // A later segment that begins at or before an earlier one replaces it.
      while ((listed.at(-1)?.firstPosition ?? 0) >= segment.firstPosition) listed.pop();
      listed.push(segment);
    }
    return listed;
  }

  #sequences(): readonly number[] {
    try {
      return segmentsIn(this.#files, this.#directory);
    } catch (error) {
      // A journal that nobody has begun yet.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }

  #read(sequence: number): ListedSegment | undefined {
    const name = segmentName(sequence);
    const path = join(this.#directory, name);
    const header = decodeSegmentHeader(this.#files.readAt(path, 0, SEGMENT_HEADER_SIZE), name);
    return header === undefined ? undefined : { path, firstPosition: header.firstPosition };
  }
}
