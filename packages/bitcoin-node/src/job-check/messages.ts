import type { Network } from '@sv2kit/bitcoin';
import type { KnownBlock } from '../rpc/chain-check.ts';
import type { Credentials } from '../rpc/credentials.ts';
import type { JobCheckerStatus, JobTip, JobVerdict } from './job-checker.ts';

/** What the worker is started with: at least one of the ways to speak to the node. */
export interface CheckerSettings {
  /** Path of the node's IPC socket: preferred where both are given. */
  readonly ipc?: string | undefined;
  /** Of the node's RPC, with what lets us in. */
  readonly url?: string | undefined;
  readonly credentials?: Credentials | undefined;
  readonly chain: Network | undefined;
  readonly knownBlocks: readonly KnownBlock[] | undefined;
  readonly pollIntervalMs: number;
  readonly mempoolIntervalMs: number;
  readonly concurrency: number;
}

/** A job in few buffers, so that handing it to another thread costs little. */
export interface PackedJob {
  readonly version: number;
  readonly ntime: number | undefined;
  readonly coinbase: Uint8Array;
  readonly wtxids: Uint8Array;
  readonly lane: string;
  /** Per provided transaction: its place in the job, and where its bytes end in `data`. */
  readonly positions: Uint32Array;
  readonly ends: Uint32Array;
  readonly data: Uint8Array;
}

/** What changed in the node's mempool. Txids as the node shows them. */
export interface MempoolNews {
  readonly added: readonly string[];
  /** For another reason than a block. */
  readonly removed: readonly string[];
  /** False when more happened than is said here. */
  readonly isComplete: boolean;
}

export type ToChecker =
  /** `id` becomes the handle of a valid job; `tip`: what the asker believed the job to be on. */
  | { readonly kind: 'check'; readonly id: number; readonly job: PackedJob; readonly tip: Uint8Array }
  | { readonly kind: 'abort'; readonly id: number }
  | {
      readonly kind: 'block';
      readonly id: number;
      readonly handle: number;
      readonly header: Uint8Array;
      readonly coinbase: Uint8Array;
    }
  | { readonly kind: 'release'; readonly handle: number }
  | { readonly kind: 'mempool'; readonly news: MempoolNews }
  /** The node's best block is said to have changed. */
  | { readonly kind: 'look' }
  /** It is over: the node is to be left in good order. */
  | { readonly kind: 'close' };

export type FromChecker =
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: JobVerdict }
  | { readonly kind: 'block'; readonly id: number; readonly block: Uint8Array | undefined }
  | { readonly kind: 'tip'; readonly tip: JobTip }
  | { readonly kind: 'away'; readonly reason: string }
  /** The thread may be ended. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'status'; readonly status: JobCheckerStatus }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };
