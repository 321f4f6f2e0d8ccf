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
