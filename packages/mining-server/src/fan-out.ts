import { setImmediate } from 'node:timers/promises';
import type { ServerContext } from './context.ts';

/**
 * Brings all connections to the board's latest state: those that share frames first, then the ones whose channels need
 * a merkle root each. After every few hundred connections the event loop gets a turn, so that shares are not starved.
 */
export class FanOut {
  readonly #context: ServerContext;
  #dueSince: number | undefined;
  #running: Promise<void> | undefined;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** The board has changed. What changes in the same turn goes out together. */
  request(): void {
    this.#dueSince ??= this.#context.ticks();
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (let since = this.#dueSince; since !== undefined; since = this.#dueSince) {
        this.#dueSince = undefined;
        await this.#round(since);
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #round(since: number): Promise<void> {
    const { ticks, deps, downstreams, limits } = this.#context;
    const all = [...downstreams];
    const first = ticks();
    let served = 0;
    for (const standardJobs of [false, true]) {
      for (const downstream of all) {
        if (downstream.standardJobs !== standardJobs) continue;
        try {
          downstream.advance();
          downstream.connection.flush();
        } catch (error) {
          deps.log.error('a connection could not be given its work', { connection: downstream.connection.id, error });
          downstream.connection.destroy('internal-error');
        }
        served += 1;
        if (served % limits.fanOutSlice === 0) await setImmediate();
      }
    }
    if (served === 0) return;
    const last = ticks();
    deps.metrics.fanOut.record(last - first);
    deps.metrics.workToLast.record(last - since);
  }
}
