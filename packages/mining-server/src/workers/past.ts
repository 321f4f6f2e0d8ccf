import type { ServerContext } from '../context.ts';
import type { PastTotals } from './share-totals.ts';
import type { WorkerPast } from './worker.ts';

/** What earlier runs did, on its way from the ledger into the figures of this one. */
export class Past {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /**
   * What a worker did in earlier runs, which its figures go on from.
   * @param identity the user_identity of its channel. @param named what its shares said (extension 0x0002), or nothing
   * @returns false when there is no room for more workers
   */
  recall(identity: string, named: string, past: WorkerPast): boolean {
    const { workers, totals, deps } = this.#context;
    const nowMs = deps.clock.now();
    const minutes = [...past.minutes];
    totals.recallWork(minutes, past.firstSeenAtMs, nowMs);
    return workers.recall(identity, named, { ...past, minutes }, nowMs);
  }

  /** There is nothing more to recall. @param totals of earlier runs; undefined when they are not known */
  recalled(totals?: PastTotals): void {
    this.#context.totals.recalled(totals);
  }
}
