import type { LedgerErrorCode } from '../errors.ts';
import type { SetAside } from './applier.ts';

/** What a projector tells; plain data, so that it can be posted from a thread. */
export type ProjectorReport =
  | { readonly kind: 'progress'; readonly position: number; readonly deadLetters: number; readonly caughtUp: boolean }
  | { readonly kind: 'away'; readonly reason: string }
  | { readonly kind: 'refused'; readonly code: LedgerErrorCode; readonly reason: string }
  /** A damaged database was set aside, and is made anew from the journal. */
  | { readonly kind: 'made-anew'; readonly reason: string }
  /** Records that went to the dead letters: the first of them, and how many more. */
  | { readonly kind: 'set-aside'; readonly letter: SetAside; readonly more: number }
  /** What was kept long enough: shares and slices in the database, files of the journal. */
  | { readonly kind: 'removed'; readonly shares: number; readonly slices: number; readonly files: number }
  /** It stays longer. */
  | { readonly kind: 'not-removed'; readonly reason: string };
