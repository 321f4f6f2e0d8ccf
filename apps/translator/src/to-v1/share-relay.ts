import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import { ShareCache } from '@sv2kit/declaration';
import type { AcceptedShare, FoundBlock } from '@sv2kit/mining-server';
import type { Logger } from '@sv2kit/net';
import type { BlockWay, Taken } from '@sv2kit/template-source';
import type { LostPoolShare } from './failures.ts';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';
import type { PoolLink } from './pool-link.ts';
import type { GoodShare } from './sent-share.ts';
import type { Totals } from './totals.ts';
import type { GivenWork, WorkDesk } from './work-desk.ts';

/** The way of blocks to the pool, as logs, records and the status name it. */
export const V1_POOL = 'v1-pool';

interface Held {
  readonly given: GivenWork;
  readonly share: GoodShare;
}

/** Shares of devices on their way to the pool: sent, held while it is away, or counted as lost. */
export class ShareRelay implements BlockWay {
  readonly name = V1_POOL;
  readonly #desk: WorkDesk;
  readonly #totals: Totals;
  readonly #log: Logger;
  readonly #held = new ShareCache<Held>(TRANSLATOR_TO_V1_LIMITS.heldShares);
  #link: PoolLink | undefined;

  constructor(desk: WorkDesk, totals: Totals, log: Logger) {
    this.#desk = desk;
    this.#totals = totals;
    this.#log = log;
  }

  /** Shares that wait for the pool. */
  get held(): number {
    return this.#held.size;
  }

  /** A share that was accepted here. A block has gone already: see {@link ShareRelay.take}. */
  share(share: AcceptedShare): void {
    if (share.isBlock) return;
    const given = this.#desk.find(share.job);
    if (given === undefined) throw new Error(`job ${share.job.id} is no pool's`);
    const { extranonce, version, ntime, nonce, hash, worker, userIdentity } = share;
    const wanted = (this.#link ?? given.link).wants(given.work, share);
    if (!wanted) return this.#totals.withhold();
    const identity = fromUtf8(worker ?? userIdentity);
    this.#send({ given, share: { extranonce, version, ntime, nonce, hash, isBlock: false, identity } });
  }

  /** A block goes out at once, before it is recorded or answered. */
  take({ solution, worker, userIdentity }: FoundBlock): Taken {
    const given = this.#desk.find(solution.job);
    if (given === undefined) return 'not-for-it';
    const { extranonce, version, ntime, nonce, hash } = solution;
    const identity = fromUtf8(worker ?? userIdentity);
    const share = { extranonce, version, ntime, nonce, hash, isBlock: true, identity };
    return this.#send({ given, share });
  }

  /** A pool's first job has come: what waited for it goes there, if it knows the extranonce. */
  use(link: PoolLink): void {
    this.#link = link;
    for (const held of this.#held.drain()) this.#send(held, true);
  }

  /** The pool is away. */
  leave(link: PoolLink): void {
    if (this.#link === link) this.#link = undefined;
  }

  /** The pool has been away for too long for anything to be of use to it. */
  drop(): void {
    for (const held of this.#held.drain()) this.#lose(held, 'pool-away');
  }

  /** No other pool can make a block: it waits for its own, which may come back in time. */
  #send(held: Held, late = false): 'sent' | 'waits' | 'lost' {
    const { given, share } = held;
    const link = this.#link;
    if (link?.continues(given) === true) {
      const problem = link.submit(given.work, share, late);
      if (problem === undefined) return 'sent';
      if (problem !== 'pool-away') return this.#lose(held, problem);
    } else if (link !== undefined && !share.isBlock) return this.#lose(held, 'pool-away');
    return this.#hold(held);
  }

  #hold(held: Held): 'waits' | 'lost' {
    const { hash, isBlock } = held.share;
    const evicted = this.#held.add(held, isBlock ? Number.POSITIVE_INFINITY : difficultyFromTarget(hash));
    if (evicted !== undefined) this.#lose(evicted, 'cache-full');
    return evicted === held ? 'lost' : 'waits';
  }

  #lose({ given, share }: Held, reason: LostPoolShare): 'lost' {
    this.#totals.lose(reason, given.work.poolJob.difficulty);
    if (share.isBlock) this.#log.error('a block could not be handed to its pool', { pool: given.link.name, reason });
    return 'lost';
  }
}
