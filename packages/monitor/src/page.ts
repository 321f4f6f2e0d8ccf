import type { Page } from './schemas/page.ts';

/** Rows that one answer holds at most. */
export const PAGE_LIMIT = 1000;
/** Rows that an answer holds when nothing else is asked for. */
export const PAGE_DEFAULT = 100;
/** Points that a history is answered with at most. */
export const HISTORY_POINTS = 500;
/** Transactions of one template or job that are told at most. */
export const TRANSACTIONS_LIMIT = 10_000;

/** Part of a list, as a role hands it over. */
export interface Listing<T> {
  /** Of the whole list. */
  readonly total: number;
  readonly items: readonly T[];
}

/**
 * The page of a list that stands in memory; only its rows are turned into views.
 *
 * @param total of the whole list; counted when left out
 */
export function pageOf<T, V>(
  rows: Iterable<T>,
  { offset, limit }: Page,
  toView: (row: T) => V,
  total?: number,
): Listing<V> {
  if (Array.isArray(rows)) {
    const all = rows as readonly T[];
    return { total: total ?? all.length, items: all.slice(offset, offset + limit).map(toView) };
  }
  const items: V[] = [];
  let index = 0;
  for (const row of rows) {
    if (index >= offset && items.length < limit) items.push(toView(row));
    index++;
    if (total !== undefined && items.length === limit) break;
  }
  return { total: total ?? index, items };
}
