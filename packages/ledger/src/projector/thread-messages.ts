import type { LedgerQueries } from '../database/queries/types.ts';
import type { ProjectionOptions } from '../database/projection.ts';
import type { LedgerErrorCode } from '../errors.ts';
import type { Retention } from '../ledger-options.ts';
import type { ProjectorReport } from './projector-report.ts';

/** What a projector's thread is started with. */
export interface ProjectorSettings {
  /** With the journals in `journal` and `payments`. */
  readonly directory: string;
  readonly database: ProjectionOptions;
  readonly retention: Retention;
  /** Everything in the journal up to this record is on disk. */
  readonly watermark: number;
}

/** Ledger -> projector's thread. */
export type ToProjector =
  | { readonly kind: 'watermark'; readonly watermark: number }
  | { readonly kind: 'query'; readonly id: number; readonly name: keyof LedgerQueries; readonly args: unknown }
  | { readonly kind: 'close'; readonly limitMs: number };

/** Projector's thread -> ledger. */
export type FromProjector =
  | { readonly kind: 'report'; readonly report: ProjectorReport }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'no-answer'; readonly id: number; readonly problem: Problem };

/** Why a question has no answer; an error without what a thread cannot post. */
export interface Problem {
  /** Undefined of what is not the ledger's: a bug, or a question that makes no sense. */
  readonly code: LedgerErrorCode | undefined;
  readonly message: string;
}
