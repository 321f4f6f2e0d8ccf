import { join } from 'node:path';
import type { Clock } from './clock.ts';
import type { FileLayer } from './files.ts';
import type { Journal } from './journal.ts';
import type { DatabaseOptions, Retention } from './ledger-options.ts';
import type { Logger } from './logger.ts';
import { openJournal } from './open-journal.ts';
import type { ProjectionState } from './projector/projection-state.ts';

export interface LedgerOptions {
  /** The service's data directory: the journal is in `journal` under it. */
  readonly directory: string;
  readonly database: DatabaseOptions;
  readonly retention?: Retention;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Another file system for the journal, for tests. */
  readonly file?: FileLayer;
  readonly syncIntervalMs?: number;
}

/** The record of a service: the journal, and the database that is projected from it. */
export interface Ledger extends AsyncDisposable {
  /** What is acknowledged rests on this alone. */
  readonly journal: Journal;
  readonly state: ProjectionState;
  /** Calls `listener` each time the kind of state, its reason or the number of dead letters has changed. */
  onState(listener: (state: ProjectionState) => void): void;
  /** Flushes the journal, lets the database catch up for a bounded time, and ends both. */
  close(): Promise<void>;
}

/**
 * Opens the ledger of a data directory: the journal for writing, and a thread that projects it into a database. Does
 * not wait for the database, whatever there is to catch up with; whatever becomes of the database, the journal goes on.
 *
 * @throws what `openJournal` throws
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { directory, database, ...rest } = options;
  const journal = await openJournal({ ...rest, directory: join(directory, 'journal') });
  if (database.kind !== 'none') options.log.info('there is no projector yet');
  return {
    journal,
    state: { kind: 'none', position: 0, lag: 0, deadLetters: 0 },
    onState() {},
    close: () => journal.close(),
    [Symbol.asyncDispose]: () => journal.close(),
  };
}
