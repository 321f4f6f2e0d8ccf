import type { JournalEntry } from '../read-journal.ts';
import type { Reader, Transaction } from './database.ts';
import type { Source } from './projection.ts';
import type { Table } from './schema.ts';

/** What payouts add to the projection. */
export interface PayoutHooks {
  readonly tables: readonly Table[];
  /**
   * Called in order for PayoutTerms, PayoutSplit, PayoutPaid, BlockFound and BlockStatus, in the transaction of the
   * batch: the tables hold everything up to this record, itself included, and nothing behind it.
   *
   * @throws RecordFault when the record cannot be applied: nothing of it must depend on time or chance
   */
  apply(transaction: Transaction, entry: JournalEntry, source: Source): Promise<void>;
  /** Answers by name; one state of the database. */
  readonly queries: Readonly<Record<string, (reader: Reader, args: never) => Promise<unknown>>>;
}
