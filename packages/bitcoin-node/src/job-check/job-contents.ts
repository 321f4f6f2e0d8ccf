import { type CheckedTransaction, type HashKey, hashKey, readTransaction } from './checked-transaction.ts';
import type { PackedJob } from './messages.ts';

export type JobContents =
  | { readonly kind: 'complete'; readonly transactions: readonly CheckedTransaction[] }
  | { readonly kind: 'missing'; readonly positions: readonly number[] }
  | { readonly kind: 'duplicate'; readonly position: number }
  | { readonly kind: 'wrong-transaction'; readonly position: number };

/** Finds the transactions of a job among those known and those provided. */
export function jobContents(job: PackedJob, known: (wtxid: HashKey) => CheckedTransaction | undefined): JobContents {
  const count = Math.floor(job.wtxids.length / 32);
  const wtxids = Array.from({ length: count }, (_, index) => hashKey(job.wtxids, index));
  const seen = new Set<HashKey>();
  for (const [position, wtxid] of wtxids.entries()) {
    if (seen.has(wtxid)) return { kind: 'duplicate', position };
    seen.add(wtxid);
  }
  const provided = new Map<HashKey, CheckedTransaction>();
  for (const [index, position] of job.positions.entries()) {
    const transaction = readProvided(job, index);
    if (transaction === undefined || transaction.wtxid !== wtxids[position]) {
      return { kind: 'wrong-transaction', position };
    }
    provided.set(transaction.wtxid, transaction);
  }
  const transactions: CheckedTransaction[] = [];
  const positions: number[] = [];
  for (const [position, wtxid] of wtxids.entries()) {
    const transaction = known(wtxid) ?? provided.get(wtxid);
    if (transaction === undefined) positions.push(position);
    else transactions.push(transaction);
  }
  if (positions.length > 0) return { kind: 'missing', positions };
  return { kind: 'complete', transactions };
}

function readProvided({ data, ends }: PackedJob, index: number): CheckedTransaction | undefined {
  const start = index === 0 ? 0 : ends[index - 1];
  return readTransaction(data.subarray(start, ends[index]), undefined);
}
