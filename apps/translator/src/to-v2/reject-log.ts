import type { Logger } from '@sv2kit/net';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Tally } from './totals.ts';

/** Tells the log of shares that the upstream rejects: one line for many. */
export class RejectLog {
  readonly #rejected: Tally;
  readonly #log: Logger;
  #told = 0;
  #toldMs = 0;

  constructor(rejected: Tally, log: Logger) {
    this.#rejected = rejected;
    this.#log = log;
  }

  tick(nowMs: number): void {
    const { sum } = this.#rejected;
    if (sum === this.#told || nowMs - this.#toldMs < TRANSLATOR_LIMITS.rejectsMs) return;
    const fields = { shares: sum - this.#told, since: this.#rejected.facts() };
    this.#told = sum;
    this.#toldMs = nowMs;
    this.#log.warn('the upstream rejects shares', fields);
  }
}
