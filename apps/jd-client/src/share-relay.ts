import { difficultyFromTarget, meetsTarget } from '@sv2kit/bitcoin';
import type { AcceptedShare } from '@sv2kit/mining-server';
import type { PoolLink } from './pool-link.ts';
import type { LostShareReason, Totals } from './totals.ts';
import type { WorkItem } from './work-item.ts';

/** Shares of declared jobs on their way to the pool: kept, sent, or counted as lost (§6.3.1, optimistic mining). */
export class ShareRelay {
  readonly #pool: PoolLink;
  readonly #totals: Totals;
  /** Of the channel when it was last seen open. */
  #target: Uint8Array;

  /** @param target the channel's */
  constructor(pool: PoolLink, target: Uint8Array, totals: Totals) {
    this.#pool = pool;
    this.#target = target;
    this.#totals = totals;
  }

  /** The target of jobs that are set from now on. */
  get target(): Uint8Array {
    this.#target = this.#pool.channel?.target ?? this.#target;
    return this.#target;
  }

  /** A share of a job: to the pool, or kept until it may go there. */
  take(item: WorkItem, share: AcceptedShare): void {
    const { state } = item.declaration;
    switch (state.phase) {
      case 'acknowledged':
        return this.#relay(item, share, state.jobId, state.target);
      case 'dropped':
        return this.#lose(share, state.why);
      case 'refused':
        return this.#lose(share, 'refused');
      case 'waiting':
      case 'declaring':
      case 'declared':
      case 'setting':
      case 'contested': {
        const evicted = item.held.add(share, difficultyFromTarget(share.hash));
        if (evicted !== undefined) this.#lose(evicted, 'cache-full');
        return;
      }
      default:
        return state satisfies never;
    }
  }

  /** What was kept for a job goes where its state says now, in order. */
  release(item: WorkItem): void {
    for (const share of item.held.drain()) this.take(item, share);
  }

  #relay(item: WorkItem, share: AcceptedShare, jobId: number, target: Uint8Array): void {
    if (!share.isBlock && !meetsTarget(share.hash, target)) return;
    const { nonce, ntime, version, extranonce, worker, userIdentity } = share;
    const work = difficultyFromTarget(target);
    const rolled = extranonce.subarray(item.prefix.length);
    const sent = this.#pool.submit({ jobId, rolled, nonce, ntime, version, worker: worker ?? userIdentity, work });
    if (!sent) this.#totals.lose('pool-away', work);
    else if (share.isBlock) this.#pool.flush();
  }

  /** A share that the pool would have paid for, and will not. */
  #lose(share: AcceptedShare, reason: LostShareReason): void {
    const { target } = this;
    if (share.isBlock || meetsTarget(share.hash, target)) this.#totals.lose(reason, difficultyFromTarget(target));
  }
}
