import { merkleRoot, sha256d } from '@sv2kit/bitcoin';
import type { NewExtendedMiningJob, NewMiningJob } from '@sv2kit/codec';
import { asItIs, type Keep } from './own-message.ts';

/** The part of a header that a job fixes, or the parts that its merkle root is made from. */
export type SearchSpace =
  | { readonly kind: 'standard'; readonly merkleRoot: Uint8Array }
  | {
      readonly kind: 'extended';
      /** BIP141-stripped halves of the coinbase (§5.3.16). */
      readonly coinbasePrefix: Uint8Array;
      readonly coinbaseSuffix: Uint8Array;
      readonly extranoncePrefix: Uint8Array;
      /** Bytes to roll behind the prefix. */
      readonly extranonceSize: number;
      /** Deepest first, internal byte order. */
      readonly merklePath: readonly Uint8Array[];
    };

/** A job as the client got it, with the prefix of that moment (§5.3.10). */
export interface ClientJob {
  readonly jobId: number;
  readonly version: number;
  readonly versionRollingAllowed: boolean;
  readonly space: SearchSpace;
}

/** What to hash now: a job on its tip with its target. */
export interface Work extends ClientJob {
  readonly channelId: number;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Unix seconds; by §5.3.11 a device rolls no further than the seconds since `receivedAtMs`. */
  readonly minNtime: number;
  readonly receivedAtMs: number;
  /** Shares must be at or below it; 32 bytes, little-endian. */
  readonly target: Uint8Array;
}

/** @param fixedVersion whether the server accepts no change to the version (§5.3.1) */
export function standardJob(message: NewMiningJob, fixedVersion: boolean, keep: Keep): ClientJob {
  return {
    jobId: message.jobId,
    version: message.version,
    versionRollingAllowed: !fixedVersion,
    space: { kind: 'standard', merkleRoot: keep(message.merkleRoot) },
  };
}

export function extendedJob(
  message: NewExtendedMiningJob,
  prefix: Uint8Array,
  extranonceSize: number,
  keep: Keep,
): ClientJob {
  return {
    jobId: message.jobId,
    version: message.version,
    versionRollingAllowed: message.versionRollingAllowed,
    space: {
      kind: 'extended',
      coinbasePrefix: keep(message.coinbaseTxPrefix),
      coinbaseSuffix: keep(message.coinbaseTxSuffix),
      extranoncePrefix: prefix,
      extranonceSize,
      merklePath: keep === asItIs ? message.merklePath : message.merklePath.map(keep),
    },
  };
}

/** A group's extended job as one of its standard channels mines it: the prefix is the whole extranonce (§5.1.2.1). */
export function standardFromExtended(message: NewExtendedMiningJob, prefix: Uint8Array): ClientJob {
  const { coinbaseTxPrefix, coinbaseTxSuffix, merklePath, jobId, version, versionRollingAllowed } = message;
  const coinbase = new Uint8Array(coinbaseTxPrefix.length + prefix.length + coinbaseTxSuffix.length);
  coinbase.set(coinbaseTxPrefix);
  coinbase.set(prefix, coinbaseTxPrefix.length);
  coinbase.set(coinbaseTxSuffix, coinbaseTxPrefix.length + prefix.length);
  const space: SearchSpace = { kind: 'standard', merkleRoot: merkleRoot(sha256d(coinbase), merklePath) };
  return { jobId, version, versionRollingAllowed, space };
}
