import { Held } from './held.ts';

const EMPTY = new Uint8Array(0);

/**
 * Cuts a stream of chunks into pieces of known size. A piece that lies inside one chunk is a view onto it; only a piece
 * that spans chunks is copied.
 */
export class Intake {
  readonly #held = new Held();
  #chunk: Uint8Array = EMPTY;
  #at = 0;

  /** Hands over the next chunk; the pieces cut from it are views, so the host must not write to it afterwards. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Bytes of the chunk that no piece has taken yet. */
  get unread(): number {
    return this.#chunk.length - this.#at;
  }

  /** Bytes kept of a piece that has not arrived whole. */
  get held(): number {
    return this.#held.length;
  }

  /** The next `size` bytes, or undefined when they have not all arrived; the chunk is then used up and let go. */
  take(size: number): Uint8Array | undefined {
    if (this.#held.length === 0 && this.unread >= size) {
      const start = this.#at;
      this.#at += size;
      return this.#chunk.subarray(start, this.#at);
    }
    const end = this.#at + Math.min(size - this.#held.length, this.unread);
    if (end > this.#at) this.#held.append(this.#chunk, this.#at, end, size);
    this.#at = end;
    if (this.#held.length === size) return this.#held.release();
    this.feed(EMPTY);
    return undefined;
  }
}
