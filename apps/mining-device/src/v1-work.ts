import { targetFromDifficulty } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';
import type { PoolJob } from '@sv2kit/sv1';

/**
 * A job of a V1 pool as the work of an extended channel: extranonce1 is the prefix, extranonce2 the part that is rolled.
 *
 * @param number what the job is called here; a V1 job's own id is text
 * @param receivedAtMs unix time in milliseconds; ntime is rolled with the clock from then on
 */
export function workOf({ notify, ...terms }: PoolJob, number: number, receivedAtMs: number): Work {
  return {
    channelId: 0,
    jobId: number,
    version: notify.version,
    versionRollingAllowed: terms.versionMask !== 0,
    prevHash: notify.prevHash,
    nbits: notify.nbits,
    minNtime: notify.ntime,
    receivedAtMs,
    target: targetFromDifficulty(terms.difficulty),
    space: {
      kind: 'extended',
      coinbasePrefix: notify.coinb1,
      coinbaseSuffix: notify.coinb2,
      extranoncePrefix: terms.extranonce1,
      extranonceSize: terms.extranonce2Size,
      merklePath: notify.merkleBranches,
    },
  };
}
