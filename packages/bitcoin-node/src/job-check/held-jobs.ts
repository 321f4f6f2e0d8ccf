import { encodeBlock } from '@sv2kit/bitcoin';
import { LIMITS } from '../limits.ts';
import type { CheckedTransaction, HashKey } from './checked-transaction.ts';

/** What a transaction weighs in memory beside its bytes, measured. */
const TRANSACTION_BYTES = 768;
/** What it weighs in a job that has it. */
const REFERENCE_BYTES = 8;

interface Holding {
  readonly transaction: CheckedTransaction;
  jobs: number;
}

/** Valid jobs until they are released. A transaction that several of them have is held once. */
export class HeldJobs {
  readonly #jobs = new Map<number, readonly CheckedTransaction[]>();
  readonly #held = new Map<HashKey, Holding>();
  #bytes = 0;

  get size(): number {
    return this.#jobs.size;
  }

  /** What they weigh in memory; each transaction is counted once. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.size >= LIMITS.maxHeldJobs || this.#bytes >= LIMITS.maxHeldBytes;
  }

  hold(handle: number, transactions: readonly CheckedTransaction[]): void {
    this.#jobs.set(
      handle,
      transactions.map((transaction) => this.#take(transaction)),
    );
    this.#bytes += transactions.length * REFERENCE_BYTES;
  }

  release(handle: number): void {
    const transactions = this.#jobs.get(handle);
    if (transactions === undefined) return;
    this.#jobs.delete(handle);
    this.#bytes -= transactions.length * REFERENCE_BYTES;
    for (const { wtxid, data } of transactions) {
      const holding = this.#held.get(wtxid);
      if (holding === undefined || (holding.jobs -= 1) > 0) continue;
      this.#held.delete(wtxid);
      this.#bytes -= data.length + TRANSACTION_BYTES;
    }
  }

  get(wtxid: HashKey): CheckedTransaction | undefined {
    return this.#held.get(wtxid)?.transaction;
  }

  /** The whole block; `undefined` when the job is not held. */
  block(handle: number, header: Uint8Array, coinbase: Uint8Array): Uint8Array | undefined {
    const transactions = this.#jobs.get(handle);
    if (transactions === undefined) return undefined;
    return encodeBlock(
      header,
      coinbase,
      transactions.map(({ data }) => data),
    );
  }

  #take(transaction: CheckedTransaction): CheckedTransaction {
    const holding = this.#held.get(transaction.wtxid);
    if (holding !== undefined) {
      holding.jobs += 1;
      return holding.transaction;
    }
    this.#held.set(transaction.wtxid, { transaction, jobs: 1 });
    this.#bytes += transaction.data.length + TRANSACTION_BYTES;
    return transaction;
  }
}
