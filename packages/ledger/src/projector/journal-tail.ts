import { LedgerError } from '../errors.ts';
import type { FileLayer } from '../files.ts';
import { batchAt, declaredEnd, SEGMENT_HEADER_SIZE } from '../format.ts';
import type { JournalEntry } from '../read-journal.ts';
import { readRecords } from '../records/encode.ts';
import { type ListedSegment, SegmentList } from './segment-list.ts';

/** Bytes that are read at once, unless one batch alone is larger. */
const CHUNK_BYTES = 512 * 1024;

/** A batch and where its file goes on behind it. */
interface PlacedBatch {
  readonly firstPosition: number;
  /** Position behind its last record. */
  readonly nextPosition: number;
  readonly payload: Uint8Array;
  readonly fileEnd: number;
}

/**
 * Follows a journal that is being written, and reads each byte once. The writer may be another thread or process: it
 * says up to which record everything is on disk, and no further is read.
 */
export class JournalTail {
  readonly #files: Pick<FileLayer, 'list' | 'readAt'>;
  readonly #directory: string;
  readonly #list: SegmentList;
  #segments: readonly ListedSegment[] = [];
  /** Everything up to here was on disk when the segments were looked at. */
  #lookedAt = 0;
  #segment: ListedSegment | undefined;
  /** Of the next batch in the segment. */
  #offset = SEGMENT_HEADER_SIZE;
  #batchPosition = 1;
  /** Of the next entry: the batch may begin before it. */
  #next = 1;

  constructor(files: Pick<FileLayer, 'list' | 'readAt'>, directory: string) {
    this.#files = files;
    this.#directory = directory;
    this.#list = new SegmentList(files, directory);
  }

  /** Position of the entry that is read next. */
  get next(): number {
    return this.#next;
  }

  /** The file that was read last. */
  get path(): string | undefined {
    return this.#segment?.path;
  }

  /**
   * Goes to the entry at `position`; to the oldest that is still there, when that is a later one.
   *
   * @param upTo everything up to this record is on disk
   * @throws LedgerError 'ledger-corrupted' when what is before it in its segment cannot be read
   */
  seek(position: number, upTo: number): void {
    this.#look(upTo);
    const from = this.#segments.findLast(({ firstPosition }) => firstPosition <= position) ?? this.#segments[0];
    this.#segment = from;
    this.#offset = SEGMENT_HEADER_SIZE;
    this.#batchPosition = from?.firstPosition ?? 1;
    while (this.#batchPosition < position) {
      const batches = this.#batches(upTo);
      const before = batches.filter(({ nextPosition }) => nextPosition <= position);
      for (const batch of before) this.#pass(batch);
      if (before.length < batches.length || batches.length === 0) break;
    }
    this.#next = Math.max(position, from?.firstPosition ?? 1);
  }

  /**
   * The next entries: half a megabyte of them, unless one batch alone is larger; none when all are read.
   *
   * @param upTo everything up to this record is on disk; Infinity reads whatever is whole, of a writer that does not say
   * @throws LedgerError 'ledger-corrupted' when a record on disk cannot be read; what the file system throws
   */
  read(upTo: number): JournalEntry[] {
    if (this.#next > upTo) return [];
    if (upTo > this.#lookedAt || upTo === Number.POSITIVE_INFINITY) this.#look(upTo);
    const entries: JournalEntry[] = [];
    for (const batch of this.#batches(upTo)) {
      let position = batch.firstPosition;
      for (const record of readRecords(batch.payload)) {
        if (position >= this.#next) entries.push({ position, record });
        position += 1;
      }
      if (position !== batch.nextPosition) throw this.#damaged();
      this.#pass(batch);
      this.#next = Math.max(this.#next, position);
    }
    return entries;
  }

  /** Must come after the writer's word, so that no segment is missed that holds what it speaks of. */
  #look(upTo: number): void {
    this.#segments = this.#list.look();
    this.#lookedAt = upTo;
  }

  /** Whole batches from where the tail is, at least one when there is one. */
  #batches(upTo: number): readonly PlacedBatch[] {
    // Where a later segment begins it counts: what an earlier one holds from there on was written again.
    const begun = this.#segments.find(({ firstPosition }) => firstPosition === this.#batchPosition);
    if (begun !== undefined && begun.path !== this.#segment?.path) {
      this.#segment = begun;
      this.#offset = SEGMENT_HEADER_SIZE;
    }
    const end = this.#segments.find(({ firstPosition }) => firstPosition > this.#batchPosition)?.firstPosition;
    const beyond = Math.min(end ?? Number.POSITIVE_INFINITY, upTo + 1);
    if (this.#batchPosition >= beyond) return [];
    const batches = this.#wholeBatches(beyond);
    const expected = upTo !== Number.POSITIVE_INFINITY || end !== undefined;
    if (batches.length === 0 && expected) throw this.#damaged();
    return batches;
  }

  #wholeBatches(beyond: number): readonly PlacedBatch[] {
    if (this.#segment === undefined) return [];
    const chunk = this.#files.readAt(this.#segment.path, this.#offset, CHUNK_BYTES);
    const batches = this.#parse(chunk, beyond);
    const wanted = declaredEnd(chunk, 0);
    if (batches.length > 0 || chunk.length < CHUNK_BYTES || wanted <= CHUNK_BYTES) return batches;
    return this.#parse(this.#files.readAt(this.#segment.path, this.#offset, wanted), beyond);
  }

  #parse(chunk: Uint8Array, beyond: number): readonly PlacedBatch[] {
    const batches: PlacedBatch[] = [];
    let position = this.#batchPosition;
    for (let batch = batchAt(chunk, 0); batch !== undefined; batch = batchAt(chunk, batch.end)) {
      if (batch.firstPosition !== position || position >= beyond) break;
      position += batch.count;
      const { firstPosition, payload, end } = batch;
      batches.push({ firstPosition, nextPosition: position, payload, fileEnd: this.#offset + end });
    }
    return batches;
  }

  #pass(batch: PlacedBatch): void {
    this.#offset = batch.fileEnd;
    this.#batchPosition = batch.nextPosition;
  }

  #damaged(): LedgerError {
    const place = this.#segment?.path ?? this.#directory;
    const position = this.#batchPosition;
    return new LedgerError('ledger-corrupted', `record ${position} cannot be read from ${place}`, { place, position });
  }
}
