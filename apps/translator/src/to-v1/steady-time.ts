import type { Clock } from '@sv2kit/net';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';

/** Milliseconds that have passed here: patience with a pool must not end because the clock was set. */
export class SteadyTime {
  readonly #clock: Pick<Clock, 'now'>;
  #lastMs: number;
  #passedMs = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#lastMs = clock.now();
  }

  /** To be asked at every tick, for the sake of the next that asks. */
  now(): number {
    const nowMs = this.#clock.now();
    this.#passedMs += Math.min(TRANSLATOR_TO_V1_LIMITS.longestStepMs, Math.max(0, nowMs - this.#lastMs));
    this.#lastMs = nowMs;
    return this.#passedMs;
  }
}
