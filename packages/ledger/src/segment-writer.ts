import { join } from 'node:path';
import type { FileHandle, FileLayer } from './files.ts';
import { batchRange, encodeSegmentHeader, SEGMENT_HEADER_SIZE, sealBatch, segmentName } from './format.ts';
import type { Tail } from './recover.ts';

/** What a writer needs to go on where the journal ends; plain data, so that it can be posted to a thread. */
export interface WriterOptions {
  readonly directory: string;
  /** A segment that has reached this size is followed by the next. */
  readonly segmentBytes: number;
  readonly bootEpoch: number;
  readonly tail: Tail;
}

/**
 * Puts batches on disk, one write and one fdatasync for all that are handed over together. After a failed write or
 * sync the page cache cannot be trusted, so that the same batches are written again to a new segment, never to the
 * old one.
 */
export class SegmentWriter {
  readonly #files: FileLayer;
  readonly #options: WriterOptions;
  #sequence: number;
  #size: number;
  #handle: FileHandle | undefined;
  #watermark: number;

  constructor(files: FileLayer, options: WriterOptions) {
    this.#files = files;
    this.#options = options;
    this.#sequence = options.tail.sequence;
    this.#size = options.tail.size;
    this.#watermark = options.tail.nextPosition - 1;
  }

  /**
   * Writes and syncs batches in order; their checksums are filled in here.
   *
   * @returns the watermark: the position up to which everything is on disk
   * @throws what the file layer throws; the same batches may then be handed over again
   */
  write(batches: readonly Uint8Array[]): number {
    for (const batch of batches) sealBatch(batch);
    try {
      if (this.#handle === undefined) this.#openSegment();
      else if (this.#size >= this.#options.segmentBytes) this.#rotate();
      this.#append(batches);
    } catch (error) {
      this.#abandon();
      throw error;
    }
    const last = batches.at(-1);
    if (last !== undefined) {
      const { firstPosition, count } = batchRange(last);
      this.#watermark = firstPosition + count - 1;
    }
    return this.#watermark;
  }

  close(): void {
    if (this.#handle !== undefined) this.#files.close(this.#handle);
    this.#handle = undefined;
  }

  #append(batches: readonly Uint8Array[]): void {
    const handle = this.#handle;
    if (handle === undefined) throw new Error('no segment is open');
    const fresh = this.#size === 0;
    const header = { firstPosition: this.#watermark + 1, bootEpoch: this.#options.bootEpoch };
    const parts = fresh ? [encodeSegmentHeader(header), ...batches] : batches;
    this.#files.write(handle, parts, this.#size);
    this.#files.sync(handle);
    if (fresh) this.#files.syncDirectory(this.#options.directory);
    this.#size += parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** At the start: goes on in the last segment when that has room. */
  #openSegment(): void {
    if (this.#size >= SEGMENT_HEADER_SIZE && this.#size < this.#options.segmentBytes) {
      this.#handle = this.#files.open(this.#path(), 'existing');
    } else {
      this.#create();
    }
  }

  #rotate(): void {
    this.close();
    this.#create();
  }

  #create(): void {
    this.#sequence += 1;
    this.#size = 0;
    this.#handle = this.#files.open(this.#path(), 'create');
  }

  /**
   * After a failure: the next write begins a new segment at the watermark. What the failed write left behind is
   * superseded by that, and is removed here only for tidiness.
   */
  #abandon(): void {
    const path = this.#path();
    const empty = this.#size === 0;
    try {
      if (this.#handle !== undefined) this.#files.truncate(this.#handle, this.#size);
    } catch {
      // The disk that failed to write may fail here too.
    }
    try {
      this.close();
      if (empty) this.#files.remove(path);
    } catch {
      // As above.
    }
    this.#handle = undefined;
    this.#size = 0;
  }

  #path(): string {
    return join(this.#options.directory, segmentName(this.#sequence));
  }
}
