import { encodeHeader, ExtendedShareHasher, merkleRoot, type BlockHeader, sha256d } from '@sv2kit/bitcoin';
import type { NewExtendedMiningJob, SetNewPrevHash } from '@sv2kit/codec';
import type { Share } from './share.ts';
import type { Notify } from './work.ts';

/** What of NewExtendedMiningJob (§5.3.16) makes work. */
export type ExtendedJobParts = Pick<
  NewExtendedMiningJob,
  'version' | 'versionRollingAllowed' | 'merklePath' | 'coinbaseTxPrefix' | 'coinbaseTxSuffix'
>;
/** What of SetNewPrevHash (§5.3.17) makes work. */
export type TipParts = Pick<SetNewPrevHash, 'prevHash' | 'minNtime' | 'nbits'>;

/** A V1 job as the two V2 messages say it; extranonce1 is the channel's extranonce prefix. @param mask of version bits */
export function extendedJobOf(job: Notify, mask: number): { readonly job: ExtendedJobParts; readonly tip: TipParts } {
  return {
    job: {
      version: job.version,
      versionRollingAllowed: mask !== 0,
      merklePath: [...job.merkleBranches],
      coinbaseTxPrefix: job.coinb1,
      coinbaseTxSuffix: job.coinb2,
    },
    tip: { prevHash: job.prevHash, minNtime: job.ntime, nbits: job.nbits },
  };
}

/** What V1 wants to know of a job beyond the two V2 messages. */
export interface NotifyDetails {
  readonly jobId: string;
  /** Unix seconds, not before the tip's `minNtime`. */
  readonly ntime: number;
  /** Whether the tip has changed. */
  readonly cleanJobs: boolean;
}

/** A V2 extended job (§5.3.16) on its tip as a V1 job; the channel's extranonce prefix is extranonce1's beginning. */
export function notifyOf(
  job: Omit<ExtendedJobParts, 'versionRollingAllowed'>,
  tip: Omit<TipParts, 'minNtime'>,
  details: NotifyDetails,
): Notify {
  return {
    type: 'notify',
    jobId: details.jobId,
    prevHash: tip.prevHash,
    coinb1: job.coinbaseTxPrefix,
    coinb2: job.coinbaseTxSuffix,
    merkleBranches: job.merklePath,
    version: job.version,
    nbits: tip.nbits,
    ntime: details.ntime,
    cleanJobs: details.cleanJobs,
  };
}

/** A channel's extranonce (§5.2), cut for one V1 miner. */
export interface MinerExtranonce {
  /** The channel's prefix and the infix. */
  readonly extranonce1: Uint8Array;
  /** What stands in front of the miner's extranonce2 in a share's V2 extranonce. */
  readonly infix: Uint8Array;
  readonly extranonce2Size: number;
}

/**
 * Gives a V1 miner its part of a channel's extranonce: the bytes between the channel's prefix and extranonce2 hold `index`
 * (big-endian), which tells miners apart that share the channel; with a channel of its own a miner has index 0.
 *
 * @param extranonceSize bytes that the channel may roll
 * @returns undefined when extranonce2 does not fit behind the prefix, or the index not in between
 */
export function minerExtranonce(
  extranoncePrefix: Uint8Array,
  extranonceSize: number,
  extranonce2Size: number,
  index = 0,
): MinerExtranonce | undefined {
  const room = extranonceSize - extranonce2Size;
  if (room < 0 || extranonce2Size < 1 || index >= 256 ** Math.min(room, 6)) return undefined;
  const infix = new Uint8Array(room);
  for (let at = room - 1, rest = index; rest > 0; at -= 1, rest = Math.floor(rest / 256)) infix[at] = rest % 256;
  return { extranonce1: joined(extranoncePrefix, infix), infix, extranonce2Size };
}

/** The extranonce of SubmitSharesExtended (§5.3.12) for a miner's extranonce2. */
export function channelExtranonce({ infix }: MinerExtranonce, extranonce2: Uint8Array): Uint8Array {
  return joined(infix, extranonce2);
}

/** Hashes the shares of a V1 job, one call each. @param extranonceSize of both halves together, in bytes */
export function shareHasherOf(job: Notify, extranonceSize: number): ExtendedShareHasher {
  const { version, prevHash, ntime, nbits } = job;
  return new ExtendedShareHasher({
    header: encodeHeader({ version, prevHash, merkleRoot: new Uint8Array(32), ntime, nbits, nonce: 0 }),
    coinbasePrefix: job.coinb1,
    coinbaseSuffix: job.coinb2,
    extranonceSize,
    merklePath: job.merkleBranches,
  });
}

/** The header that a share stands for. */
export function headerOf(job: Notify, extranonce1: Uint8Array, share: Share): BlockHeader {
  const coinbase = joined(job.coinb1, extranonce1, share.extranonce2, job.coinb2);
  return {
    version: share.version,
    prevHash: job.prevHash,
    merkleRoot: merkleRoot(sha256d(coinbase), job.merkleBranches),
    ntime: share.ntime,
    nbits: job.nbits,
    nonce: share.nonce,
  };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
