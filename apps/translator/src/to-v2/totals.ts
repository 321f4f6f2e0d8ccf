import { WorkMeter, WorkMinutes } from '@sv2kit/mining';
import type { Worker } from '@sv2kit/mining-server';
import type { Events } from '@sv2kit/monitor';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { TranslatorMetrics } from './metrics.ts';

/** What cannot be credited any more, by why. */
export const LOST_SHARE_REASONS = {
  'no-upstream': 'No upstream was there when the share came.',
  unanswered: 'The upstream had not answered the share when its channel ended.',
} as const;
export type LostShareReason = keyof typeof LOST_SHARE_REASONS;

/** Shares that are refused before they are judged, by why. */
export const UNREAD_SHARE_REASONS = {
  'not-authorised': 'The miner has not subscribed, or was not authorised by that name. Error 24 or 25.',
  malformed: 'A parameter of mining.submit is missing, or of the wrong kind. Error 20.',
} as const;
export type UnreadShareReason = keyof typeof UNREAD_SHARE_REASONS;

/** Counts by name: names that are peers' words are bounded in number. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  constructor(most: number = TRANSLATOR_LIMITS.codes) {
    this.#most = most;
  }

  add(name: string, n = 1): void {
    const known = this.#counts.has(name) || this.#counts.size < this.#most ? name : 'other';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + n);
  }

  get sum(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  facts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** A block that a miner found. */
export interface FoundHere {
  /** As people write it. */
  readonly hash: string;
  readonly username: string;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** What became of all shares since the start. */
export class Totals {
  readonly #metrics: TranslatorMetrics;
  readonly #events: Pick<Events, 'emit'>;
  readonly refused = new Tally();
  readonly rejected = new Tally();
  readonly lost = new Tally();
  accepted = 0;
  /** Blocks found, the latest last. */
  readonly latestBlocks: FoundHere[] = [];
  blocks = 0;
  /** Sum of difficulties of accepted shares. */
  work = 0;
  bestDifficulty = 0;
  readonly meter: WorkMeter;
  readonly minutes: WorkMinutes;
  readonly sinceMs: number;
  /** Sent upstream, and what upstreams have acknowledged of it. */
  forwarded = 0;
  acknowledged = 0;
  /** Sum of the difficulties that the acknowledged ones were sent for. */
  creditedWork = 0;

  constructor(metrics: TranslatorMetrics, events: Pick<Events, 'emit'>, nowMs: number) {
    this.#metrics = metrics;
    this.#events = events;
    this.sinceMs = nowMs;
    this.meter = new WorkMeter(nowMs);
    this.minutes = new WorkMinutes(nowMs);
  }

  /** @param best the difficulty that the hash shows */
  accept({ user, worker }: Pick<Worker, 'user' | 'worker'>, work: number, best: number, nowMs: number): void {
    this.accepted += 1;
    this.work += work;
    this.meter.add(work, nowMs);
    this.minutes.accept(work, nowMs);
    if (best > this.bestDifficulty) {
      this.bestDifficulty = best;
      this.#events.emit({ type: 'best-share', user, worker, difficulty: best });
    }
    this.#metrics.shares.inc({ outcome: 'accepted' });
  }

  block(found: FoundHere): void {
    this.blocks += 1;
    this.latestBlocks.push(found);
    if (this.latestBlocks.length > TRANSLATOR_LIMITS.blocks) this.latestBlocks.shift();
    this.#metrics.blocks.inc();
  }

  refuse(reason: string, nowMs: number): void {
    this.minutes.reject(nowMs);
    this.refused.add(reason);
    this.#metrics.shares.inc({ outcome: reason });
  }

  forward(): void {
    this.forwarded += 1;
    this.#metrics.upstreamShares.inc({ outcome: 'forwarded' });
  }

  acknowledge(count: number, work: number): void {
    this.acknowledged += count;
    this.creditedWork += work;
    this.#metrics.upstreamShares.inc({ outcome: 'accepted' }, count);
  }

  /** @param code an upstream's word: not a label */
  reject(code: string): void {
    this.rejected.add(code);
    this.#metrics.upstreamShares.inc({ outcome: 'rejected' });
  }

  lose(reason: LostShareReason, count: number): void {
    if (count <= 0) return;
    this.lost.add(reason, count);
    this.#metrics.upstreamShares.inc({ outcome: 'lost' }, count);
  }
}
