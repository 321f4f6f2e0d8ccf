/**
 * One transaction of a node's template, in block order.
 * Hashes in internal byte order, fee in satoshis, sigops in units of the block's sigop cost.
 */
export interface NodeTransaction {
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
  /** With its witness, as it goes into a block. */
  readonly data: Uint8Array;
  readonly fee: bigint;
  readonly weight: number;
  readonly sigops: number;
  /** Indexes, from 0, of the transactions of the same template that must stay if this one stays. All are smaller. */
  readonly depends: readonly number[];
}

/** A block template as a node gives it: what this package needs of one. Times in unix seconds. */
export interface NodeTemplate {
  /** Of the block to be mined. */
  readonly height: number;
  readonly prevHash: Uint8Array;
  readonly version: number;
  readonly nbits: number;
  /** Little-endian, as on the wire. */
  readonly target: Uint8Array;
  readonly curtime: number;
  readonly mintime: number;
  /** Subsidy and fees of all transactions, in satoshis. */
  readonly coinbaseValue: bigint;
  readonly transactions: readonly NodeTransaction[];
  /** The script of the witness commitment output (BIP141); absent where segregated witness is not active. */
  readonly defaultWitnessCommitment?: Uint8Array | undefined;
  readonly weightLimit: number;
  readonly sigopLimit: number;
  /** When the answer arrived, unix ms of the host: ties `curtime` to the host's clock. */
  readonly receivedAtMs: number;
}

/** A best block that a node has accepted, known before the template on it is. Hashes in internal byte order. */
export interface NodeTip {
  readonly hash: Uint8Array;
  /** Its parent. */
  readonly previousHash: Uint8Array;
  readonly height: number;
  readonly nbits: number;
  /** Median time past of this block, unix seconds: the next block must be later. */
  readonly medianTime: number;
}
