import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LedgerError } from './errors.ts';

const LOCK_FILE = 'lock';
const OWNER_FILE = 'lock-owner';
const SQLITE_BUSY = 5;
const SQLITE_NOT_A_DATABASE = 26;

/** An exclusive hold on a journal's directory. */
export interface DirectoryLock {
  /** May be called again. */
  release(): void;
}

/**
 * Makes this process the only writer of a directory. The lock is the operating system's, through SQLite: it ends with
 * the process however that ends, and holds between containers that share the directory.
 *
 * @throws LedgerError 'ledger-locked' naming the process that holds it; 'ledger-failed' when somebody wrote into the lock;
 * what the file system says of what may not be written
 */
export function lockDirectory(directory: string): DirectoryLock {
  const file = join(directory, LOCK_FILE);
  // Of what may not be written the file system has better words than SQLite.
  for (const path of [directory, file]) if (existsSync(path)) accessSync(path, constants.W_OK);
  const database = new DatabaseSync(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    const code = cause instanceof Error && 'errcode' in cause ? cause.errcode : undefined;
    if (code === SQLITE_NOT_A_DATABASE) throw strange(directory, cause);
    if (code !== SQLITE_BUSY) throw cause;
    const owner = ownerOf(directory);
    throw new LedgerError(
      'ledger-locked',
      `the ledger in ${directory} is in use${owner}; each process needs a directory of its own`,
      { directory },
      { cause },
    );
  }
  writeFileSync(join(directory, OWNER_FILE), `process ${process.pid}\n`);
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}

function strange(directory: string, cause: unknown): LedgerError {
  const file = join(directory, LOCK_FILE);
  const message = `${file} is no lock: remove it while nothing runs on this directory`;
  return new LedgerError('ledger-failed', message, { directory }, { cause });
}

function ownerOf(directory: string): string {
  try {
    return ` by ${readFileSync(join(directory, OWNER_FILE), 'utf8').trim()}`;
  } catch {
    return '';
  }
}
