import { BIP320_MASK } from '@sv2kit/bitcoin';

/** The version bits that servers let miners roll unless they know better: 1fffe000 (BIP320). */
export const USUAL_VERSION_MASK = BIP320_MASK;

/** The bits that both sides allow. */
export function commonMask(upstream: number, miner: number): number {
  return (upstream & miner) >>> 0;
}

/**
 * A share's header version: the job's, with the bits under the mask replaced by the miner's. The job's own bits under the
 * mask hold where the miner sends none.
 *
 * @param bits the submit's sixth parameter: bits under the mask, or the whole version as some firmware sends it
 * @returns undefined for bits outside the mask that are not the job's
 */
export function rolledVersion(version: number, mask: number, bits: number | undefined): number | undefined {
  if (bits === undefined) return version;
  const outside = (bits & ~mask) >>> 0;
  if (outside !== 0 && outside !== (version & ~mask) >>> 0) return undefined;
  return ((version & ~mask) | (bits & mask)) >>> 0;
}

/**
 * What the same bits stand for where firmware says them as those that differ from the job's version: ESP-Miner submits the
 * exclusive or of both, and its chips set bits that they roll but clear none. Only a job with bits of its own under the
 * mask tells the two readings apart; which one a share means, its hash says.
 *
 * @returns undefined where there is no second reading
 */
export function rolledVersionByDifference(version: number, mask: number, bits: number | undefined): number | undefined {
  if (bits === undefined || (version & mask) === 0 || (bits & ~mask) !== 0) return undefined;
  const other = (version ^ bits) >>> 0;
  return other === rolledVersion(version, mask, bits) ? undefined : other;
}
