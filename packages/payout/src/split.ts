import { addressFromScript } from '@sv2kit/bitcoin';
import { type Dues, Shares } from './dues.ts';
import { type OutputLimits, type OutputSplit, splitOutputs } from './outputs.ts';
import type { PayoutTerms, Weight } from './types.ts';
import { scriptOfAccount } from './user.ts';

/** Who is paid by what rule. */
export interface SplitRule {
  readonly terms: Pick<PayoutTerms, 'feePpm' | 'poolScript' | 'chain'>;
  readonly limits: OutputLimits;
  readonly weights: readonly Weight[];
  /** The script that pays an account; of the address that it is, when absent. */
  readonly scriptOf?: (account: string) => Uint8Array | undefined;
}

/** A coinbase's value shared out: the fee, the donations and all amounts, less what is forgone, are the value. */
export interface CoinbaseSplit extends OutputSplit, Pick<Dues, 'fee' | 'donated'> {}

/**
 * A rule for coinbases of any value: the same rule and value give the same outputs, now and when a block is accounted for.
 */
export class Split {
  readonly #rule: SplitRule;
  readonly #shares: Shares;
  readonly #poolAccount: string | undefined;

  /** @throws RangeError when a weight is negative, or a donation is no percentage */
  constructor(rule: SplitRule) {
    const { poolScript, chain } = rule.terms;
    this.#rule = rule;
    this.#shares = new Shares(rule.weights);
    this.#poolAccount = addressFromScript(poolScript, chain);
  }

  /** @param value satoshis, all of which are paid */
  of(value: bigint): CoinbaseSplit {
    const { terms, limits, scriptOf = (account) => scriptOfAccount(account, terms.chain) } = this.#rule;
    const { entries: dues, fee, donated } = this.#shares.dues(value, terms.feePpm);
    const poolAccount = this.#poolAccount;
    return {
      ...splitOutputs({ dues, scriptOf, value, poolScript: terms.poolScript, poolAccount, limits }),
      fee,
      donated,
    };
  }
}
