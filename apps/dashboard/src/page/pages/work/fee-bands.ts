import type { TransactionView } from '@sv2kit/monitor';
import { feeRate, weightOf } from './transactions.ts';

/** Transactions that pay about the same for their weight. */
export interface Band {
  /** Satoshis per virtual byte: from here on. */
  readonly from: number;
  /** Up to here, itself excluded; Infinity in the last band. */
  readonly below: number;
  readonly count: number;
  /** Weight units. */
  readonly weight: number;
}

/** Where bands begin, in satoshis per virtual byte: finer where most transactions are. */
export const BAND_EDGES = [0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500] as const;

/** The weight in each band of fee rates; every band is there, be it empty. What has no fee rate is in none. */
export function feeBands(transactions: readonly TransactionView[]): readonly Band[] {
  const counts = BAND_EDGES.map(() => 0);
  const weights = BAND_EDGES.map(() => 0);
  for (const transaction of transactions) {
    const rate = feeRate(transaction);
    if (rate === undefined) continue;
    const at = bandAt(rate);
    counts[at] = (counts[at] ?? 0) + 1;
    weights[at] = (weights[at] ?? 0) + (weightOf(transaction) ?? 0);
  }
  return BAND_EDGES.map((from, at) => ({
    from,
    below: BAND_EDGES[at + 1] ?? Number.POSITIVE_INFINITY,
    count: counts[at] ?? 0,
    weight: weights[at] ?? 0,
  }));
}

/** Which band a fee rate belongs to. */
export function bandAt(rate: number): number {
  let at = 0;
  while (at + 1 < BAND_EDGES.length && rate >= (BAND_EDGES[at + 1] ?? Number.POSITIVE_INFINITY)) at += 1;
  return at;
}

/** A band in words. */
export function bandWords({ from, below }: Pick<Band, 'from' | 'below'>): string {
  return below === Number.POSITIVE_INFINITY ? `${from} sat/vB and more` : `${from} to ${below} sat/vB`;
}
