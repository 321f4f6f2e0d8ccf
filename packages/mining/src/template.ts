/** A block template as NewTemplate carries it (§7.2); byte order and units are the message's. */
export interface WorkTemplate {
  readonly templateId: bigint;
  readonly version: number;
  readonly coinbaseTxVersion: number;
  /** The height push that opens the coinbase's script. */
  readonly coinbasePrefix: Uint8Array;
  readonly coinbaseTxInputSequence: number;
  /** Satoshis that the coinbase outputs may spend. */
  readonly coinbaseTxValueRemaining: bigint;
  readonly coinbaseTxOutputsCount: number;
  /** Consensus-serialised outputs without a count in front. */
  readonly coinbaseTxOutputs: Uint8Array;
  readonly coinbaseTxLocktime: number;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
}

/**
 * A job as an upstream made it, to be mined as it is: nothing is added to its coinbase. Byte order and units are
 * NewExtendedMiningJob's (§5.3.16).
 */
export interface UpstreamJob {
  /** Of the coinbase without witness, up to the full extranonce. */
  readonly coinbasePrefix: Uint8Array;
  readonly coinbaseSuffix: Uint8Array;
  /** Bytes between the two; what the server's own prefixes and the rolled parts fill together. */
  readonly extranonceSize: number;
  readonly version: number;
  /** Version bits that the upstream lets its miners change; 0: none. */
  readonly versionMask: number;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
  /** Smallest ntime that the upstream takes for this job; unix seconds. */
  readonly minNtime: number;
  /** Of the block that the job would make. */
  readonly height: number;
}

/** What a server's jobs are made from: a template, or an upstream's job. Told apart by identity, never by content. */
export type WorkInput = WorkTemplate | UpstreamJob;

export function isUpstreamJob(input: WorkInput): input is UpstreamJob {
  return 'coinbaseSuffix' in input;
}

/** The chain's tip as SetNewPrevHash carries it (§7.3). */
export interface Tip {
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Smallest ntime to hash with; unix seconds. */
  readonly minNtime: number;
  /** The target that makes a hash a block; 32 bytes, little-endian. */
  readonly target: Uint8Array;
}
