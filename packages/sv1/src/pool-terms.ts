import type { Subscription } from './answers.ts';
import type { PoolJob } from './client-events.ts';
import type { Notify } from './work.ts';

/** What a pool has set for the jobs to come. */
export class PoolTerms {
  difficulty = 1;
  versionMask = 0;
  extranonce: Omit<Subscription, 'session'> | undefined;
  /** The latest job that came before the subscription's answer; some pools are so quick. */
  #early: Notify | undefined;

  /** @returns the job with the terms of now, or undefined when it has to wait for an extranonce */
  pin(notify: Notify): PoolJob | undefined {
    const { difficulty, versionMask, extranonce } = this;
    if (extranonce === undefined) {
      this.#early = notify;
      return undefined;
    }
    const { extranonce1, extranonce2Size } = extranonce;
    return { notify, extranonce1, extranonce2Size, difficulty, versionMask };
  }

  /** The job that had to wait, once. */
  takeEarly(): PoolJob | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early === undefined ? undefined : this.pin(early);
  }
}
