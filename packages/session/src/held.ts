const EMPTY = new Uint8Array(0);
/** The first buffer for a piece that has not arrived whole, in bytes, if the piece is that large. */
const FIRST_BUFFER = 64;

/**
 * The part of a frame, or of a handshake act, that has arrived so far.
 *
 * Its memory follows what has arrived, never what was announced: the buffer at most doubles with each growth and never
 * exceeds the size of the piece. A peer that announces 16 MB and sends one byte costs 64 bytes.
 */
export class Held {
  #buffer: Uint8Array = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes allocated. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Appends `bytes[start..end)` to a piece that will have `size` bytes in all. */
  append(bytes: Uint8Array, start: number, end: number, size: number): void {
    const length = this.#length + end - start;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(size, Math.max(2 * this.#buffer.length, length, FIRST_BUFFER)));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
  }

  /** The bytes held so far, which are the caller's from now on. */
  release(): Uint8Array {
    const whole = this.#buffer.subarray(0, this.#length);
    this.#buffer = EMPTY;
    this.#length = 0;
    return whole;
  }
}
