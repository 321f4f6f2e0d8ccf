import type { Logger } from '@sv2kit/daemon';
import type { CheckRequest, CheckResult } from '@sv2kit/declaration';
import type { NodeBench } from './node-bench.ts';

export interface CheckDeskDeps {
  readonly bench: Pick<NodeBench, 'check'>;
  readonly log: Logger;
  /** Every check is answered once, unless it is cancelled. */
  readonly onResult: (check: number, result: CheckResult) => void;
}

interface Waiting {
  readonly check: number;
  readonly job: CheckRequest;
}

/**
 * Takes declared jobs to the nodes: of each client one at a time, so that the nodes' own queue has room for every client,
 * whatever one of them sends.
 */
export class CheckDesk {
  readonly #deps: CheckDeskDeps;
  /** What waits, of each client that has a job at the nodes. */
  readonly #lanes = new Map<number, Waiting[]>();
  readonly #running = new Map<number, AbortController>();

  constructor(deps: CheckDeskDeps) {
    this.#deps = deps;
  }

  /** Declared jobs that a node is looking at, or is to. */
  get size(): number {
    return this.#running.size;
  }

  check(peer: number, check: number, job: CheckRequest): void {
    const waiting = this.#lanes.get(peer);
    if (waiting !== undefined) {
      waiting.push({ check, job });
      return;
    }
    this.#lanes.set(peer, []);
    void this.#run(peer, check, job);
  }

  cancel(check: number): void {
    this.#running.get(check)?.abort();
    for (const waiting of this.#lanes.values()) {
      const at = waiting.findIndex((each) => each.check === check);
      if (at !== -1) waiting.splice(at, 1);
    }
  }

  close(): void {
    for (const waiting of this.#lanes.values()) waiting.length = 0;
    for (const controller of this.#running.values()) controller.abort();
  }

  async #run(peer: number, check: number, job: CheckRequest): Promise<void> {
    const controller = new AbortController();
    this.#running.set(check, controller);
    const result = await this.#ask(peer, job, controller.signal);
    this.#running.delete(check);
    this.#next(peer);
    if (result !== undefined) this.#deps.onResult(check, result);
  }

  /** @returns undefined when it was cancelled */
  async #ask(peer: number, job: CheckRequest, signal: AbortSignal): Promise<CheckResult | undefined> {
    try {
      return await this.#deps.bench.check({ ...job, lane: String(peer) }, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#deps.log.error('a declared job could not be checked', { client: peer, error });
      return { kind: 'failed' };
    }
  }

  #next(peer: number): void {
    const next = this.#lanes.get(peer)?.shift();
    if (next === undefined) this.#lanes.delete(peer);
    else void this.#run(peer, next.check, next.job);
  }
}
