import { setTimeout } from 'node:timers/promises';
import { LedgerError } from '../../errors.ts';
import type { Database, Reader, Transaction } from '../database.ts';
import { DatabaseAway } from '../faults.ts';
import { migrate } from '../migrations/migrations.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import type { TableWords } from '../schema.ts';
import { POSTGRES_TYPES } from './array-literals.ts';
import type { PostgresSession } from './postgres-session.ts';

const WORDS: TableWords = { types: POSTGRES_TYPES, end: () => '' };
/** Names the lock among those of other programs in the same database. */
const LOCK_CLASS = 0x5356_324b;
const LOCK_ATTEMPTS = 20;
const LOCK_MS = 100;
const LOCKED = 'another program projects into this database: give each its own, or its own schema';

export interface PostgresOptions {
  readonly url: string;
  /** For questions alone: takes no lock, changes nothing, and may be used beside the program that writes. */
  readonly readOnly?: boolean;
}

/**
 * A PostgreSQL database, or one schema of it (`?options=-csearch_path%3Dname`), connected when it is first used and
 * again after it was away. Two connections: one writes, and holds the lock that keeps other writers out for as long as
 * it lasts; the other answers questions.
 */
export class PostgresDatabase implements Database {
  readonly #options: PostgresOptions;
  readonly #writes = new OneAtATime();
  readonly #reads = new OneAtATime();
  #writer: PostgresSession | undefined;
  #reader: PostgresSession | undefined;
  /** The server's process of the connection before. */
  #lostProcess: number | undefined;
  #isClosed = false;

  constructor(options: PostgresOptions) {
    this.#options = options;
  }

  transaction<T>(run: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#writes.run(async () => within(await this.#writing(), 'BEGIN', run));
  }

  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#reads.run(async () =>
      within(await this.#reading(), 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', run),
    );
  }

  async settle(): Promise<void> {
    // The flush of one commit takes all commits before it along.
    await this.transaction(async (transaction) => {
      await transaction.run('SET LOCAL synchronous_commit = on');
      await transaction.run('UPDATE journals SET name = name');
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writes.run(() => this.#reads.run(async () => {}));
    await Promise.all([this.#writer?.close(), this.#reader?.close()]);
  }

  async #writing(): Promise<PostgresSession> {
    if (this.#isClosed) throw new Error('the database is closed');
    if (this.#options.readOnly === true) throw new Error('this database was opened for questions alone');
    if (this.#writer !== undefined && !this.#writer.isBroken) return this.#writer;
    const session = await connect(this.#options.url);
    try {
      await take(session, this.#lostProcess);
      this.#lostProcess = session.processId;
      await migrate((run) => within(session, 'BEGIN', run), WORDS);
    } catch (error) {
      session.destroy();
      throw error;
    }
    return (this.#writer = session);
  }

  async #reading(): Promise<PostgresSession> {
    if (this.#isClosed) throw new Error('the database is closed');
    if (this.#reader !== undefined && !this.#reader.isBroken) return this.#reader;
    // The tables must be there, and of a form that this program knows.
    if (this.#options.readOnly !== true) await this.#writes.run(async () => void (await this.#writing()));
    return (this.#reader = await connect(this.#options.url));
  }
}

/** The driver is loaded by whoever uses it: most roles never do. */
async function connect(url: string): Promise<PostgresSession> {
  const { PostgresSession } = await import('./postgres-session.ts');
  return await PostgresSession.open(url);
}

async function within<T>(
  session: PostgresSession,
  begin: string,
  run: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  try {
    await session.run(begin);
    const result = await run(session);
    await session.run('COMMIT');
    return result;
  } catch (error) {
    // A connection on which something is under way, or half done, is not used again.
    if (error instanceof DatabaseAway) session.destroy();
    else await session.run('ROLLBACK').catch(() => session.destroy());
    throw error;
  }
}

/** Keeps other programs from writing into the same schema; the lock ends with the connection. */
async function take(session: PostgresSession, lostProcess: number | undefined): Promise<void> {
  const [row] = await session.all(
    "SELECT current_setting('server_encoding') AS encoding, hashtext(current_schema()) AS name",
  );
  if (row?.['encoding'] !== 'UTF8') {
    throw new DatabaseAway(`the database's encoding is ${row?.['encoding']}: make one of encoding UTF8`);
  }
  if (row['name'] === null) throw new DatabaseAway('the schema is not there that the tables are to be in');
  const lock = [LOCK_CLASS, row['name'] ?? null];
  for (let attempt = 0; ; attempt++) {
    const [taken] = await session.all('SELECT CAST(pg_try_advisory_lock($1, $2) AS INT) AS taken', lock);
    if (taken?.['taken'] === 1) return;
    // The server may not have noticed yet that this program's last connection, or another program, is gone.
    if (attempt === LOCK_ATTEMPTS) throw new LedgerError('ledger-locked', LOCKED);
    if (lostProcess !== undefined) {
      await session.all(
        `SELECT pg_terminate_backend(pid) AS ended FROM pg_locks
        WHERE locktype = 'advisory' AND pid = $1 AND classid = $2 AND objsubid = 2`,
        [lostProcess, LOCK_CLASS],
      );
    }
    await setTimeout(LOCK_MS);
  }
}
