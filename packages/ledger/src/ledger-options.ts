/** Where the journal is projected to. */
export type DatabaseOptions =
  /** Embedded; made when it is not there. */
  | { readonly kind: 'sqlite'; readonly file: string }
  /** The URL may hold a password: it is never logged. */
  | { readonly kind: 'postgres'; readonly url: string }
  /** The journal alone: no reports, no payouts. */
  | { readonly kind: 'none' };

/** How long what is kept. */
export interface Retention {
  /** Single shares in the database; their sums stay. */
  readonly sharesDays: number;
  /** Sums by the minute in the database; after that they are sums of an hour. */
  readonly minutesDays: number;
  /** Files of the journal that are projected; 0 keeps them for ever. */
  readonly journalDays: number;
}

/** What is kept when nothing else is said. */
export const DEFAULT_RETENTION: Retention = { sharesDays: 7, minutesDays: 35, journalDays: 0 };
