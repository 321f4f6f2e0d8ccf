import type { Network } from '@sv2kit/bitcoin';

/**
 * One transaction of a template. The bytes are shared by every template that holds the transaction: never write to them.
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
  /** Indexes, from 0, of transactions of the same template that this one spends from; all are smaller than its own. */
  readonly depends: readonly number[];
}

/** A block template as the node gives it. Times in unix seconds unless named Ms. */
export interface NodeTemplate {
  /** Of the block to be mined. */
  readonly height: number;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly version: number;
  readonly nbits: number;
  /** Little-endian, as on the Stratum V2 wire. */
  readonly target: Uint8Array;
  readonly curtime: number;
  readonly mintime: number;
  /** Subsidy and fees of all transactions, in satoshis. */
  readonly coinbaseValue: bigint;
  readonly transactions: readonly NodeTransaction[];
  /** The script of the witness commitment output (BIP141); absent where segregated witness is not active. */
  readonly defaultWitnessCommitment?: Uint8Array;
  readonly weightLimit: number;
  readonly sigopLimit: number;
  /** Whether this template builds on another block than the one before it did. */
  readonly bestBlockChanged: boolean;
  /** When the answer was here, unix ms of the host: ties `curtime` to the host's clock. */
  readonly receivedAtMs: number;
}

/** The node's best block. Hashes in internal byte order. */
export interface NodeTip {
  readonly hash: Uint8Array;
  /** Its parent. */
  readonly previousHash: Uint8Array;
  readonly height: number;
  /** Of this block; the next block may have another. */
  readonly nbits: number;
  /** Median time past of this block, unix seconds: the next block must be later. */
  readonly medianTime: number;
  readonly receivedAtMs: number;
}

/** What became of a block. `duplicate` is as good as `accepted`: another path was faster. */
export type SubmitResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'duplicate' }
  /** The node has the block and holds it for possible, but another is its best. */
  | { readonly kind: 'inconclusive'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** No answer within the time that a block is worth. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Where a block stands. */
export interface Confirmation {
  readonly inBestChain: boolean;
  /** 1 for the tip; 0 outside the best chain. */
  readonly confirmations: number;
  /** Absent when the node does not know the block. */
  readonly height?: number;
}

export interface NodeHealth {
  readonly state: 'connecting' | 'ok' | 'ibd' | 'away';
  /** Why it is not ok, for a person. */
  readonly reason?: string;
  readonly chain?: Network;
  readonly tipHeight?: number;
  readonly lastTemplateAtMs?: number;
}

/** A Bitcoin node as a miner needs it. */
export interface MiningNode {
  readonly name: string;
  /**
   * Templates, newest only: one at once, one for each new tip, one whenever the node has a better one. Never ends by
   * itself: a node that is away or still downloading is waited for, with the reason in the log and in `health`.
   */
  templates(signal: AbortSignal): AsyncIterable<NodeTemplate>;
  /** Each new best block as soon as it is known, which is before its template is there. */
  tips(signal: AbortSignal): AsyncIterable<NodeTip>;
  /** Hands a block to the node at once, whatever else is asked of it, and again until it answers. */
  submitBlock(block: Uint8Array, signal?: AbortSignal): Promise<SubmitResult>;
  /** @param hash internal byte order */
  confirm(hash: Uint8Array): Promise<Confirmation>;
  health(): NodeHealth;
  close(): Promise<void>;
}
