const EMPTY = new Uint8Array(0);
/** The smallest buffer for what waits to be written, in bytes: some share answers fit. */
const SMALLEST = 256;

/** What waits to be written, in one buffer that exists only while something does. */
export class Output {
  #buffer: Uint8Array = EMPTY;
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** The buffer that holds the last reserved bytes. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** Makes room for `size` bytes behind those that wait and returns where they start in `buffer`. */
  reserve(size: number): number {
    const start = this.#length;
    const length = start + size;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#buffer.length, SMALLEST));
      grown.set(this.#buffer.subarray(0, start));
      this.#buffer = grown;
    }
    this.#length = length;
    return start;
  }

  /** Everything that waits, which is the caller's from now on; undefined when nothing does. */
  drain(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const waiting = this.#buffer.subarray(0, this.#length);
    this.#buffer = EMPTY;
    this.#length = 0;
    return waiting;
  }
}
