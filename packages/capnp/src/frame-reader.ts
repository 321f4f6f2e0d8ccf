import { CapnpError } from './errors.ts';
import { CAPNP_LIMITS, type CapnpLimits } from './limits.ts';
import { tableBytes, WORD } from './pointers.ts';

/** Where the reader is in a frame. */
type State =
  | { readonly phase: 'table'; readonly table: number[] }
  | { readonly phase: 'body'; readonly frame: Uint8Array; filled: number };

/**
 * Cuts a stream of bytes into frames: a segment table (how many segments less one, and the words of each, all u32
 * little-endian, padded to 8 bytes) and the segments.
 *
 * Each frame is a buffer of its own and of its exact length, whatever the chunks were.
 *
 * @throws CapnpError for a frame over the limits, before memory is taken for it; the stream cannot be read on then
 */
export class FrameReader {
  readonly #limits: CapnpLimits;
  #state: State = { phase: 'table', table: [] };

  constructor(limits: CapnpLimits = CAPNP_LIMITS) {
    this.#limits = limits;
  }

  /** The frames that this chunk completes. The chunk may be used again as soon as they have all been taken. */
  *receive(chunk: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state.phase === 'table') {
        at = this.#readTable(this.#state.table, chunk, at);
      } else {
        const { frame, filled } = this.#state;
        const piece = chunk.subarray(at, at + frame.length - filled);
        frame.set(piece, filled);
        this.#state.filled += piece.length;
        at += piece.length;
      }
      if (this.#state.phase === 'body' && this.#state.filled === this.#state.frame.length) {
        const { frame } = this.#state;
        this.#state = { phase: 'table', table: [] };
        yield frame;
      }
    }
  }

  /** table -> body, once the table is whole. */
  #readTable(table: number[], chunk: Uint8Array, from: number): number {
    let at = from;
    let wanted = this.#tableBytes(table);
    while (at < chunk.length && table.length < wanted) {
      table.push(chunk[at] as number);
      at += 1;
      if (table.length === 4) wanted = this.#tableBytes(table);
    }
    if (table.length === wanted) this.#state = { phase: 'body', frame: this.#open(table), filled: table.length };
    return at;
  }

  #tableBytes(table: readonly number[]): number {
    if (table.length < 4) return WORD;
    const segments = u32(table, 0) + 1;
    if (segments > this.#limits.segments) throw new CapnpError('too-large', `a frame of ${segments} segments`);
    return tableBytes(segments);
  }

  #open(table: readonly number[]): Uint8Array {
    const segments = u32(table, 0) + 1;
    let bytes = table.length;
    for (let segment = 1; segment <= segments; segment += 1) bytes += u32(table, 4 * segment) * WORD;
    if (bytes > this.#limits.frameBytes) throw new CapnpError('too-large', `a frame of ${bytes} bytes`);
    const frame = new Uint8Array(bytes);
    frame.set(table);
    return frame;
  }
}

const u32 = (bytes: readonly number[], at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0;
