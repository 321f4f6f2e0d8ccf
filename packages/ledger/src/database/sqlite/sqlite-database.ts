import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LedgerError } from '../../errors.ts';
import type { Database, Reader, Transaction } from '../database.ts';
import { DatabaseAway } from '../faults.ts';
import { type DirectoryLock, lockDirectory } from '../../lock.ts';
import { migrate } from '../migrations/migrations.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import { sqliteError } from './sqlite-errors.ts';
import { SQLITE_WORDS, SqliteSession } from './sqlite-session.ts';

interface Open {
  readonly writer: SqliteSession | undefined;
  readonly reader: SqliteSession;
  /** Tells whether the file is still the one that was opened. */
  readonly inode: number;
}

export interface SqliteOptions {
  readonly file: string;
  /** For questions alone: takes no lock, changes nothing, and may be used beside the program that writes. */
  readonly readOnly?: boolean;
}

/**
 * A SQLite file, opened when it is first used and again after it was away.
 *
 * `synchronous = NORMAL`: a power failure may take the last transactions back, never tear one. They are projected again,
 * for the journal, which is synced before anything is acknowledged, has them all; a sync for each would be for nothing.
 */
export class SqliteDatabase implements Database {
  readonly #options: SqliteOptions;
  readonly #writes = new OneAtATime();
  readonly #reads = new OneAtATime();
  #lock: DirectoryLock | undefined;
  #open: Open | undefined;
  #isClosed = false;

  constructor(options: SqliteOptions) {
    this.#options = options;
  }

  transaction<T>(run: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#writes.run(async () => {
      const { writer } = await this.#opened();
      if (writer === undefined) throw new Error('this database was opened for questions alone');
      return this.#within(writer, 'BEGIN IMMEDIATE', run);
    });
  }

  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#reads.run(async () => this.#within((await this.#opened()).reader, 'BEGIN', run));
  }

  settle(): Promise<void> {
    return this.#writes.run(async () => {
      const { writer } = await this.#opened();
      if (writer === undefined) return;
      // The sync of one commit takes all commits before it along.
      this.#sync(() => writer.exec('PRAGMA synchronous = FULL'));
      await this.#within(writer, 'BEGIN IMMEDIATE', (session) => session.run('UPDATE journals SET name = name'));
      this.#sync(() => writer.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_checkpoint(TRUNCATE)'));
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writes.run(() => this.#reads.run(async () => this.#abandon()));
    this.#lock?.release();
  }

  async #within<T>(session: SqliteSession, begin: string, run: (session: SqliteSession) => Promise<T>): Promise<T> {
    try {
      session.exec(begin);
      const result = await run(session);
      session.exec('COMMIT');
      return result;
    } catch (error) {
      try {
        session.exec('ROLLBACK');
      } catch {
        // SQLite has rolled back itself, or never began.
      }
      // The other connection may have met an error of the file, and taken this one along.
      throw session.isOpen ? this.#judge(error) : new DatabaseAway('the database was closed', { cause: error });
    }
  }

  #sync(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw this.#judge(error);
    }
  }

  /** After an error of the file nothing of the connections is trusted. */
  #judge(error: unknown): unknown {
    const judged = sqliteError(error, this.#options.file);
    if (judged instanceof DatabaseAway || judged instanceof LedgerError) this.#abandon();
    return judged;
  }

  #abandon(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.reader.close();
    // The last one puts what is in the log into the file, which a reader cannot.
    open?.writer?.close();
  }

  async #opened(): Promise<Open> {
    if (this.#isClosed) throw new Error('the database is closed');
    const open = this.#open;
    if (open !== undefined && inodeOf(this.#options.file) === open.inode) return open;
    if (open !== undefined) {
      this.#abandon();
      throw new DatabaseAway('the file of the database is gone, or is another than the one that was opened');
    }
    return (this.#open = await this.#start());
  }

  async #start(): Promise<Open> {
    const { file, readOnly = false } = this.#options;
    let writer: SqliteSession | undefined;
    let reader: SqliteSession | undefined;
    try {
      if (!readOnly) writer = await this.#startWriter(file);
      reader = new SqliteSession(file, true);
      return { writer, reader, inode: inodeOf(file) ?? 0 };
    } catch (error) {
      reader?.close();
      writer?.close();
      if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')) {
        const judged = sqliteError(error, file);
        // The folder's own errors (ENOENT, EACCES, …) carry no number of SQLite's.
        throw judged === error && 'syscall' in error ? new DatabaseAway(error.message, { cause: error }) : judged;
      }
      throw error;
    }
  }

  async #startWriter(file: string): Promise<SqliteSession> {
    mkdirSync(dirname(file), { recursive: true });
    const lockFolder = `${file}.lock`;
    mkdirSync(lockFolder, { recursive: true });
    this.#lock ??= lockDirectory(lockFolder);
    const writer = new SqliteSession(file, false);
    try {
      writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      writer.exec(
        'PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY',
      );
      await migrate((run) => this.#within(writer, 'BEGIN IMMEDIATE', run), SQLITE_WORDS);
      return writer;
    } catch (error) {
      writer.close();
      throw error;
    }
  }
}

/** Moves a file that nobody uses out of the way, with its log, for whoever wants to look at it. Only the last one stays. */
export function setSqliteAside(file: string): void {
  for (const end of ['', '-wal', '-shm']) {
    rmSync(`${file}.damaged${end}`, { force: true });
    if (existsSync(`${file}${end}`)) renameSync(`${file}${end}`, `${file}.damaged${end}`);
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
