import type { TransactionView } from '@sv2kit/monitor';

/** Some transactions, and what they are together. */
export interface Share {
  readonly transactions: readonly TransactionView[];
  /** Satoshis of those whose fee is known. */
  readonly fees: number;
  /** How many of them have a fee that nobody told. */
  readonly feesUnknown: number;
  /** Weight units of those whose weight is known. */
  readonly weight: number;
}

/** What two templates have and have not in common; each side in its own order. */
export interface Difference {
  readonly onlyMine: Share;
  readonly onlyTheirs: Share;
  /** In the order of mine; what only one side tells of a transaction is in it. */
  readonly both: Share;
}

/** Compares by txid what two templates hold. A txid that comes twice counts once. */
export function difference(mine: readonly TransactionView[], theirs: readonly TransactionView[]): Difference {
  const here = byTxid(mine);
  const there = byTxid(theirs);
  const both: TransactionView[] = [];
  const onlyMine: TransactionView[] = [];
  for (const [txid, transaction] of here) {
    const other = there.get(txid);
    if (other === undefined) onlyMine.push(transaction);
    else both.push({ ...other, ...transaction });
  }
  const onlyTheirs = [...there].filter(([txid]) => !here.has(txid)).map(([, transaction]) => transaction);
  return { onlyMine: shareOf(onlyMine), onlyTheirs: shareOf(onlyTheirs), both: shareOf(both) };
}

/** Sums up some transactions. */
export function shareOf(transactions: readonly TransactionView[]): Share {
  let fees = 0;
  let feesUnknown = 0;
  let weight = 0;
  for (const { fee, weight: own } of transactions) {
    if (fee === undefined) feesUnknown += 1;
    else fees += fee;
    weight += own ?? 0;
  }
  return { transactions, fees, feesUnknown, weight };
}

function byTxid(transactions: readonly TransactionView[]): ReadonlyMap<string, TransactionView> {
  const found = new Map<string, TransactionView>();
  for (const transaction of transactions) if (!found.has(transaction.txid)) found.set(transaction.txid, transaction);
  return found;
}
