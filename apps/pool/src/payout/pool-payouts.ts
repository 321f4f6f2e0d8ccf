import { type Payout, payTo } from '@sv2kit/mining';
import type { PayoutTerms, User } from '@sv2kit/payout';
import { constraintsForOutputs } from '@sv2kit/templates';
import type { Payouts } from './payouts.ts';

/** Everything to the configured script, whoever the user is; what is due for it is owed. */
export class PoolPayouts implements Payouts {
  readonly terms: PayoutTerms;
  readonly constraints: Payouts['constraints'];
  readonly #payout: Payout;

  constructor(terms: PayoutTerms) {
    this.terms = terms;
    this.#payout = payTo(terms.poolScript, 'pool');
    this.constraints = constraintsForOutputs(this.#payout.outputs(0xffff_ffff_ffff_ffffn));
  }

  /** A pool that keeps everything has no use for identities. */
  payoutOf({ kind }: User): Payout | undefined {
    return kind === 'malformed' && this.terms.mode !== 'pool' ? undefined : this.#payout;
  }

  tip(): void {}

  tick(): void {}

  status(): Readonly<Record<string, unknown>> {
    const { mode, feePpm, window } = this.terms;
    return mode === 'pool' ? { mode } : { mode, feePercent: feePpm / 10_000, window };
  }
}
