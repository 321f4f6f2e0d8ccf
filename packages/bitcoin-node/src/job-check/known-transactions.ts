import { LIMITS } from '../limits.ts';
import { type CheckedTransaction, type HashKey, readTransaction, shownHash } from './checked-transaction.ts';

interface Entry {
  readonly transaction: CheckedTransaction;
  readonly fee: number;
  /** Since when the node's mempool does not hold it, unix ms. */
  departedAtMs: number | undefined;
}

/** When over a bound, this part of it stays: sorting pays for many additions. */
const KEPT = 0.95;
/** Below this part of its bounds, what was left out is worth another look. */
const REFILLED = 0.5;

const NOTHING_LEFT_OUT = -1;

export interface KnownBounds {
  readonly transactions: number;
  readonly bytes: number;
}

/**
 * Transactions that the node itself told of, with their fees. Bounded: what left the mempool goes first, then what pays
 * least for its weight, as miners leave that out.
 */
export class KnownTransactions {
  readonly #bounds: KnownBounds;
  readonly #byWtxid = new Map<HashKey, Entry>();
  /** By txid as the node shows it: so its mempool lists them. */
  readonly #byShownTxid = new Map<string, Entry>();
  /** In the mempool and not worth keeping. */
  #leftOut = new Set<string>();
  #bytes = 0;
  /** What pays no more than this is left out. */
  #lowestRate = NOTHING_LEFT_OUT;

  constructor(bounds: KnownBounds = { transactions: LIMITS.maxKnownTransactions, bytes: LIMITS.maxKnownBytes }) {
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

  /** Whether a txid, as the node shows it, needs no look any more. */
  hasSeen(shownTxid: string): boolean {
    return this.#byShownTxid.has(shownTxid) || this.#leftOut.has(shownTxid);
  }

  /** Whether a transaction that pays this much would stay. */
  isWorthwhile(shownTxid: string, fee: number, weight: number): boolean {
    if (fee / weight > this.#lowestRate) return true;
    this.#leftOut.add(shownTxid);
    return false;
  }

  /** In the mempool, and its wtxid known: no need to fetch it. */
  confirmPresent(wtxid: HashKey): boolean {
    const entry = this.#byWtxid.get(wtxid);
    if (entry === undefined) return false;
    entry.departedAtMs = undefined;
    return true;
  }

  /** Of the node's own template. */
  learn(wtxid: HashKey, data: Uint8Array, fee: number): void {
    if (this.confirmPresent(wtxid)) return;
    const transaction = readTransaction(data, fee);
    if (transaction !== undefined) this.add(transaction, fee);
  }

  add(transaction: CheckedTransaction, fee: number): void {
    if (this.confirmPresent(transaction.wtxid)) return;
    const shown = shownHash(transaction.txid);
    // The same transaction with another witness: the node holds only one.
    this.#drop(this.#byShownTxid.get(shown));
    const entry = { transaction, fee, departedAtMs: undefined };
    this.#byWtxid.set(transaction.wtxid, entry);
    this.#byShownTxid.set(shown, entry);
    this.#leftOut.delete(shown);
    this.#bytes += transaction.data.length;
    if (this.#isOver(1)) this.#makeRoom();
  }

  /** The node's mempool does not hold it any more. */
  depart(shownTxid: string, nowMs: number): void {
    this.#leftOut.delete(shownTxid);
    const entry = this.#byShownTxid.get(shownTxid);
    if (entry !== undefined) entry.departedAtMs ??= nowMs;
  }

  /** `listed` is all that the node's mempool holds. What left it long ago goes. */
  reconcile(listed: ReadonlySet<string>, nowMs: number): void {
    for (const [shown, entry] of this.#byShownTxid) {
      if (listed.has(shown)) entry.departedAtMs = undefined;
      else if (entry.departedAtMs === undefined) entry.departedAtMs = nowMs;
      else if (nowMs - entry.departedAtMs >= LIMITS.departedTtlMs) this.#drop(entry);
    }
    for (const shown of this.#leftOut) if (!listed.has(shown)) this.#leftOut.delete(shown);
    if (this.#lowestRate !== NOTHING_LEFT_OUT && !this.#isOver(REFILLED)) {
      // There is room again: what was left out is worth another look.
      this.#lowestRate = NOTHING_LEFT_OUT;
      this.#leftOut = new Set();
    }
  }

  #isOver(part: number): boolean {
    return this.size > this.#bounds.transactions * part || this.#bytes > this.#bounds.bytes * part;
  }

  #makeRoom(): void {
    const entries = Array.from(this.#byWtxid.values()).sort((a, b) => worth(a) - worth(b));
    for (const entry of entries) {
      if (!this.#isOver(KEPT)) return;
      this.#drop(entry);
      if (entry.departedAtMs !== undefined) continue;
      this.#leftOut.add(shownHash(entry.transaction.txid));
      this.#lowestRate = worth(entry);
    }
  }

  #drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    const { transaction } = entry;
    this.#byWtxid.delete(transaction.wtxid);
    this.#byShownTxid.delete(shownHash(transaction.txid));
    this.#bytes -= transaction.data.length;
  }
}

/** Satoshis per weight unit; below all when it left the mempool. */
function worth({ transaction, fee, departedAtMs }: Entry): number {
  return departedAtMs === undefined ? fee / transaction.weight : -1;
}
