import type { LedgerErrorCode } from '../errors.ts';

/** How far the database has come. */
export interface ProjectionFigures {
  /** Position of the journal's last record that the database holds; 0 when none is known. */
  readonly position: number;
  /** Records on disk that it does not hold yet. */
  readonly lag: number;
  /** Records that could not be applied and were set aside. */
  readonly deadLetters: number;
}

/** Whether the database can be relied on. None of these concerns the journal: shares are acknowledged in all of them. */
export type ProjectionState = ProjectionFigures &
  (
    | { readonly kind: 'ok' }
    /** By configuration there is no database. */
    | { readonly kind: 'none' }
    /** It catches up: after a start, or because it is slower than the miners. Ends by itself. */
    | { readonly kind: 'behind'; readonly reason: string }
    /** It cannot be reached or written. It is tried again until it can. */
    | { readonly kind: 'away'; readonly reason: string }
    /** It is not of this journal, or the journal is damaged: a person must decide, then start again. */
    | { readonly kind: 'refused'; readonly code: LedgerErrorCode; readonly reason: string }
  );
