import { feesOf, type TemplateSnapshot, type TemplateTransaction, weightOf } from './snapshot.ts';

/** Some transactions together. */
export interface Sum {
  readonly count: number;
  readonly weight: number;
  /** Satoshis; undefined when not all are known. */
  readonly fees: bigint | undefined;
}

/** What one side has and the other has not, the highest fee first; those of unknown fee last. */
export interface Part extends Sum {
  readonly transactions: readonly TemplateTransaction[];
}

export type Verdict = 'same' | 'different' | 'other-tip';

/** My template against another. */
export interface Comparison {
  readonly verdict: Verdict;
  readonly mine: Sum;
  readonly other: Sum;
  readonly both: Sum;
  readonly onlyMine: Part;
  readonly onlyOther: Part;
}

/**
 * Compares by txid. Fees that one side does not say are the other's, or looked up in `fees`; what only the other has is
 * reckoned from its total when that is known.
 */
export function compareTemplates(
  mine: TemplateSnapshot,
  other: TemplateSnapshot,
  fees: ReadonlyMap<string, bigint>,
  total: { readonly mine: bigint | undefined; readonly other: bigint | undefined },
): Comparison {
  const known = new Map(fees);
  for (const { txid, fee } of [...other.transactions, ...mine.transactions]) {
    if (fee !== undefined) known.set(txid, fee);
  }
  const withFee = (list: readonly TemplateTransaction[]): TemplateTransaction[] =>
    list.map((entry) => {
      const fee = known.get(entry.txid);
      return fee === undefined ? entry : { ...entry, fee };
    });
  const inMine = new Set(mine.transactions.map(({ txid }) => txid));
  const inOther = new Set(other.transactions.map(({ txid }) => txid));
  const both = sumOf(withFee(mine.transactions.filter(({ txid }) => inOther.has(txid))));
  const onlyMine = withFee(mine.transactions.filter(({ txid }) => !inOther.has(txid)));
  const onlyOther = withFee(other.transactions.filter(({ txid }) => !inMine.has(txid)));
  const isSame = onlyMine.length === 0 && onlyOther.length === 0;
  return {
    verdict: mine.prevHash !== other.prevHash ? 'other-tip' : isSame ? 'same' : 'different',
    mine: { ...sumOf(mine.transactions), fees: total.mine },
    other: { ...sumOf(other.transactions), fees: total.other },
    both,
    onlyMine: partOf(onlyMine, minus(total.mine, both.fees)),
    onlyOther: partOf(onlyOther, minus(total.other, both.fees)),
  };
}

function sumOf(transactions: readonly TemplateTransaction[]): Sum {
  return { count: transactions.length, weight: weightOf(transactions), fees: feesOf(transactions) };
}

function partOf(transactions: readonly TemplateTransaction[], left: bigint | undefined): Part {
  const sorted = transactions.toSorted((a, b) => Number((b.fee ?? -1n) - (a.fee ?? -1n)));
  const sum = sumOf(sorted);
  return { ...sum, fees: sum.fees ?? left, transactions: sorted };
}

function minus(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}
