import type { JournalEntry } from '../read-journal.ts';
import type { DatabaseOptions, Retention } from '../ledger-options.ts';
import type { Reader } from './database.ts';
import type { RecordFault } from './faults.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from './queries/types.ts';

/** Journals that one database is a projection of. Each has positions of its own. */
export const SOURCES = ['journal', 'payments'] as const;
export type Source = (typeof SOURCES)[number];

/** How far a journal is projected. */
export interface ProjectedPosition {
  /** Of the last record that was applied or became a dead letter; 0 when there is none. */
  readonly position: number;
  /** `fingerprintOf` that record: a journal with another record there is another journal. Empty at 0. */
  readonly fingerprint: string;
}

/** What an upkeep removed. */
export interface Retained {
  readonly shares: number;
  /** Slices of a minute that became part of one of an hour. */
  readonly slices: number;
}

/**
 * The journal as tables, in SQLite or PostgreSQL. Whatever is thrown, the database holds a whole number of records:
 * after DatabaseAway ask `position` and go on from there.
 */
export interface Projection extends AsyncDisposable {
  position(source?: Source): Promise<ProjectedPosition>;
  /**
   * Applies records in order, in one transaction with the new position: exactly once, however often it is tried.
   * Records at or below the position are skipped.
   *
   * @throws DatabaseAway: nothing of the batch, or (when the connection broke during the commit) all of it is applied
   * @throws RecordFault: all records before `position` are applied, it and what follows is not: `applyDead` it, go on
   * @throws LedgerError 'ledger-corrupted' when records are missing before the first, 'ledger-locked' when another
   * program has written meanwhile
   */
  apply(entries: readonly JournalEntry[], source?: Source): Promise<void>;
  /** Puts the record behind the position among the dead letters, and the position behind it. */
  applyDead(entry: JournalEntry, fault: Pick<RecordFault, 'code' | 'message'>, source?: Source): Promise<void>;
  /** Empties the tables: the journals are to be projected from their beginning. */
  reset(): Promise<void>;
  /** Answers from one state of the database. */
  query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>>;
  /** Several questions about one state, in SQL. */
  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T>;
  /** Removes single shares, and makes hours of minutes, that are older than they are kept. In small transactions. */
  retain(retention: Retention): Promise<Retained>;
  /** Position of a record that is about so many days old by what is recorded; older ones are before it. 0: none is. */
  firstWithin(days: number): Promise<number>;
  /** Returns when whatever is applied survives a power failure: before files of the journal are removed. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export type ProjectionOptions = Exclude<DatabaseOptions, { readonly kind: 'none' }>;
