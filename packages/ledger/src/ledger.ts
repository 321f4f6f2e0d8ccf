import { join } from 'node:path';
import { type Clock, systemClock } from './clock.ts';
import type { Projection } from './database/projection.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from './database/queries/types.ts';
import { LedgerError } from './errors.ts';
import type { FileLayer } from './files.ts';
import type { Journal } from './journal.ts';
import { type DatabaseOptions, DEFAULT_RETENTION, type Retention } from './ledger-options.ts';
import { LEDGER_LIMITS } from './limits.ts';
import type { Logger } from './logger.ts';
import { openJournal } from './open-journal.ts';
import { inlineProjector } from './projector/inline-projector.ts';
import { LedgerDatabase } from './projector/ledger-database.ts';
import type { ProjectionState } from './projector/projection-state.ts';
import type { StartProjector } from './projector/projector-host.ts';
import { startThread, threadProjector } from './projector/thread-projector.ts';

export interface LedgerOptions {
  /** The service's data directory: the journal is in `journal` under it. */
  readonly directory: string;
  readonly database: DatabaseOptions;
  readonly retention?: Retention;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Another file system for the journal, for tests: it is then written and projected in this thread. */
  readonly file?: FileLayer;
  readonly syncIntervalMs?: number;
}

/** The record of a service: the journal, and the database that is projected from it. */
export interface Ledger extends AsyncDisposable {
  /** What is acknowledged rests on this alone. */
  readonly journal: Journal;
  /** Of the database. */
  readonly state: ProjectionState;
  /** Calls `listener` each time the kind of state, its reason or the number of dead letters has changed. */
  onState(listener: (state: ProjectionState) => void): void;
  /**
   * Asks the database, whose thread answers. While it is behind the answer is of the records that it has.
   *
   * @throws LedgerError 'ledger-database-away', 'ledger-query-late' or 'ledger-busy'
   */
  query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>>;
  /** Resolves when the database holds the record at `position`, however long that takes; rejects when the ledger is closed. */
  projected(position: number): Promise<void>;
  /** Flushes the journal, lets the database catch up for some seconds, and ends both. */
  close(): Promise<void>;
}

/**
 * Opens the ledger of a data directory: the journal for writing, and a thread that projects it into a database. Does
 * not wait for the database, whatever there is to catch up with; whatever becomes of the database, the journal goes on.
 *
 * @throws what `openJournal` throws
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { directory, database, clock = systemClock, log } = options;
  const journal = await openJournal({ ...options, directory: join(directory, 'journal') });
  if (database.kind === 'none') return journalAlone(journal);
  const projected = new LedgerDatabase({ journal, clock, log, start: starter({ ...options, database, clock }) });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeBoth(journal, projected));
  return {
    journal,
    get state() {
      return projected.state;
    },
    onState: (listener) => projected.onState(listener),
    query: (name, args) => projected.query(name, args),
    projected: (position) => projected.projected(position),
    close,
    [Symbol.asyncDispose]: close,
  };
}

type StarterOptions = LedgerOptions & {
  readonly database: Exclude<DatabaseOptions, { readonly kind: 'none' }>;
  readonly clock: Clock;
};

function starter({ directory, database, retention = DEFAULT_RETENTION, file, clock }: StarterOptions): StartProjector {
  const settings = { directory, database, retention };
  return (watermark, events) =>
    file === undefined
      ? threadProjector(startThread({ ...settings, watermark }), events, clock)
      : inlineProjector({ ...settings, watermark, files: file, clock, connect: () => connect(database) }, events);
}

/** Loaded when it is needed: elsewhere the projector's thread has the database's library to itself. */
async function connect(database: StarterOptions['database']): Promise<Projection> {
  const { openProjection } = await import('./database/open-projection.ts');
  return openProjection(database);
}

async function closeBoth(journal: Journal, database: LedgerDatabase): Promise<void> {
  // What cannot be flushed is said by the journal's own close.
  await journal.flush().catch(() => {});
  // While the journal is still locked, so that no other process projects into the same database.
  await database.close(LEDGER_LIMITS.closeMs);
  await journal.close();
}

function journalAlone(journal: Journal): Ledger {
  const none = (): Promise<never> =>
    Promise.reject(new LedgerError('ledger-database-away', 'there is no database: the configuration says so'));
  return {
    journal,
    get state(): ProjectionState {
      return { kind: 'none', position: 0, lag: 0, deadLetters: 0 };
    },
    onState() {},
    query: none,
    projected: none,
    close: () => journal.close(),
    [Symbol.asyncDispose]: () => journal.close(),
  };
}
