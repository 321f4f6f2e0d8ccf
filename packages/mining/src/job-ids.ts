/** Gives out job ids; one per process, so that no channel ever gets an id twice (§5.3.15). */
export class JobIds {
  #last: number;

  constructor(last = 0) {
    this.#last = last;
  }

  /** The next id; after 2^32 - 1 it starts again at 1. */
  next(): number {
    this.#last = this.#last >= 0xffffffff ? 1 : this.#last + 1;
    return this.#last;
  }
}
