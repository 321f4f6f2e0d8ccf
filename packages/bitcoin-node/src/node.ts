import type { Network } from '@sv2kit/bitcoin';

/** A transaction as it goes into a block. The bytes are shared by every template that holds it: never write to them. */
export interface BlockTransaction {
  /** Internal byte order. */
  readonly txid: Uint8Array;
  /** Internal byte order. */
  readonly wtxid: Uint8Array;
  /** With its witness. */
  readonly data: Uint8Array;
  /** BIP141 weight units. */
  readonly weight: number;
}

/** One transaction of a whole template. Fee in satoshis, sigops in units of the block's sigop cost. */
export interface NodeTransaction extends BlockTransaction {
  readonly fee: bigint;
  readonly sigops: number;
  /** Indexes, from 0, of transactions of the same template that this one spends from; all are smaller than its own. */
  readonly depends: readonly number[];
}

/** What every template says. Times in unix seconds unless named Ms. */
export interface TemplateHead {
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
  /** Whether this template builds on another block than the one before it did. */
  readonly bestBlockChanged: boolean;
  /** When the answer was here, unix ms of the host: ties `curtime` to the host's clock. */
  readonly receivedAtMs: number;
}

/** A template with all its transactions, to choose from. */
export interface WholeTemplate extends TemplateHead {
  readonly kind: 'whole';
  readonly transactions: readonly NodeTransaction[];
  /** The script of the witness commitment output (BIP141); absent where segregated witness is not active. */
  readonly defaultWitnessCommitment?: Uint8Array;
  readonly weightLimit: number;
  readonly sigopLimit: number;
}

/** What a template keeps free for header and coinbase: weight units, and sigop cost. */
export interface CoinbaseReserve {
  readonly weight: number;
  readonly sigops: number;
}

/** What the node wants of the coinbase of a held template. */
export interface HeldCoinbase {
  readonly version: number;
  /** What the scriptSig must start with: the height (BIP34). */
  readonly scriptSigPrefix: Uint8Array;
  readonly sequence: number;
  readonly lockTime: number;
  /** Outputs that must be there, each serialized; the witness commitment is one. */
  readonly requiredOutputs: readonly Uint8Array[];
}

/** A solved header's free fields, and the coinbase with its witness. */
export interface HeldSolution {
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
  readonly coinbase: Uint8Array;
}

/** A template whose transactions are with the node, until it is released or its connection ends. */
export interface HeldTemplate extends TemplateHead {
  readonly kind: 'held';
  /** What the node was asked to keep free. */
  readonly reserve: CoinbaseReserve;
  /** Of all transactions, in satoshis. */
  readonly fees: bigint;
  /** Of the coinbase, deepest hash first (§5.3.16). */
  readonly merklePath: readonly Uint8Array[];
  readonly coinbase: HeldCoinbase;
  /** Whether the node has forgotten it: the connection that it came over has ended. */
  readonly isGone: boolean;
  /**
   * In block order, without the coinbase. Fetched once for all who ask meanwhile, and not kept; read off the event loop.
   *
   * @throws IpcError when the template went before it was asked
   */
  transactions(): Promise<readonly BlockTransaction[]>;
  /**
   * What each of them pays in satoshis, in the same order. Asked of the node each time, and not kept.
   *
   * @throws IpcError when the template went before it was asked
   */
  transactionFees(): Promise<readonly bigint[]>;
  /** Hands the solution to the node at once, and says what the chain makes of it. `unable`: the template is gone. */
  submitSolution(solution: HeldSolution): Promise<SubmitResult>;
  /** Nobody will solve it or ask for its transactions any more: the node may forget it. */
  release(): void;
}

/** A block template as the node gives it. */
export type NodeTemplate = WholeTemplate | HeldTemplate;

/** The node's best block. Hashes in internal byte order. */
export interface NodeTip {
  readonly hash: Uint8Array;
  /** Its parent; zeros when the node has no way to say. */
  readonly previousHash: Uint8Array;
  readonly height: number;
  /** Of this block; the next block may have another. */
  readonly nbits: number;
  /** Median time past of this block, or a little more, unix seconds: the next block must be later. */
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
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** The node was not asked: it has no way to take this, or what the block builds on is gone. */
  | { readonly kind: 'unable'; readonly reason: string };

/** Where a block stands. */
export interface Confirmation {
  readonly inBestChain: boolean;
  /** 1 for the tip; 0 outside the best chain. */
  readonly confirmations: number;
  /** Absent when the node does not know the block. */
  readonly height?: number;
  /**
   * Of a block that is not known, from a node that is not asked but only watched: the height from which blocks were seen.
   * Of blocks below, and of those that came while nobody watched, it says nothing. Absent when all blocks are known.
   */
  readonly seenFrom?: number;
}

export interface NodeHealth {
  /** `wrong-chain`, `behind`: it answers, and is not mined on (see `ChainGuardOptions`). */
  readonly state: 'connecting' | 'ok' | 'ibd' | 'away' | 'wrong-chain' | 'behind';
  /** Why it is not ok, or what it does without, for a person. */
  readonly reason?: string;
  readonly chain?: Network;
  readonly tipHeight?: number;
  readonly lastTemplateAtMs?: number;
  /** What is wrong with this machine's clock or the node's, for a person; absent when nothing is. */
  readonly clock?: string;
  /** Of the IPC connection there is: what must not grow over time. */
  readonly ipc?: IpcHoldings;
}

/** What a connection waits for and holds at the node. */
export interface IpcHoldings {
  /** Calls without an answer. */
  readonly questions: number;
  /** Objects at the node, templates and threads, that are kept for us. */
  readonly imports: number;
}

/** A Bitcoin node as a miner needs it. */
export interface MiningNode {
  readonly name: string;
  /**
   * Templates, newest only: one at once, one for each new tip, one whenever the node has a better one. Never ends by
   * itself: a node that is away or still downloading is waited for, with the reason in the log and in `health`.
   *
   * @param reserve what held templates keep free, 8,000 weight units and 400 sigops when left out; a whole template
   * keeps nothing free. Each call is a stream of its own.
   */
  templates(signal: AbortSignal, reserve?: CoinbaseReserve): AsyncIterable<NodeTemplate>;
  /** Each new best block as soon as it is known, which is before its template is there. */
  tips(signal: AbortSignal): AsyncIterable<NodeTip>;
  /** Whether the node takes whole blocks, as far as it is known: false until it was asked. */
  readonly takesBlocks: boolean;
  /** Hands a block to the node at once, whatever else is asked of it, and again until it answers. */
  submitBlock(block: Uint8Array, signal?: AbortSignal): Promise<SubmitResult>;
  /** @param hash internal byte order */
  confirm(hash: Uint8Array): Promise<Confirmation>;
  health(): NodeHealth;
  close(): Promise<void>;
}
