import { sameBytes } from '@sv2kit/bitcoin';
import type { ChannelLimits } from './limits.ts';
import { PinnedTargets } from './pinned-targets.ts';
import { SeenShares, type ShareBudget } from './seen-shares.ts';

/** Tips whose shares are remembered beside those of the tip at hand. */
const PAST_TIPS = 2;

interface Past {
  readonly prevHash: Uint8Array;
  readonly seen: SeenShares;
  readonly pinned: PinnedTargets;
}

/**
 * The shares of one channel by tip, and the targets of its client's own jobs. A server's numbered job never comes twice,
 * so that a new tip makes its shares worthless; any other may, a client's own or an upstream's: when a reorganisation
 * leads back to a tip, the same coinbase must neither be credited again nor get another target.
 */
export class SeenByTip {
  readonly #limits: ChannelLimits;
  readonly #budget: ShareBudget;
  /** Of the tip at hand. */
  current: SeenShares;
  /** Of the tip at hand. */
  pinned: PinnedTargets;
  #past: Past[] = [];

  constructor(limits: ChannelLimits, budget: ShareBudget) {
    this.#limits = limits;
    this.#budget = budget;
    this.current = new SeenShares(limits.seenShares, budget);
    this.pinned = new PinnedTargets(limits.customSpaces);
  }

  /** Another tip: every older share is stale for good. */
  clear(): void {
    this.current.clear();
    if (this.pinned.size > 0) this.pinned = new PinnedTargets(this.#limits.customSpaces);
    for (const { seen } of this.#past) seen.clear();
    this.#past = [];
  }

  /** Another tip, from which jobs may lead back. @param from undefined when there was none before */
  turn(from: Uint8Array | undefined, to: Uint8Array): void {
    const { current: seen, pinned } = this;
    const isNew = seen.size === 0 && pinned.size === 0;
    if (from !== undefined && !isNew) this.#past.push({ prevHash: from, seen, pinned });
    const known = this.#past.findIndex(({ prevHash }) => sameBytes(prevHash, to));
    const [back] = known === -1 ? [] : this.#past.splice(known, 1);
    if (back !== undefined || !isNew) {
      this.current = back?.seen ?? new SeenShares(this.#limits.seenShares, this.#budget);
      this.pinned = back?.pinned ?? new PinnedTargets(this.#limits.customSpaces);
    }
    for (const past of this.#past.splice(0, Math.max(0, this.#past.length - PAST_TIPS))) past.seen.clear();
  }
}
