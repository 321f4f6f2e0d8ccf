import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';

/** The last of the departures that are alike: one address and name, gone for one reason. */
interface Departure {
  readonly name: string;
  readonly remote: string;
  readonly userAgent: string;
  readonly reason: string;
  readonly count: number;
  readonly lastMs: number;
  /** How long it stayed the last time, and what it did then. */
  readonly stayedMs: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** Miners that are gone and why, so that one that comes and goes, or that nobody can serve, can be found. */
export class Departures {
  /** The latest last. */
  readonly #known = new Map<string, Departure>();

  /** @param reason a constant code */
  add({ connection, session, username, sinceMs, tally }: Miner, reason: string, nowMs: number): void {
    const { address: remote } = connection.remote;
    const key = JSON.stringify([remote, username, reason]);
    const count = (this.#known.get(key)?.count ?? 0) + 1;
    const { accepted, refused } = tally;
    const { userAgent } = session;
    this.#known.delete(key);
    this.#known.set(key, {
      ...{ name: username, remote, userAgent, reason, count },
      ...{ lastMs: nowMs, stayedMs: nowMs - sinceMs, accepted, refused },
    });
    if (this.#known.size <= TRANSLATOR_LIMITS.statusDepartures) return;
    for (const oldest of this.#known.keys()) return void this.#known.delete(oldest);
  }

  /** For the status, the latest first. */
  facts(nowMs: number): readonly Readonly<Record<string, unknown>>[] {
    return [...this.#known.values()].reverse().map(({ lastMs, ...facts }) => ({ ...facts, agoMs: nowMs - lastMs }));
  }
}
