import type { DeclarationLimits } from '../limits.ts';
import type { PayoutTerms } from '../payout-rules.ts';
import type { DeclarationEffect } from './effects.ts';
import type { JobBook } from './job-book.ts';
import type { TokenIds } from './token-desk.ts';

/** The node's best block, which declared jobs are checked on. */
export interface DeclarationTip {
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** Of the best block; a job's block is one higher. */
  readonly height: number;
}

export interface DeclarationsOptions extends PayoutTerms {
  /** 32 bytes: what tokens are made with, shared with the pool. */
  readonly key: Uint8Array;
  /** Random bytes, at least 16, other ones in every run: what token ids are made from. */
  readonly seed: Uint8Array;
  readonly limits?: Partial<DeclarationLimits>;
}

/** What connections share. */
export interface Surroundings {
  readonly options: DeclarationsOptions;
  readonly limits: DeclarationLimits;
  readonly ids: TokenIds;
  readonly jobs: JobBook;
  /** Absent while the node cannot be asked. */
  readonly tip: DeclarationTip | undefined;
  /** Connections, the declarations of theirs that are being judged, and what was provided for these, in bytes. */
  readonly load: { connections: number; pending: number; providedBytes: number };
  /** Numbers a check, so that its result finds the way back. */
  expect(peer: number, requestId: number): number;
  /** Nobody waits for its result any more. */
  cancel(check: number): void;
  emit(effect: DeclarationEffect): void;
}
