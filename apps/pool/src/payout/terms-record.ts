import type { PayoutTerms } from '@sv2kit/payout';
import { POOL_LIMITS } from '../limits.ts';
import type { PayoutsDeps } from './payouts.ts';

/**
 * Terms in the journal: before any block that they govern, and again every day, so that they are still there when the journal's
 * older files have been removed.
 */
export class TermsRecord {
  readonly #terms: PayoutTerms;
  readonly #deps: Pick<PayoutsDeps, 'journal' | 'clock'>;
  #recordedAtMs: number | undefined;

  constructor(terms: PayoutTerms, deps: Pick<PayoutsDeps, 'journal' | 'clock'>) {
    this.#terms = terms;
    this.#deps = deps;
    this.#record();
    deps.journal.onState(({ kind }) => {
      // A journal that takes nothing yet gets them before anything else that it takes.
      if (kind === 'ok' && this.#recordedAtMs === undefined) this.#record();
    });
  }

  /** Time passes. */
  tick(): void {
    const sinceMs = Math.abs(this.#deps.clock.now() - (this.#recordedAtMs ?? 0));
    if (sinceMs >= POOL_LIMITS.termsRecordMs) this.#record();
  }

  #record(): void {
    const { journal, clock } = this.#deps;
    const timeMs = clock.now();
    const position = journal.append({ type: 'PayoutTerms', timeMs, ...this.#terms });
    if (Number.isFinite(position)) this.#recordedAtMs = timeMs;
  }
}
