import { type Payout, payTo } from '@sv2kit/mining';
import { type OutputLimits, outputLimits, type PayoutTerms, Split, type User } from '@sv2kit/payout';
import type { Payouts } from './payouts.ts';

/** The pool's own output, and the finder's. */
const OUTPUTS = 2;

/**
 * Every channel mines for the address that its user_identity names: a block pays the finder, less the pool's fee and what the
 * identity donates. Channels of one connection may have different ones; each gets jobs of its own.
 */
export class SoloPayouts implements Payouts {
  readonly terms: PayoutTerms;
  readonly constraints: Payouts['constraints'];
  readonly #limits: OutputLimits;

  constructor(terms: PayoutTerms) {
    this.terms = terms;
    this.#limits = outputLimits(terms.poolScript, { leastOutput: 0n, mostOutputs: OUTPUTS });
    const { mostBytes, mostSigops } = this.#limits;
    this.constraints = {
      coinbaseOutputMaxAdditionalSize: mostBytes,
      coinbaseOutputMaxAdditionalSigops: mostSigops,
    };
  }

  payoutOf(user: User): Payout | undefined {
    const { terms } = this;
    switch (user.kind) {
      case 'donor':
        return payTo(terms.poolScript, 'pool');
      case 'address': {
        const { account, donation, script } = user;
        const weights = [{ account, donation, work: 1n }];
        const split = new Split({ terms, limits: this.#limits, weights, scriptOf: () => script });
        return { id: `solo:${donation}:${account}`, outputs: (value) => split.of(value).outputs };
      }
      case 'name':
      case 'malformed':
        return undefined;
    }
  }

  tip(): void {}

  tick(): void {}

  status(): Readonly<Record<string, unknown>> {
    return { mode: this.terms.mode, feePercent: this.terms.feePpm / 10_000 };
  }
}
