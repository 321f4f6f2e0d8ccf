import { setImmediate } from 'node:timers/promises';
import { TRANSACTIONS_LIMIT } from './page.ts';
import type { TemplateDetail, TransactionView } from './schemas/work.ts';

/** Transactions that are read in one go: some may have to be hashed for it. */
const SLICE = 64;

/** A transaction, as far as it is known. Hashes are in internal byte order; what is worked out is read once. */
export interface KnownTransaction {
  readonly txid: Uint8Array;
  readonly wtxid?: Uint8Array | undefined;
  /** BIP141 weight units. */
  readonly weight?: number | undefined;
  /** With the witness. */
  readonly data?: Uint8Array | undefined;
  /** Satoshis. */
  readonly fee?: bigint | undefined;
}

/**
 * The transactions of a template or job as they are told, without holding the event loop: at most `TRANSACTIONS_LIMIT`.
 *
 * @param list in block order, without the coinbase; undefined where they are not known
 */
export async function transactionsView(
  list: readonly KnownTransaction[] | undefined,
): Promise<Pick<TemplateDetail, 'transactionList' | 'cut'>> {
  if (list === undefined) return {};
  const transactionList: TransactionView[] = [];
  for (const [index, transaction] of list.slice(0, TRANSACTIONS_LIMIT).entries()) {
    if (index % SLICE === SLICE - 1) await setImmediate();
    transactionList.push(transactionView(transaction));
  }
  return { transactionList, ...(list.length > TRANSACTIONS_LIMIT && { cut: true }) };
}

function transactionView({ txid, wtxid, weight, data, fee }: KnownTransaction): TransactionView {
  return {
    txid: displayed(txid),
    ...(wtxid !== undefined && { wtxid: displayed(wtxid) }),
    ...(weight !== undefined && { weight }),
    ...(data !== undefined && { size: data.length }),
    ...(fee !== undefined && { fee: Number(fee) }),
  };
}

function displayed(hash: Uint8Array): string {
  return Buffer.from(hash).reverse().toString('hex');
}
