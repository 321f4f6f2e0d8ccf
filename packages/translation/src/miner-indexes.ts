import { MINER_INDEX_BYTES } from './limits.ts';

const CAPACITY = 256 ** MINER_INDEX_BYTES;

/**
 * Numbers of the miners that share a channel. One that a miner gave back comes again only after all others: its shares on
 * the job at hand are known upstream, and the next miner's first ones would be the same.
 */
export class MinerIndexes {
  readonly #capacity: number;
  #unused = 0;
  /** Given back, in order, from `#oldest` on. */
  #returned: number[] = [];
  #oldest = 0;

  /** @param capacity how many there are, at most 65,536 */
  constructor(capacity: number = CAPACITY) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > CAPACITY) {
      throw new RangeError(`${capacity} miners do not fit ${MINER_INDEX_BYTES} bytes of extranonce1`);
    }
    this.#capacity = capacity;
  }

  /** @returns undefined when all are taken */
  take(): number | undefined {
    if (this.#unused < this.#capacity) return this.#unused++;
    const index = this.#returned[this.#oldest];
    if (index === undefined) return undefined;
    this.#oldest += 1;
    if (this.#oldest > this.#capacity) {
      this.#returned = this.#returned.slice(this.#oldest);
      this.#oldest = 0;
    }
    return index;
  }

  /** @param index taken before and not given back since */
  giveBack(index: number): void {
    this.#returned.push(index);
  }
}
