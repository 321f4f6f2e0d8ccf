import type { DropReason, FallbackReason } from '@sv2kit/declaration';
import type { JdClientMetrics } from './metrics.ts';
import { JD_CLIENT_LIMITS } from './limits.ts';

/** Why shares can never be credited by a pool. */
export const LOST_SHARE_REASONS = {
  'tip-moved': 'Their job was not acknowledged before its tip was gone.',
  superseded: 'Their job never got a token: a later template had it.',
  'no-transactions': 'The transactions of their template did not come, so that it could not be declared.',
  abandoned: 'Their pool was left, or jobs were made in another way, before their job was acknowledged.',
  refused: 'Their job was refused while its tip stood.',
  'cache-full': 'Too many shares waited for the acknowledgement, and these were the easiest.',
  'pool-away': 'The connection to their pool ended before they could be sent.',
  unanswered: 'The connection to their pool ended before it had answered them.',
} as const;
export type LostShareReason = keyof typeof LOST_SHARE_REASONS;

interface Tally {
  count: number;
  /** Sum of difficulties. */
  work: number;
}

/** What became of shares for pools, and of jobs; everything since the start. */
export class Totals {
  readonly #metrics: JdClientMetrics;
  readonly relayed: Tally = { count: 0, work: 0 };
  readonly credited: Tally = { count: 0, work: 0 };
  readonly rejected = new Map<string, number>();
  readonly lost = new Map<LostShareReason, Tally>();
  readonly declarations = { declared: 0, acknowledged: 0, provided: 0 };
  readonly dropped = new Map<DropReason, number>();
  readonly refused = new Map<string, number>();
  readonly fallbacks = new Map<FallbackReason, number>();

  constructor(metrics: JdClientMetrics) {
    this.#metrics = metrics;
  }

  relay(work: number): void {
    add(this.relayed, 1, work);
    this.#metrics.shares.inc({ outcome: 'relayed' });
  }

  credit(count: number, work: number): void {
    add(this.credited, count, work);
    this.#metrics.shares.inc({ outcome: 'credited' }, count);
  }

  reject(code: string): void {
    count(this.rejected, code);
    this.#metrics.shares.inc({ outcome: 'rejected' });
  }

  lose(reason: LostShareReason, work: number): void {
    const tally = this.lost.get(reason) ?? { count: 0, work: 0 };
    this.lost.set(reason, tally);
    add(tally, 1, work);
    this.#metrics.shares.inc({ outcome: `lost-${reason}` });
  }

  declare(): void {
    this.declarations.declared += 1;
    this.#metrics.jobs.inc({ event: 'declared' });
  }

  acknowledge(): void {
    this.declarations.acknowledged += 1;
    this.#metrics.jobs.inc({ event: 'acknowledged' });
  }

  provide(transactions: number): void {
    this.declarations.provided += transactions;
  }

  drop(why: DropReason): void {
    this.dropped.set(why, (this.dropped.get(why) ?? 0) + 1);
    this.#metrics.jobs.inc({ event: `dropped-${why}` });
  }

  refuse(by: 'jds' | 'pool', code: string): void {
    count(this.refused, `${by}: ${code}`);
    this.#metrics.jobs.inc({ event: `refused-${by}` });
  }

  fallBack(reason: FallbackReason): void {
    this.fallbacks.set(reason, (this.fallbacks.get(reason) ?? 0) + 1);
    this.#metrics.fallbacks.inc({ reason });
  }
}

function add(tally: Tally, shares: number, work: number): void {
  tally.count += shares;
  tally.work += work;
}

/** Peers may invent codes. */
function count(counts: Map<string, number>, code: string): void {
  const name = counts.has(code) || counts.size < JD_CLIENT_LIMITS.codes ? code : 'other';
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
