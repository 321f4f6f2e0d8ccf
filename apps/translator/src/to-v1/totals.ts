import type { PoolRefusal } from '@sv2kit/translation';
import type { LostPoolShare, PoolFailureReason } from './failures.ts';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';
import type { TranslatorToV1Metrics } from './metrics.ts';

/** Shares, and the sum of their difficulties. */
export interface Tally {
  count: number;
  work: number;
}

/** One user of the V1 side: what the pool made of what went to it under that name. */
export interface UserTally {
  readonly relayed: Tally;
  readonly accepted: Tally;
  readonly refused: Map<PoolRefusal, number>;
}

const OTHERS = '(others)';

/** What became of shares for pools, and of pools; everything since the start. */
export class Totals {
  readonly #metrics: TranslatorToV1Metrics;
  readonly relayed = tally();
  readonly accepted = tally();
  readonly refused = new Map<PoolRefusal, Tally>();
  readonly lost = new Map<LostPoolShare, Tally>();
  readonly failures = new Map<PoolFailureReason, number>();
  readonly users = new Map<string, UserTally>();
  /** Shares that no pool asked for: good for their channel, easier than the pool's. */
  withheld = 0;
  jobs = 0;
  suspensions = 0;

  constructor(metrics: TranslatorToV1Metrics) {
    this.#metrics = metrics;
  }

  withhold(): void {
    this.withheld += 1;
    this.#metrics.poolShares.inc({ outcome: 'withheld' });
  }

  relay(user: string, work: number): void {
    add(this.relayed, work);
    add(this.#user(user).relayed, work);
    this.#metrics.poolShares.inc({ outcome: 'relayed' });
  }

  accept(user: string, work: number): void {
    add(this.accepted, work);
    add(this.#user(user).accepted, work);
    this.#metrics.poolShares.inc({ outcome: 'accepted' });
    this.#metrics.poolWork.inc({}, work);
  }

  refuse(user: string, refusal: PoolRefusal, work: number): void {
    add(entry(this.refused, refusal), work);
    const { refused } = this.#user(user);
    refused.set(refusal, (refused.get(refusal) ?? 0) + 1);
    this.#metrics.poolShares.inc({ outcome: `refused-${refusal}` });
  }

  lose(reason: LostPoolShare, work: number): void {
    add(entry(this.lost, reason), work);
    this.#metrics.poolShares.inc({ outcome: `lost-${reason}` });
  }

  fail(reason: PoolFailureReason): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
    this.#metrics.failures.inc({ reason });
  }

  job(kind: 'tip' | 'clean' | 'update' | 'unusable'): void {
    if (kind !== 'unusable') this.jobs += 1;
    this.#metrics.jobs.inc({ kind });
  }

  suspend(): void {
    this.suspensions += 1;
  }

  /** Devices may invent names. */
  #user(name: string): UserTally {
    const key = this.users.has(name) || this.users.size < TRANSLATOR_TO_V1_LIMITS.users ? name : OTHERS;
    let user = this.users.get(key);
    if (user === undefined) {
      user = { relayed: tally(), accepted: tally(), refused: new Map() };
      this.users.set(key, user);
    }
    return user;
  }
}

function tally(): Tally {
  return { count: 0, work: 0 };
}

function entry<K>(tallies: Map<K, Tally>, key: K): Tally {
  let found = tallies.get(key);
  if (found === undefined) {
    found = tally();
    tallies.set(key, found);
  }
  return found;
}

function add(to: Tally, work: number): void {
  to.count += 1;
  to.work += work;
}
