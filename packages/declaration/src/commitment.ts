import { sha256 } from '@noble/hashes/sha2.js';
import { BIP323_MASK, sameBytes } from '@sv2kit/bitcoin';
import type { SetCustomMiningJob } from '@sv2kit/codec';

/** What a declared token commits its job to: every field that SetCustomMiningJob repeats, and what the job is worth. */
export interface Commitment {
  readonly version: number;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Lowest ntime the network takes: the median time past plus one; unix seconds. */
  readonly minNtime: number;
  readonly coinbaseTxVersion: number;
  readonly sequence: number;
  readonly locktime: number;
  /** SHA-256 of the scriptSig before the extranonce. */
  readonly prefixDigest: Uint8Array;
  /** SHA-256 of the outputs behind their count. */
  readonly outputsDigest: Uint8Array;
  /** SHA-256 of the merkle path's hashes, deepest first. */
  readonly pathDigest: Uint8Array;
  /** Satoshis that the coinbase may pay out: subsidy and fees, verified. */
  readonly value: bigint;
}

/** The fields themselves. */
export interface DeclaredFields extends Omit<Commitment, 'prefixDigest' | 'outputsDigest' | 'pathDigest'> {
  /** The scriptSig before the extranonce. */
  readonly coinbasePrefix: Uint8Array;
  /** Outputs behind their CompactSize count. */
  readonly countedOutputs: Uint8Array;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
}

/** In which field a custom job differs from what was declared. */
export type Disagreement =
  | 'stale-chain-tip'
  | 'invalid-version'
  | 'invalid-nbits'
  | 'invalid-min-ntime'
  | 'invalid-coinbase-tx-version'
  | 'invalid-coinbase-prefix'
  | 'invalid-coinbase-tx-input-n-sequence'
  | 'invalid-coinbase-tx-outputs'
  | 'invalid-coinbase-tx-locktime'
  | 'invalid-merkle-path';

/** Bytes that {@link writeCommitment} writes. */
export const COMMITMENT_SIZE = 160;
const DIGESTS_AT = 56;

export function commitTo(fields: DeclaredFields): Commitment {
  const { coinbasePrefix, countedOutputs, merklePath, ...rest } = fields;
  return {
    ...rest,
    prefixDigest: sha256(coinbasePrefix),
    outputsDigest: sha256(countedOutputs),
    pathDigest: digestOfPath(merklePath),
  };
}

/**
 * The first field in which a custom job differs from what was declared (§6.4.3: the order of the outputs included). The
 * version may differ in the bits that BIP323 frees, the ntime may start later; another prev_hash means a tip race.
 */
export function disagreement(declared: Commitment, job: SetCustomMiningJob): Disagreement | undefined {
  if (!sameBytes(declared.prevHash, job.prevHash)) return 'stale-chain-tip';
  if (((declared.version ^ job.version) & ~BIP323_MASK) !== 0) return 'invalid-version';
  if (declared.nbits !== job.nbits) return 'invalid-nbits';
  if (job.minNtime < declared.minNtime) return 'invalid-min-ntime';
  if (declared.coinbaseTxVersion !== job.coinbaseTxVersion) return 'invalid-coinbase-tx-version';
  if (!sameBytes(declared.prefixDigest, sha256(job.coinbasePrefix))) return 'invalid-coinbase-prefix';
  if (declared.sequence !== job.coinbaseTxInputNSequence) return 'invalid-coinbase-tx-input-n-sequence';
  if (!sameBytes(declared.outputsDigest, sha256(job.coinbaseTxOutputs))) return 'invalid-coinbase-tx-outputs';
  if (declared.locktime !== job.coinbaseTxLocktime) return 'invalid-coinbase-tx-locktime';
  if (!sameBytes(declared.pathDigest, digestOfPath(job.merklePath))) return 'invalid-merkle-path';
  return undefined;
}

/** Integers little-endian, in the order of {@link Commitment}, the value before the digests. */
export function writeCommitment(commitment: Commitment, target: Uint8Array, offset: number): void {
  const view = new DataView(target.buffer, target.byteOffset + offset, COMMITMENT_SIZE);
  view.setUint32(0, commitment.version, true);
  target.set(commitment.prevHash, offset + 4);
  view.setUint32(36, commitment.nbits, true);
  view.setUint32(40, commitment.minNtime, true);
  view.setUint32(44, commitment.coinbaseTxVersion, true);
  view.setUint32(48, commitment.sequence, true);
  view.setUint32(52, commitment.locktime, true);
  target.set(commitment.prefixDigest, offset + DIGESTS_AT);
  target.set(commitment.outputsDigest, offset + DIGESTS_AT + 32);
  target.set(commitment.pathDigest, offset + DIGESTS_AT + 64);
  view.setBigUint64(DIGESTS_AT + 96, commitment.value, true);
}

/** What {@link writeCommitment} wrote; its byte fields are copies. */
export function readCommitment(source: Uint8Array, offset: number): Commitment {
  const view = new DataView(source.buffer, source.byteOffset + offset, COMMITMENT_SIZE);
  const digest = (index: number) => {
    const start = offset + DIGESTS_AT + 32 * index;
    return source.slice(start, start + 32);
  };
  return {
    version: view.getUint32(0, true),
    prevHash: source.slice(offset + 4, offset + 36),
    nbits: view.getUint32(36, true),
    minNtime: view.getUint32(40, true),
    coinbaseTxVersion: view.getUint32(44, true),
    sequence: view.getUint32(48, true),
    locktime: view.getUint32(52, true),
    prefixDigest: digest(0),
    outputsDigest: digest(1),
    pathDigest: digest(2),
    value: view.getBigUint64(DIGESTS_AT + 96, true),
  };
}

function digestOfPath(path: readonly Uint8Array[]): Uint8Array {
  const hash = sha256.create();
  for (const step of path) hash.update(step);
  return hash.digest();
}
