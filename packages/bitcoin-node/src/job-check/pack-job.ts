import type { JobToCheck } from './job-checker.ts';
import type { PackedJob } from './messages.ts';

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
