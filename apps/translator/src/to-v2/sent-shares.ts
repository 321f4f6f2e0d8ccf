import { TRANSLATOR_LIMITS } from './limits.ts';

/**
 * Whose the shares of a shared channel were, by sequence number, until the upstream has answered them. As large as it
 * will ever be from the start: nothing is allocated per share.
 */
export class SentShares<T> {
  readonly #mask: number;
  readonly #owners: (T | undefined)[];
  #answered = 0;

  /** @param size a power of two; when more wait, the oldest are forgotten */
  constructor(size: number = TRANSLATOR_LIMITS.unansweredShares) {
    this.#mask = size - 1;
    this.#owners = Array.from<T | undefined>({ length: size });
  }

  sent(sequenceNumber: number, owner: T): void {
    this.#owners[sequenceNumber & this.#mask] = owner;
  }

  /** @returns whose it was; undefined for one that was not sent or is forgotten */
  rejected(sequenceNumber: number): T | undefined {
    const at = sequenceNumber & this.#mask;
    const owner = this.#owners[at];
    this.#owners[at] = undefined;
    return owner;
  }

  /** Every share up to this one that was not rejected before is accepted. */
  accepted(lastSequenceNumber: number, each: (owner: T) => void): void {
    const count = Math.min((lastSequenceNumber - this.#answered) >>> 0, this.#mask + 1);
    for (let back = count - 1; back >= 0; back -= 1) {
      const owner = this.rejected((lastSequenceNumber - back) >>> 0);
      if (owner !== undefined) each(owner);
    }
    this.#answered = lastSequenceNumber;
  }
}
