import type { IpcHoldings, SubmitResult } from '../node.ts';

/** What jobs are checked on: the node's best block, and what the one after it must have. */
export interface JobTip {
  /** Of the best block, internal byte order: the `prev_hash` of a job. */
  readonly hash: Uint8Array;
  /** Of the best block; a job's block is one higher. */
  readonly height: number;
  /** Compact difficulty of the next block. */
  readonly nbits: number;
  /** Lowest time that the next block may have, unix seconds: median time past + 1. */
  readonly minNtime: number;
}

/** A transaction that the checker did not know, at its place among the job's transactions (from 0, no coinbase). */
export interface ProvidedTransaction {
  readonly position: number;
  /** Serialized with its witness. */
  readonly transaction: Uint8Array;
}

/** A block to be, without proof of work (§6.4.4). */
export interface JobToCheck {
  /** The job's own; a version that the node finds too old is refused. */
  readonly version: number;
  /** Unix seconds; a time that fits the node's tip when left out. */
  readonly ntime?: number | undefined;
  /** Serialized with its witness, the extranonce filled in. */
  readonly coinbase: Uint8Array;
  /** 32 bytes for each transaction after the coinbase, in block order, internal byte order. */
  readonly wtxids: Uint8Array;
  readonly provided: readonly ProvidedTransaction[];
  /** Who asks: lanes take turns at the node. */
  readonly lane?: string | undefined;
}

/** The job makes a block that the node would accept if it had proof of work. */
export interface ValidJob {
  readonly kind: 'valid';
  /** Names the job until it is released. */
  readonly handle: number;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Of the job's block. */
  readonly height: number;
  /** Unix seconds: median time past + 1. */
  readonly minNtime: number;
  /** Of the coinbase, deepest hash first (§5.3.16). */
  readonly merklePath: readonly Uint8Array[];
  /** What the coinbase may claim, in satoshis, exactly: subsidy and all fees. */
  readonly value: bigint;
  /** Of the whole block, BIP141 weight units. */
  readonly weight: number;
}

/** What is to be said of a job. */
export type JobVerdict =
  /** These transactions are not known: to be asked for, and the job to be checked again with them provided. */
  | { readonly kind: 'missing'; readonly positions: readonly number[] }
  /** The transaction at `position` is there before as well. */
  | { readonly kind: 'duplicate'; readonly position: number }
  /** What was provided for `position` is no transaction, or not the one that its wtxid names. */
  | { readonly kind: 'wrong-transaction'; readonly position: number }
  | ValidJob
  /** `reason`: the node's word (BIP22), e.g. `bad-cb-amount`. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** The node's best block changed while the job was looked at. */
  | { readonly kind: 'stale' }
  /** Nothing can be said now: the node is away or behind, or too much is being checked. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface JobCheckerStatus {
  /** Transactions known from the node. */
  readonly known: number;
  /** What they weigh in memory. */
  readonly bytes: number;
  /** Transactions that peers provided for jobs found valid, kept for the next job. */
  readonly validated: number;
  readonly validatedBytes: number;
  /** Valid jobs not yet released, and the transactions that only they hold. */
  readonly jobs: number;
  readonly jobBytes: number;
  /** Checks at the node, and those that wait for their turn. */
  readonly running: number;
  readonly waiting: number;
  /** Of the checker's own IPC connection: neither may grow. Absent without one. */
  readonly ipc?: IpcHoldings;
  /** Why nothing can be checked now; absent when it can. */
  readonly reason?: string;
}

/** Checks blocks to be on one node. Nothing of it holds up the thread that asks. */
export interface JobChecker extends AsyncDisposable {
  /** Absent while the node cannot be asked. */
  readonly tip: JobTip | undefined;
  /** Calls `listener` for each tip that jobs are checked on from now on. */
  onTip(listener: (tip: JobTip) => void): Disposable;
  /** Rejects only with the signal's reason, when it aborts. */
  check(job: JobToCheck, signal?: AbortSignal): Promise<JobVerdict>;
  /**
   * Assembles the whole block and hands it to the node until the node answers.
   *
   * @param header 80 bytes, solved
   * @param coinbase with its witness
   */
  submit(handle: number, header: Uint8Array, coinbase: Uint8Array): Promise<SubmitResult>;
  /** The serialized block. Rejects when the handle is not known (any more). */
  block(handle: number, header: Uint8Array, coinbase: Uint8Array): Promise<Uint8Array>;
  /** The job is not needed any more; its transactions go unless another one has them. */
  release(handle: number): void;
  status(): JobCheckerStatus;
}

export interface JobCheckerOptions {
  /** Where the node publishes its mempool's changes (`-zmqpubsequence`), e.g. `tcp://127.0.0.1:28332`. */
  readonly zmqSequence?: string | undefined;
  /** How often the node is asked what its mempool holds, in ms; a tenth of that with ZMQ. */
  readonly mempoolIntervalMs?: number | undefined;
  /** How many jobs the node may check at once. */
  readonly concurrency?: number | undefined;
}
