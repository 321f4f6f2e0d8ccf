import { sameBytes } from '@sv2kit/bitcoin';
import type { Clock, Logger } from '../host.ts';
import { IpcError } from '../ipc/client/ipc-error.ts';
import type { IpcHoldings } from '../node.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { CheckedTransaction, HashKey } from './checked-transaction.ts';
import type { DraftBlock } from './draft-block.ts';
import type { JobTip } from './job-checker.ts';
import type { Judgement } from './judgement.ts';
import type { MempoolNews } from './messages.ts';

/** The tip, and what a block on it needs beside. */
export interface WorkTip extends JobTip {
  /** A time that fits `nbits`, unix seconds. */
  readonly ntime: number;
  /** What a block without transactions pays, in satoshis. */
  readonly subsidy: number;
}

/** Whether a block is the same work on both: on test chains the difficulty may change while the tip does not. */
export function isSameWork(one: Pick<WorkTip, 'hash' | 'nbits'>, other: Pick<WorkTip, 'hash' | 'nbits'>): boolean {
  return one.nbits === other.nbits && sameBytes(one.hash, other.hash);
}

/** What the coinbase of a block may claim: the subsidy, and the fees that are known. */
export function valueOf(transactions: readonly CheckedTransaction[], { subsidy }: WorkTip): bigint {
  return BigInt(transactions.reduce((sum, { fee = 0 }) => sum + fee, subsidy));
}

/** Transactions that the node itself told of. */
export interface NodeTransactions {
  readonly size: number;
  readonly bytes: number;
  get(wtxid: HashKey): CheckedTransaction | undefined;
}

/** A node as the checker's thread needs it, however it is spoken to. It is asked again and again until `close`. */
export interface BackEnd {
  /** What jobs are checked on now; absent while the node cannot be asked. */
  readonly tip: WorkTip | undefined;
  readonly transactions: NodeTransactions;
  /** Of the connection over IPC, where there is one. */
  readonly ipc?: IpcHoldings | undefined;
  start(): void;
  /** Resolves when the node has been told. */
  close(): Promise<void>;
  /** The node's best block is said to have changed: looks now. */
  look(): void;
  /** What the node announced of its mempool. */
  hear(news: MempoolNews): void;
  /** Resolves when those of these transactions that the node can be got to tell of soon are known. */
  seek(wtxids: readonly HashKey[]): Promise<void>;
  /**
   * Has a block judged, its proof of work left out, to the end, whoever gives it up: the node works on it all the same.
   *
   * @param block is nobody else's: it may be written to
   * @param transactions of the block; their fees may become known
   * @throws the signal's reason, or what {@link isNodeFault} knows
   */
  judge(
    block: DraftBlock,
    transactions: readonly CheckedTransaction[],
    tip: WorkTip,
    signal: AbortSignal,
  ): Promise<Judgement>;
  /**
   * Txids of a block; none when the node cannot be asked for that.
   *
   * @param hash internal byte order
   * @throws what {@link isNodeFault} knows
   */
  mined(hash: Uint8Array): Promise<ReadonlySet<HashKey>>;
}

/** Who holds a back end. */
export interface BackEndHost {
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1), for back-off. */
  readonly random: () => number;
  /** A tip after another one or after none. */
  readonly onTip: (tip: WorkTip) => void;
  /** The node cannot be asked. */
  readonly onAway: (reason: string) => void;
}

/** The node gave no answer, or none of use: not a fault of ours. */
export function isNodeFault(error: unknown): error is Error {
  return error instanceof RpcError || error instanceof IpcError;
}
