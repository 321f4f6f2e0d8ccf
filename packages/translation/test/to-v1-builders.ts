import { encodeOutputs, heightPush, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import type { Notify, PoolJob } from '@sv2kit/sv1';

const bytes = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** The beginning of a V1 coinbase up to extranonce1: version, input, script length, height, a mark. */
export function coinb1(
  height: number,
  extranonceSize: number,
  mark: readonly number[] = [3, 0x61, 0x62, 0x63],
): Uint8Array {
  const script = bytes(heightPush(height), mark);
  return bytes([2, 0, 0, 0, 1], new Uint8Array(32), [255, 255, 255, 255, script.length + extranonceSize], script);
}

/** The rest: sequence, two outputs, lock time. */
export function coinb2(): Uint8Array {
  const outputs = [{ value: 312_500_000n, script: Uint8Array.of(0x51) }, witnessCommitmentOutput([])];
  return bytes([255, 255, 255, 255, outputs.length], encodeOutputs(outputs), [0, 0, 0, 0]);
}

export interface PoolJobOptions extends Partial<Omit<PoolJob, 'notify'>> {
  readonly notify?: Partial<Notify>;
}

/** A job of a V1 pool at height 850,000: extranonces of 4 and 8 bytes, difficulty 1, BIP320's mask. */
export function poolJob({ notify = {}, ...terms }: PoolJobOptions = {}): PoolJob {
  const { extranonce1 = Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd), extranonce2Size = 8 } = terms;
  return {
    extranonce1,
    extranonce2Size,
    difficulty: 1,
    versionMask: 0x1fffe000,
    ...terms,
    notify: {
      type: 'notify',
      jobId: 'a1',
      prevHash: new Uint8Array(32).fill(7),
      coinb1: coinb1(850_000, extranonce1.length + extranonce2Size),
      coinb2: coinb2(),
      merkleBranches: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)],
      version: 0x20000000,
      nbits: 0x1703a30c,
      ntime: 1_750_000_000,
      cleanJobs: true,
      ...notify,
    },
  };
}
