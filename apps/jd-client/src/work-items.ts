import type { Job } from '@sv2kit/mining';
import { JD_CLIENT_LIMITS } from './limits.ts';
import type { WorkItem } from './work-item.ts';

/** The latest jobs of one declarer, in order. */
export class WorkItems implements Iterable<WorkItem> {
  #items: WorkItem[] = [];

  [Symbol.iterator](): Iterator<WorkItem> {
    return this.#items.values();
  }

  get latest(): WorkItem | undefined {
    return this.#items.at(-1);
  }

  /** Shares that wait for an acknowledgement. */
  get waitingShares(): number {
    return this.#items.reduce((sum, { held }) => sum + held.size, 0);
  }

  /** What the latest job that the pool has acknowledged binds shares to. */
  get acknowledgedTarget(): Uint8Array | undefined {
    const states = this.#items.map(({ declaration }) => declaration.state);
    return states.findLast((state) => state.phase === 'acknowledged')?.target;
  }

  /** Jobs that wait for a token or for transactions, latest first. */
  waiting(): WorkItem[] {
    return this.#items.filter(({ declaration }) => declaration.state.phase === 'waiting').reverse();
  }

  /** @returns what has no room any more */
  add(item: WorkItem): WorkItem[] {
    this.#items.push(item);
    return this.#items.splice(0, Math.max(0, this.#items.length - JD_CLIENT_LIMITS.keptJobs));
  }

  /** The job that a share or block is of. */
  find(job: Job, extranonce: Uint8Array): WorkItem | undefined {
    const covering = this.#items.filter((item) => item.covers(job, extranonce));
    // The same job may be on its way to the pool again.
    return covering.findLast(({ declaration }) => declaration.state.phase === 'acknowledged') ?? covering.at(-1);
  }

  has(job: Job): boolean {
    return this.#items.some((item) => item.isOf(job));
  }
}
