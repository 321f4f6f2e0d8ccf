import { encodeHeader, hashHeader, joinCoinbase, merkleRoot, sha256d } from '@sv2kit/bitcoin';
import type { DeclareMiningJob, PushSolution, SetCustomMiningJob, SubmitSharesExtended } from '@sv2kit/codec';

/** The hash that a relayed share proves, worked out by the pool from nothing but its own side of the protocol (§5.3.18). */
export function hashAtPool(job: SetCustomMiningJob, prefix: Uint8Array, share: SubmitSharesExtended): Uint8Array {
  const script = [...job.coinbasePrefix, ...prefix, ...share.extranonce];
  const coinbase = Uint8Array.of(
    ...u32(job.coinbaseTxVersion),
    1,
    ...new Uint8Array(32),
    0xff,
    0xff,
    0xff,
    0xff,
    script.length,
    ...script,
    ...u32(job.coinbaseTxInputNSequence),
    ...job.coinbaseTxOutputs,
    ...u32(job.coinbaseTxLocktime),
  );
  return hash(merkleRoot(sha256d(coinbase), job.merklePath), { ...job, ...share });
}

/** The hash that a pushed solution proves, worked out from what was declared (§6.4.9). @param path the merkle path */
export function hashAtDeclarator(
  declared: DeclareMiningJob,
  path: readonly Uint8Array[],
  solution: PushSolution,
): Uint8Array {
  const { coinbaseTxPrefix: segwitPrefix, coinbaseTxSuffix: segwitSuffix } = declared;
  const { extranonce } = solution;
  // Marker and flag behind the version, the witness before the locktime: cut out for the transaction id.
  const prefix = Uint8Array.of(...segwitPrefix.subarray(0, 4), ...segwitPrefix.subarray(6));
  const suffix = Uint8Array.of(...segwitSuffix.subarray(0, -38), ...segwitSuffix.subarray(-4));
  const parts = { prefix, suffix, segwitPrefix, segwitSuffix, extranonceSize: extranonce.length };
  const coinbase = joinCoinbase(parts, extranonce, { segwit: false });
  return hash(merkleRoot(sha256d(coinbase), [...path]), solution);
}

function hash(
  root: Uint8Array,
  fields: Pick<PushSolution, 'prevHash' | 'nbits' | 'version' | 'ntime' | 'nonce'>,
): Uint8Array {
  const { prevHash, nbits, version, ntime, nonce } = fields;
  return hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
}

function u32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}
