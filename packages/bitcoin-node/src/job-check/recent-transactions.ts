import { LIMITS } from '../limits.ts';
import type { CheckedTransaction, HashKey } from './checked-transaction.ts';

interface Entry {
  readonly transaction: CheckedTransaction;
  usedAtMs: number;
}

export interface RecentBounds {
  readonly transactions: number;
  readonly bytes: number;
}

/** Transactions that jobs were made of, so that the next job need not ask for them again. The least recently used go first. */
export class RecentTransactions {
  readonly #bounds: RecentBounds;
  /** Least recently used first. */
  readonly #byWtxid = new Map<HashKey, Entry>();
  #bytes = 0;

  constructor(bounds: RecentBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#byWtxid.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(wtxid: HashKey): CheckedTransaction | undefined {
    return this.#byWtxid.get(wtxid)?.transaction;
  }

  /** A job has this transaction. */
  use(transaction: CheckedTransaction, nowMs: number): void {
    this.#drop(this.#byWtxid.get(transaction.wtxid));
    this.#byWtxid.set(transaction.wtxid, { transaction, usedAtMs: nowMs });
    this.#bytes += transaction.data.length;
    for (const entry of this.#byWtxid.values()) {
      if (this.size <= this.#bounds.transactions && this.#bytes <= this.#bounds.bytes) break;
      this.#drop(entry);
    }
  }

  /** Drops what was mined, and what nobody used for long. */
  sweep(minedTxids: ReadonlySet<HashKey>, nowMs: number): void {
    for (const entry of this.#byWtxid.values()) {
      const isOld = nowMs - entry.usedAtMs >= LIMITS.validatedTtlMs;
      if (isOld || minedTxids.has(entry.transaction.txid)) this.#drop(entry);
    }
  }

  /** It is known otherwise now. */
  forget(wtxid: HashKey): void {
    this.#drop(this.#byWtxid.get(wtxid));
  }

  #drop(entry: Entry | undefined): void {
    if (entry === undefined || !this.#byWtxid.delete(entry.transaction.wtxid)) return;
    this.#bytes -= entry.transaction.data.length;
  }
}
