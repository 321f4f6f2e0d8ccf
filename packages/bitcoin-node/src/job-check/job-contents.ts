import { BitcoinError } from '@sv2kit/bitcoin';
import { type CheckedTransaction, type HashKey, hashKey, readTransaction } from './checked-transaction.ts';
import type { PackedJob } from './messages.ts';

export type JobContents =
  | {
      readonly kind: 'complete';
      readonly transactions: readonly CheckedTransaction[];
      /** Those of them that the job brought itself. */
      readonly provided: readonly CheckedTransaction[];
    }
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
  const fresh: CheckedTransaction[] = [];
  for (const [position, wtxid] of wtxids.entries()) {
    const before = known(wtxid);
    const transaction = before ?? provided.get(wtxid);
    if (transaction === undefined) positions.push(position);
    else transactions.push(transaction);
    if (before === undefined && transaction !== undefined) fresh.push(transaction);
  }
  if (positions.length > 0) return { kind: 'missing', positions };
  return { kind: 'complete', transactions, provided: fresh };
}

function readProvided(job: PackedJob, index: number): CheckedTransaction | undefined {
  const start = index === 0 ? 0 : job.ends[index - 1];
  try {
    return readTransaction(job.data.subarray(start, job.ends[index]), undefined);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}
