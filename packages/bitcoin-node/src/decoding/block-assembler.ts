import type { BlockTransaction } from '../node.ts';
import type { FreshTransactions, PackedTransactions } from './packed-transactions.ts';

/** Makes transactions of what a decoder sent, in the decoder's order. Those known before stay the same objects. */
export class BlockAssembler {
  #previous: readonly BlockTransaction[] = [];

  assemble({ reused, fresh }: PackedTransactions): readonly BlockTransaction[] {
    let next = 0;
    const transactions = Array.from(reused, (index) => this.#previous[index] ?? freshTransaction(fresh, next++));
    this.#previous = transactions;
    return transactions;
  }
}

/** One of the fresh ones. */
export function freshTransaction({ data, ends, ids, weights }: FreshTransactions, index: number): BlockTransaction {
  return {
    txid: ids.subarray(index * 64, index * 64 + 32),
    wtxid: ids.subarray(index * 64 + 32, index * 64 + 64),
    data: data.subarray(index === 0 ? 0 : ends[index - 1], ends[index]),
    weight: weights[index] ?? 0,
  };
}
