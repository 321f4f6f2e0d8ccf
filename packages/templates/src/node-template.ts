import type { CoinbaseSpace } from './coinbase-space.ts';

/** A transaction as it goes into a block. Hashes in internal byte order. */
export interface BlockTransaction {
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
  /** With its witness. */
  readonly data: Uint8Array;
  /** BIP141 weight units; for who looks at a template. */
  readonly weight?: number;
}

/** One transaction of a whole template, in block order. Fee in satoshis, sigops in units of the block's sigop cost. */
export interface NodeTransaction extends BlockTransaction {
  readonly fee: bigint;
  readonly weight: number;
  readonly sigops: number;
  /** Indexes, from 0, of the transactions of the same template that must stay if this one stays. All are smaller. */
  readonly depends: readonly number[];
}

/** What every template of a node says: what this package needs of it. Times in unix seconds. */
export interface TemplateHead {
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
  /** When the answer arrived, unix ms of the host: ties `curtime` to the host's clock. */
  readonly receivedAtMs: number;
}

/** A template with all its transactions: it can be cut to any client's space. */
export interface WholeTemplate extends TemplateHead {
  readonly kind: 'whole';
  readonly transactions: readonly NodeTransaction[];
  /** The script of the witness commitment output (BIP141); absent where segregated witness is not active. */
  readonly defaultWitnessCommitment?: Uint8Array | undefined;
  readonly weightLimit: number;
  readonly sigopLimit: number;
}

/** A template whose transactions the node holds: it is for coinbases of one space, as it is. */
export interface HeldTemplate extends TemplateHead {
  readonly kind: 'held';
  /** What the node was asked to keep free. */
  readonly reserve: CoinbaseSpace;
  /** Of all transactions, in satoshis. */
  readonly fees: bigint;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
  readonly coinbase: {
    readonly version: number;
    /** What the scriptSig must start with: the height (BIP34). */
    readonly scriptSigPrefix: Uint8Array;
    readonly sequence: number;
    readonly lockTime: number;
    /** Outputs that must be there, each consensus-serialised; the witness commitment is one. */
    readonly requiredOutputs: readonly Uint8Array[];
  };
}

/** A block template as a node gives it. */
export type NodeTemplate = WholeTemplate | HeldTemplate;

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
