import { sameBytes } from '@sv2kit/bitcoin';
import { SeenShares, type ShareBudget } from '@sv2kit/mining';

/** Tips whose shares are remembered beside those of the tip at hand. */
const PAST_TIPS = 2;

interface TipShares {
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly seen: SeenShares;
}

/**
 * The shares of one miner by tip. Neither a channel that is opened anew nor an upstream that goes back to a tip, for its
 * nodes disagree, makes a header worth anything twice.
 */
export class SeenByTip {
  readonly #limit: number;
  readonly #budget: ShareBudget;
  #current: TipShares | undefined;
  /** The latest is the last. */
  #past: TipShares[] = [];

  /** @param limit shares of one tip to remember */
  constructor(limit: number, budget: ShareBudget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** A job on a tip is the miner's latest. @param prevHash kept, not copied */
  turn(prevHash: Uint8Array): void {
    const from = this.#current;
    if (from !== undefined && sameBytes(from.prevHash, prevHash)) return;
    if (from !== undefined && from.seen.size > 0) this.#past.push(from);
    const known = this.#past.findIndex((past) => sameBytes(past.prevHash, prevHash));
    const [back] = known === -1 ? [] : this.#past.splice(known, 1);
    back?.seen.jobRetired();
    this.#current = back ?? { prevHash, seen: new SeenShares(this.#limit, this.#budget) };
    for (const past of this.#past.splice(0, Math.max(0, this.#past.length - PAST_TIPS))) past.seen.clear();
  }

  /** Remembers a share on the tip at hand; see {@link SeenShares.add}. */
  add(hash: Uint8Array, source: number, live: (source: number) => boolean): ReturnType<SeenShares['add']> {
    return this.#current?.seen.add(hash, source, live) ?? 'exhausted';
  }

  /** Some jobs are stale or given up: their shares need not be remembered when room runs out. */
  jobRetired(): void {
    this.#current?.seen.jobRetired();
  }

  /** Gives the memory back. */
  clear(): void {
    for (const { seen } of this.#past) seen.clear();
    this.#past = [];
    this.#current?.seen.clear();
  }
}
