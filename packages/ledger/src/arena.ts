import { BATCH_HEADER_SIZE, writeBatchHeader } from './format.ts';
import { writeRecord } from './records/encode.ts';
import type { JournalRecord } from './records/records.ts';
import { Sink } from './records/sink.ts';
import type { FilledBuffer } from './writer-host.ts';

/** Bytes of a buffer that is used again and again. */
export const ARENA_BYTES = 256 * 1024;

/** A batch being filled: records are encoded straight into the buffer that the writer will put on disk. */
export class Arena {
  readonly #sink: Sink;
  readonly #firstPosition: number;
  #count = 0;

  constructor(buffer: ArrayBuffer, firstPosition: number) {
    this.#sink = new Sink(buffer, BATCH_HEADER_SIZE);
    this.#firstPosition = firstPosition;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  hasRoom(size: number): boolean {
    return this.#sink.offset + size <= this.#sink.bytes.length;
  }

  add(record: JournalRecord): void {
    const start = this.#sink.offset;
    try {
      writeRecord(this.#sink, record);
    } catch (error) {
      // A record that breaks its declaration is its sender's bug; the batch stays whole.
      this.#sink.offset = start;
      throw error;
    }
    this.#count += 1;
  }

  /** The finished batch, its checksum left to the writer. The arena must not be used afterwards. */
  finish(): FilledBuffer {
    const { view, offset, bytes } = this.#sink;
    writeBatchHeader(view, offset - BATCH_HEADER_SIZE, this.#count, this.#firstPosition);
    // Sinks are made on plain buffers only.
    return { buffer: bytes.buffer as ArrayBuffer, used: offset };
  }
}
