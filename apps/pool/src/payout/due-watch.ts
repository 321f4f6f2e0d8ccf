import type { Clock } from '@sv2kit/daemon';
import type { Ledger } from '@sv2kit/ledger';
import type { Events } from '@sv2kit/monitor';
import type { Logger } from '@sv2kit/net';
import { POOL_LIMITS } from '../limits.ts';

export interface DueWatchDeps {
  readonly ledger: Pick<Ledger, 'query' | 'state'>;
  readonly events: Pick<Events, 'emit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells, once for each block, that what it owes beside its coinbase is due; blocks that were due before this start are old news. */
export class DueWatch {
  readonly #deps: DueWatchDeps;
  readonly #sinceMs: number;
  readonly #told = new Set<string>();
  #lookedAtMs: number;
  #looking = false;

  constructor(deps: DueWatchDeps) {
    this.#deps = deps;
    this.#sinceMs = deps.clock.now();
    this.#lookedAtMs = this.#sinceMs;
  }

  /** Time passes. */
  tick(): void {
    const { clock, ledger } = this.#deps;
    const sinceMs = Math.abs(clock.now() - this.#lookedAtMs);
    if (this.#looking || sinceMs < POOL_LIMITS.dueLookMs || ledger.state.kind !== 'ok') return;
    this.#lookedAtMs = clock.now();
    this.#looking = true;
    void this.#look().finally(() => {
      this.#looking = false;
    });
  }

  async #look(): Promise<void> {
    const { ledger, events, log } = this.#deps;
    try {
      const { items } = await ledger.query('blockPayouts', { offset: 0, limit: POOL_LIMITS.dueBlocks });
      for (const { block, height, state, sinceMs, owed, owedAccounts } of items.toReversed()) {
        if (state !== 'due' || owed === 0n || sinceMs < this.#sinceMs || this.#told.has(block)) continue;
        this.#told.add(block);
        const of = height === undefined ? {} : { height };
        log.info('payouts are due', { hash: block, ...of, satoshis: Number(owed), accounts: owedAccounts });
        events.emit({ type: 'payouts-due', hash: block, ...of, amount: Number(owed), accounts: owedAccounts });
      }
    } catch (error) {
      log.debug('what is due could not be looked up', { error });
    }
  }
}
