import type { TransactionView } from '@sv2kit/monitor';

/** What a list of transactions can be sorted by. `order` is that of the block. */
export const SORTS = ['order', 'feerate', 'fee', 'weight'] as const;
export type Sort = (typeof SORTS)[number];

/** Weight units that are told, or as many as the size would be at most. */
export function weightOf({ weight, size }: TransactionView): number | undefined {
  return weight ?? (size === undefined ? undefined : size * 4);
}

/** Satoshis per virtual byte; undefined where fee or weight are not told. */
export function feeRate(transaction: TransactionView): number | undefined {
  const weight = weightOf(transaction);
  if (transaction.fee === undefined || weight === undefined || weight === 0) return undefined;
  return (transaction.fee * 4) / weight;
}

/** One row of a list, with its place in the block. */
export interface Row {
  readonly place: number;
  readonly transaction: TransactionView;
}

export interface Choice {
  readonly search: string;
  readonly sort: Sort;
}

/** Those whose txid or wtxid holds what is searched, sorted: the largest first, what is not known last. */
export function chooseRows(transactions: readonly TransactionView[], { search, sort }: Choice): readonly Row[] {
  const wanted = search.trim().toLowerCase();
  const rows = transactions
    .map((transaction, index): Row => ({ place: index + 1, transaction }))
    .filter(({ transaction: { txid, wtxid } }) => txid.includes(wanted) || (wtxid?.includes(wanted) ?? false));
  if (sort === 'order') return rows;
  const value = ({ transaction }: Row): number => valueOf(transaction, sort) ?? -1;
  return rows.sort((a, b) => value(b) - value(a) || a.place - b.place);
}

function valueOf(transaction: TransactionView, sort: Exclude<Sort, 'order'>): number | undefined {
  switch (sort) {
    case 'feerate':
      return feeRate(transaction);
    case 'fee':
      return transaction.fee;
    case 'weight':
      return weightOf(transaction);
    default:
      return sort satisfies never;
  }
}

/** A page of rows, and where it stands. A page beyond the end is the last one. */
export function pageOf<T>(rows: readonly T[], page: number, size: number): Paged<T> {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const at = Math.min(Math.max(0, page), pages - 1);
  return { rows: rows.slice(at * size, (at + 1) * size), page: at, pages };
}
export interface Paged<T> {
  readonly rows: readonly T[];
  readonly page: number;
  readonly pages: number;
}
