import { LIMITS } from '../limits.ts';
import type { JobToCheck } from './job-checker.ts';
import type { PackedJob } from './messages.ts';

const HASH_BYTES = 32;

/**
 * Why no block can be like this, as the node would say; `undefined` when only a closer look can tell.
 *
 * @throws RangeError when the wtxids are not of 32 bytes each
 */
export function absurdityOf({ coinbase, wtxids, provided }: JobToCheck): string | undefined {
  if (wtxids.length % HASH_BYTES !== 0) throw new RangeError(`wtxids have 32 bytes each, not ${wtxids.length} in all`);
  if (wtxids.length / HASH_BYTES > LIMITS.maxBlockTransactions) return 'bad-blk-length';
  const bytes = provided.reduce((sum, { transaction }) => sum + transaction.length, coinbase.length);
  return bytes > LIMITS.maxBlockBytes ? 'bad-blk-weight' : undefined;
}

/** Copies a job into buffers that can be handed over: what a peer sent may be a part of a larger, shared buffer. */
export function packJob({ version, ntime, coinbase, wtxids, provided, lane }: JobToCheck): PackedJob {
  const data = new Uint8Array(provided.reduce((sum, { transaction }) => sum + transaction.length, 0));
  const positions = new Uint32Array(provided.length);
  const ends = new Uint32Array(provided.length);
  let end = 0;
  provided.forEach(({ position, transaction }, index) => {
    data.set(transaction, end);
    end += transaction.length;
    positions[index] = position;
    ends[index] = end;
  });
  return {
    version,
    ntime,
    coinbase: new Uint8Array(coinbase),
    wtxids: new Uint8Array(wtxids),
    lane: lane ?? '',
    positions,
    ends,
    data,
  };
}

export function buffersOfJob({ coinbase, wtxids, positions, ends, data }: PackedJob): ArrayBuffer[] {
  return [coinbase, wtxids, positions, ends, data]
    .map(({ buffer }) => buffer)
    .filter((buffer) => buffer instanceof ArrayBuffer);
}
