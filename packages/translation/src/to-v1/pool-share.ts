import { meetsTarget } from '@sv2kit/bitcoin';
import type { PoolJob, Share } from '@sv2kit/sv1';
import type { PoolWork } from './upstream-work.ts';

/** A share that a V2 channel has accepted. */
export interface DeviceShare {
  /** In full: prefix and rolled part, for the job's extranonce1 and extranonce2 together. */
  readonly extranonce: Uint8Array;
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  readonly isBlock: boolean;
}

/** What `Sv1ClientSession.submit` takes. */
export interface PoolShare {
  readonly jobId: string;
  readonly share: Share;
  /** The job's; of a block that changes other bits too, wide enough to say so. */
  readonly versionMask: number;
}

/** Whether the pool pays for it, or the network does. What the job was given out with decides, not what holds now. */
export function isWorthSubmitting(
  { shareTarget }: PoolWork,
  { hash, isBlock }: Pick<DeviceShare, 'hash' | 'isBlock'>,
): boolean {
  return isBlock || meetsTarget(hash, shareTarget);
}

/**
 * A V2 share as mining.submit says it: the bytes behind extranonce1 are extranonce2.
 *
 * @returns undefined for an extranonce that is not the job's: another size, or of another extranonce1
 */
export function poolShare(poolJob: PoolJob, found: DeviceShare): PoolShare | undefined {
  const { notify, extranonce1, extranonce2Size, versionMask } = poolJob;
  const { extranonce, version, ntime, nonce } = found;
  if (extranonce.length !== extranonce1.length + extranonce2Size) return undefined;
  if (extranonce1.some((byte, at) => byte !== extranonce[at])) return undefined;
  const extranonce2 = extranonce.slice(extranonce1.length);
  const changed = version ^ notify.version;
  return {
    jobId: notify.jobId,
    share: { extranonce2, version, ntime, nonce },
    // Bits that the pool does not allow cannot be said within its mask; a block is worth the try.
    versionMask: (changed & ~versionMask) === 0 ? versionMask : (versionMask | changed) >>> 0,
  };
}
