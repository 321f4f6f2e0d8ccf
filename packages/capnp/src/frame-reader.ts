import { CapnpError } from './errors.ts';
import { CAPNP_LIMITS, type CapnpLimits } from './limits.ts';
import { tableBytes, WORD } from './pointers.ts';

/** Bytes that say how many segments there are. */
const COUNT_BYTES = 4;

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
  /** The segment table that is being read; it begins a frame, and is copied into it. */
  readonly #table: Uint8Array;
  readonly #view: DataView;
  /** The frame that is being read; undefined while its table is. */
  #frame: Uint8Array | undefined;
  /** Bytes that are known of the frame, or of its table. */
  #filled = 0;

  constructor(limits: CapnpLimits = CAPNP_LIMITS) {
    this.#limits = limits;
    this.#table = new Uint8Array(tableBytes(limits.segments));
    this.#view = new DataView(this.#table.buffer);
  }

  /** The frames that this chunk completes. The chunk may be used again as soon as they have all been taken. */
  *receive(chunk: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        at = this.#readTable(chunk, at);
      } else {
        const end = at + this.#frame.length - this.#filled;
        const piece = chunk.subarray(at, end);
        this.#frame.set(piece, this.#filled);
        this.#filled += piece.length;
        at += piece.length;
      }
      if (this.#frame !== undefined && this.#filled === this.#frame.length) {
        const whole = this.#frame;
        this.#frame = undefined;
        this.#filled = 0;
        yield whole;
      }
    }
  }

  /** @returns where the chunk goes on behind the table, or what of it is there */
  #readTable(chunk: Uint8Array, from: number): number {
    const counted = this.#fill(chunk, from, COUNT_BYTES);
    if (this.#filled < COUNT_BYTES) return counted;
    const segments = this.#view.getUint32(0, true) + 1;
    if (segments > this.#limits.segments) throw new CapnpError('too-large', `a frame of ${segments} segments`);
    const size = tableBytes(segments);
    const at = this.#fill(chunk, counted, size);
    if (this.#filled === size) this.#frame = this.#open(segments, size);
    return at;
  }

  /** Fills the table up to `size` bytes. */
  #fill(chunk: Uint8Array, from: number, size: number): number {
    let at = from;
    while (this.#filled < size && at < chunk.length) {
      this.#table[this.#filled] = chunk[at] as number;
      this.#filled += 1;
      at += 1;
    }
    return at;
  }

  #open(segments: number, size: number): Uint8Array {
    let bytes = size;
    for (let segment = 1; segment <= segments; segment += 1) bytes += this.#view.getUint32(4 * segment, true) * WORD;
    if (bytes > this.#limits.frameBytes) throw new CapnpError('too-large', `a frame of ${bytes} bytes`);
    const frame = new Uint8Array(bytes);
    frame.set(this.#table.subarray(0, size));
    return frame;
  }
}
