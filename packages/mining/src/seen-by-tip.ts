import { sameBytes } from '@sv2kit/bitcoin';
import { SeenShares, type ShareBudget } from './seen-shares.ts';

/** Tips whose shares are remembered beside those of the tip at hand. */
const PAST_TIPS = 2;

interface Past {
  readonly prevHash: Uint8Array;
  readonly seen: SeenShares;
}

/**
 * The shares of one channel by tip. A server's own job never comes twice, so that a new tip makes its shares worthless;
 * a client's own job may: when a reorganisation leads back to a tip, the same coinbase must not be credited again.
 */
export class SeenByTip {
  readonly #limit: number;
  readonly #budget: ShareBudget;
  /** Of the tip at hand. */
  current: SeenShares;
  #past: Past[] = [];

  /** @param limit shares to remember of a tip */
  constructor(limit: number, budget: ShareBudget) {
    this.#limit = limit;
    this.#budget = budget;
    this.current = new SeenShares(limit, budget);
  }

  /** Another tip: every older share is stale for good. */
  clear(): void {
    this.current.clear();
    for (const { seen } of this.#past) seen.clear();
    this.#past = [];
  }

  /** Another tip, from which the client may come back. @param from undefined when there was none before */
  turn(from: Uint8Array | undefined, to: Uint8Array): void {
    const { current } = this;
    if (from !== undefined && current.size > 0) this.#past.push({ prevHash: from, seen: current });
    const known = this.#past.findIndex(({ prevHash }) => sameBytes(prevHash, to));
    if (known !== -1) this.current = this.#past.splice(known, 1)[0]?.seen ?? current;
    else if (current.size > 0) this.current = new SeenShares(this.#limit, this.#budget);
    for (const { seen } of this.#past.splice(0, Math.max(0, this.#past.length - PAST_TIPS))) seen.clear();
  }
}
