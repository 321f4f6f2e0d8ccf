import { tableBytes, WORD } from './pointers.ts';

/** Bytes in front of the first object: the segment table of one segment, and the root pointer. */
export const ROOT = tableBytes(1);
const FIRST_OBJECT = ROOT + WORD;

/** What is left free after something big, in bytes: the small objects that follow it need no second copy. */
const HEADROOM = 256;

/** The one segment of a message that is being built, with its table in front. Grows; new bytes are zero. */
export class Segment {
  #bytes: Uint8Array = new Uint8Array(HEADROOM);
  #view = new DataView(this.#bytes.buffer);
  #end = FIRST_OBJECT;

  get view(): DataView {
    return this.#view;
  }

  /** Room for so many bytes, in whole words. @returns its offset */
  allocate(bytes: number): number {
    const at = this.#end;
    this.#end += Math.ceil(bytes / WORD) * WORD;
    if (this.#end > this.#bytes.length) this.#grow(at);
    return at;
  }

  set(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at);
  }

  /** The message so far as a frame. */
  frame(): Uint8Array {
    this.#view.setUint32(4, (this.#end - ROOT) / WORD, true);
    return this.#bytes.subarray(0, this.#end);
  }

  #grow(used: number): void {
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#end + HEADROOM));
    bytes.set(this.#bytes.subarray(0, used));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
