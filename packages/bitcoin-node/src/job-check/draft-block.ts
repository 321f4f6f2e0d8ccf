import { encodeBlock, encodeHeader, merklePathOf, merkleRoot } from '@sv2kit/bitcoin';
import { LIMITS } from '../limits.ts';
import { type CheckedTransaction, hashOf, idsOrNothing } from './checked-transaction.ts';
import type { PackedJob } from './messages.ts';
import type { WorkTip } from './back-end.ts';

const HEADER_BYTES = 80;
const WITNESS_SCALE = 4;

/** The block that a job makes on a tip, without proof of work. */
export interface DraftBlock {
  readonly bytes: Uint8Array;
  /** Of the coinbase, deepest hash first. */
  readonly merklePath: readonly Uint8Array[];
  /** BIP141 weight units. */
  readonly weight: number;
}

/** `undefined` when the coinbase cannot be read. */
export function draftBlock(
  job: PackedJob,
  transactions: readonly CheckedTransaction[],
  tip: WorkTip,
): DraftBlock | undefined {
  const coinbase = idsOrNothing(job.coinbase);
  if (coinbase === undefined) return undefined;
  const merklePath = merklePathOf(transactions.map(({ txid }) => hashOf(txid)));
  const header = encodeHeader({
    version: job.version,
    prevHash: tip.hash,
    merkleRoot: merkleRoot(coinbase.txid, merklePath),
    ntime: job.ntime ?? tip.ntime,
    nbits: tip.nbits,
    nonce: 0,
  });
  const data = transactions.map((transaction) => transaction.data);
  return {
    bytes: encodeBlock(header, job.coinbase, data),
    merklePath,
    weight: transactions.reduce((sum, { weight }) => sum + weight, coinbase.weight + frameWeight(transactions.length)),
  };
}

/** Size of the block that {@link draftBlock} would make, without the header's few bytes. */
export function roughSize(job: PackedJob, transactions: readonly CheckedTransaction[]): number {
  return transactions.reduce((sum, { data }) => sum + data.length, job.coinbase.length);
}

/**
 * The node's word for a block over the weight limit, which it need not be asked for; `undefined` when it is not.
 *
 * @param size in bytes
 */
export function overweight(weight: number, size: number): string | undefined {
  if (weight <= LIMITS.maxBlockWeight) return undefined;
  const stripped = (weight - size) / (WITNESS_SCALE - 1);
  return stripped * WITNESS_SCALE > LIMITS.maxBlockWeight ? 'bad-blk-length' : 'bad-blk-weight';
}

/** Of header and transaction count. */
function frameWeight(transactions: number): number {
  const count = transactions + 1;
  const countBytes = count < 0xfd ? 1 : count <= 0xffff ? 3 : 5;
  return WITNESS_SCALE * (HEADER_BYTES + countBytes);
}
