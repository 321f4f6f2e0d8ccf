import type { CoinbaseParts } from '@sv2kit/bitcoin';
import type { JobDeclarationFromServer } from '@sv2kit/codec';
import type { DeclareErrorCode } from './codes.ts';

/** A block to be, as the node is asked about it. */
export interface CheckRequest {
  readonly version: number;
  /** With its witness; zeros as extranonce. */
  readonly coinbase: Uint8Array;
  /** 32 bytes each, in block order, internal byte order. */
  readonly wtxids: Uint8Array;
  readonly provided: readonly { readonly position: number; readonly transaction: Uint8Array }[];
}

/** What the node said of it. */
export type CheckResult =
  /** These transactions are not known. */
  | { readonly kind: 'missing'; readonly positions: readonly number[] }
  | { readonly kind: 'duplicate'; readonly position: number }
  | { readonly kind: 'wrong-transaction'; readonly position: number }
  | ValidBlock
  /** `reason`: BIP22. */
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'stale' }
  | { readonly kind: 'unavailable'; readonly reason: string }
  /** The host made a mistake. */
  | { readonly kind: 'failed' };

/** A block that the node would accept if it had proof of work. */
export interface ValidBlock {
  readonly kind: 'valid';
  /** Names it at the node until it is released. */
  readonly handle: number;
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  readonly height: number;
  /** Median time past + 1, unix seconds. */
  readonly minNtime: number;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
  /** Subsidy and fees in satoshis, exactly. */
  readonly value: bigint;
}

/** A block that was found on a declared job. */
export interface SolvedJob {
  readonly handle: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** 80 bytes. */
  readonly header: Uint8Array;
  /** With its witness. */
  readonly coinbase: Uint8Array;
  readonly height: number;
  /** The connection that declared the job. */
  readonly peer: number;
  /** For whom. */
  readonly userIdentity: Uint8Array;
}

/** What the host is to do. */
export type DeclarationEffect =
  | { readonly kind: 'send'; readonly peer: number; readonly message: JobDeclarationFromServer }
  /** Ask the node, then tell `Declarations.checked`. */
  | { readonly kind: 'check'; readonly peer: number; readonly check: number; readonly job: CheckRequest }
  /** Nobody waits for that answer any more. */
  | { readonly kind: 'cancel'; readonly check: number }
  /** The node may forget a valid block. */
  | { readonly kind: 'release'; readonly handle: number }
  /** Hand it to the node at once. */
  | { readonly kind: 'submit'; readonly solved: SolvedJob }
  | { readonly kind: 'report'; readonly peer: number; readonly event: DeclarationEvent };

/** What a declared job is, and is worth. */
export interface DeclaredWorth {
  readonly height: number;
  /** Subsidy and fees in satoshis. */
  readonly value: bigint;
  /** Satoshis to the pool. */
  readonly payout: bigint;
  /** The fraction of its shares' difficulty that the pool will credit. */
  readonly credit: number;
  readonly userIdentity: Uint8Array;
  /** Names the block at the node, until it is released. */
  readonly handle: number;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly parts: CoinbaseParts;
  /** Whether the coinbase has a witness. */
  readonly segwit: boolean;
}

/** What is worth counting. */
export type DeclarationEvent =
  | { readonly kind: 'token'; readonly delayed: boolean }
  | {
      readonly kind: 'declaration';
      readonly outcome: 'declared' | DeclareErrorCode;
      /** The BIP22 reason, or the position, where there is one. */
      readonly detail: string;
      readonly tookMs: number;
      readonly transactions: number;
      readonly provided: number;
      /** What it is worth, once it is declared. */
      readonly worth: DeclaredWorth | undefined;
    }
  | { readonly kind: 'solution'; readonly outcome: 'block' | 'no-block' };
