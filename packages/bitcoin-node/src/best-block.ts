import { sameBytes } from '@sv2kit/bitcoin';

/** What the last template of a stream was built on, whichever way it came. */
export class BestBlock {
  #prevHash: Uint8Array | undefined;

  /** Whether a template on `prevHash`, which is the next one from now on, builds on another block. */
  isChangedBy(prevHash: Uint8Array): boolean {
    const before = this.#prevHash;
    this.#prevHash = prevHash;
    return before === undefined || !sameBytes(before, prevHash);
  }
}
