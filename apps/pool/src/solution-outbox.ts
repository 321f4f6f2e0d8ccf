import type { SubmitSolution } from '@sv2kit/codec';
import type { Solution, WorkTemplate } from '@sv2kit/mining';
import type { Clock } from '@sv2kit/net';
import type { Endpoint } from '@sv2kit/upstream';
import { POOL_LIMITS } from './limits.ts';
import type { Provider } from './provider.ts';

/** A solution whose template provider is away. */
interface Waiting {
  readonly endpoint: Endpoint;
  readonly message: SubmitSolution;
  readonly sinceMs: number;
}

/** Solutions on their way to the provider that made their template: nobody else knows its transactions. */
export class SolutionOutbox {
  readonly #clock: Clock;
  readonly #makers = new WeakMap<WorkTemplate, Provider>();
  #waiting: Waiting[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Who made a template. */
  note(template: WorkTemplate, maker: Provider): void {
    this.#makers.set(template, maker);
  }

  /** SubmitSolution at once, or when its provider is back (§7.7). @returns whether it is on its way */
  submit({ job, templateId, version, ntime, nonce, coinbase }: Solution): boolean {
    const maker = this.#makers.get(job.template);
    if (maker === undefined) return false;
    const header = { version, headerTimestamp: ntime, headerNonce: nonce };
    const message: SubmitSolution = { type: 'SubmitSolution', templateId, ...header, coinbaseTx: coinbase };
    if (maker.open) {
      maker.submit(message);
      return true;
    }
    const waiting: Waiting = { endpoint: maker.endpoint, message, sinceMs: this.#clock.now() };
    this.#waiting = [...this.#waiting, waiting].slice(-POOL_LIMITS.waitingSolutions);
    return false;
  }

  /** A provider is there (again): it gets what waits for it. */
  deliver(provider: Provider): void {
    const nowMs = this.#clock.now();
    const due = this.#waiting.filter(({ endpoint }) => endpoint === provider.endpoint);
    this.#waiting = this.#waiting.filter(({ endpoint }) => endpoint !== provider.endpoint);
    for (const { message, sinceMs } of due) {
      if (nowMs - sinceMs < POOL_LIMITS.waitingSolutionMs) provider.submit(message);
    }
  }
}
