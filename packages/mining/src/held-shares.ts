import type { ChannelLimits } from './limits.ts';
import { rejected, type SettledShare, type Share } from './share.ts';

interface Held {
  readonly share: Share;
  readonly receivedAtMs: number;
}

/** Shares on a tip that the miner knows and the server does not yet (§5.3.14): a few, for seconds. */
export class HeldShares {
  readonly #limits: ChannelLimits;
  #shares: Held[] = [];

  constructor(limits: ChannelLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#shares.length;
  }

  /** @returns false when no more can be held */
  add(share: Share, nowMs: number): boolean {
    if (this.#shares.length >= this.#limits.heldShares) return false;
    this.#shares.push({ share: ownBytes(share), receivedAtMs: nowMs });
    return true;
  }

  /** Takes all of them out. */
  drain(judge: (share: Share) => SettledShare['outcome']): SettledShare[] {
    if (this.#shares.length === 0) return [];
    const shares = this.#shares;
    this.#shares = [];
    return shares.map(({ share, receivedAtMs }) => ({ share, receivedAtMs, outcome: judge(share) }));
  }

  /** Takes out those that have waited long enough. */
  expire(nowMs: number): SettledShare[] {
    const due = this.#shares.findIndex((held) => nowMs - held.receivedAtMs < this.#limits.heldMs);
    const count = due === -1 ? this.#shares.length : due;
    return this.#shares
      .splice(0, count)
      .map(({ share, receivedAtMs }) => ({ share, receivedAtMs, outcome: rejected('job-not-active') }));
  }
}

/** A decoded message's byte fields are views onto a buffer that will be reused. */
function ownBytes(share: Share): Share {
  if (share.type === 'SubmitSharesStandard') return share;
  const { userIdentity } = share;
  return {
    ...share,
    extranonce: share.extranonce.slice(),
    ...(userIdentity === undefined ? {} : { userIdentity: userIdentity.slice() }),
  };
}
