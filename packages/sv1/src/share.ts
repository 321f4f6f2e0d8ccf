import { type BlockHeader, merkleRoot, sha256d } from '@sv2kit/bitcoin';
import type { Id } from './envelope.ts';
import { type StratumError, stratumError } from './errors.ts';
import type { Submit } from './miner-requests.ts';
import { rolledVersion } from './version-rolling.ts';
import type { Notify } from './work.ts';

/** What a share says about its header, in numbers and bytes only: two texts of one share are one share. */
export interface Share {
  readonly extranonce2: Uint8Array;
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
}

/** What of a job and its miner a submit is read by. */
export interface ShareTerms {
  /** The job's header version. */
  readonly version: number;
  /** Version bits that the miner may roll. */
  readonly versionMask: number;
  /** Bytes of extranonce2 when the job was sent. */
  readonly extranonce2Size: number;
}

export type ShareReading =
  | { readonly kind: 'share'; readonly share: Share }
  | { readonly kind: 'refused'; readonly error: StratumError };

/** A submit as the fields of a header, or why it can be none. Says nothing of time, duplicates or difficulty. */
export function shareOf(submit: Submit, terms: ShareTerms): ShareReading {
  const { extranonce2, ntime, nonce } = submit;
  if (extranonce2.length !== terms.extranonce2Size) {
    return refused(`extranonce2 has ${extranonce2.length} bytes, not ${terms.extranonce2Size}`);
  }
  const version = rolledVersion(terms.version, terms.versionMask, submit.versionBits);
  if (version === undefined) return refused('version bits outside the mask');
  return { kind: 'share', share: { extranonce2, version, ntime, nonce } };
}

/** A share as the submit that a V1 pool reads it from; with version bits only where a mask was settled. */
export function submitOf(
  share: Share,
  terms: Pick<ShareTerms, 'versionMask'>,
  names: { readonly id: Id; readonly username: string; readonly jobId: string },
): Submit {
  const { extranonce2, ntime, nonce, version } = share;
  const versionBits = terms.versionMask === 0 ? undefined : (version & terms.versionMask) >>> 0;
  return { type: 'submit', ...names, extranonce2, ntime, nonce, versionBits };
}

/** The header that a share stands for. */
export function headerOf(job: Notify, extranonce1: Uint8Array, share: Share): BlockHeader {
  const coinbase = Uint8Array.of(...job.coinb1, ...extranonce1, ...share.extranonce2, ...job.coinb2);
  return {
    version: share.version,
    prevHash: job.prevHash,
    merkleRoot: merkleRoot(sha256d(coinbase), job.merkleBranches),
    ntime: share.ntime,
    nbits: job.nbits,
    nonce: share.nonce,
  };
}

function refused(message: string): ShareReading {
  return { kind: 'refused', error: stratumError('other', message) };
}
