import type { ServerContext } from './context.ts';

/**
 * Whether the ledger has taken nothing for so long that no work is worth doing here: miners are better off elsewhere, and
 * do not notice by themselves. A short hiccup is none. Time is counted in looks, so that no step of a clock, and no
 * process that was stopped, makes an outage.
 */
export class LedgerOutage {
  readonly #context: ServerContext;
  readonly #lookMs: number;
  /** For which it has taken nothing. */
  #idleMs = 0;
  #lasts = false;

  /** @param lookMs how often {@link LedgerOutage.look} is called */
  constructor(context: ServerContext, lookMs: number) {
    this.#context = context;
    this.#lookMs = lookMs;
    const { journal } = context.deps;
    journal.onWatermark(() => this.#onProgress());
    journal.onState(({ kind }) => {
      if (kind === 'ok') this.#onProgress();
    });
  }

  /** Whether it lasts: nobody is served. */
  get lasts(): boolean {
    return this.#lasts;
  }

  /** Time passes. @returns whether an outage has begun */
  look(): boolean {
    const { deps, acknowledger, limits } = this.#context;
    const { journal, log } = deps;
    if (this.#lasts) return false;
    const isIdle = journal.state.kind !== 'ok' || acknowledger.lastPosition > journal.watermark;
    this.#idleMs = isIdle ? this.#idleMs + this.#lookMs : 0;
    if (this.#idleMs < limits.ledgerOutageMs) return false;
    this.#lasts = true;
    log.error('the ledger has taken nothing for too long: miners are sent away', { seconds: this.#idleMs / 1000 });
    return true;
  }

  /** What is written shows that it works, also while shares are refused as too much of it waits. */
  #onProgress(): void {
    const { journal, log } = this.#context.deps;
    if (journal.state.kind === 'failed') return;
    this.#idleMs = 0;
    if (!this.#lasts || journal.state.kind !== 'ok') return;
    this.#lasts = false;
    log.info('the ledger takes records again: miners are served');
  }
}
