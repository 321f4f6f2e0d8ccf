import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openProjection } from '../database/open-projection.ts';
import type { Projection, ProjectionOptions } from '../database/projection.ts';
import { nodeFiles } from '../files.ts';
import { lockDirectory } from '../lock.ts';
import { SourceFollower } from '../projector/source-follower.ts';
import { readJournal } from '../read-journal.ts';
import { LEDGER_FILES } from './backup.ts';
import { KeepingError } from './errors.ts';
import { lastPositionIn } from './scan.ts';

export interface RebuildOptions {
  readonly dataDir: string;
  readonly database: ProjectionOptions;
  /** Also when the journal's first records are gone, whose sums the database alone knows. */
  readonly partial?: boolean;
  /** Called with the position that the new database has come to, and the journal's last. */
  readonly onProgress?: (position: number, last: number) => void;
}

/** What was made. */
export interface Rebuilt {
  /** Positions of the first and the last record of the journal that it is made of. */
  readonly firstPosition: number;
  readonly position: number;
  readonly deadLetters: number;
}

/**
 * Makes the database anew from the journals, which no role may be using. A SQLite database is replaced when the new one
 * is whole.
 *
 * @throws LedgerError 'ledger-locked' while the role runs; KeepingError 'keeping-partial'; DatabaseAway
 */
export async function rebuildDatabase(options: RebuildOptions): Promise<Rebuilt> {
  const { dataDir, database, partial = false } = options;
  const journal = join(dataDir, LEDGER_FILES.journal);
  const lock = lockDirectory(journal);
  try {
    const firstPosition = await firstOf(journal);
    if (firstPosition > 1 && !partial) throw partOnly(firstPosition);
    const file = database.kind === 'sqlite' ? `${database.file}.rebuilding` : undefined;
    if (file !== undefined) await removeSqlite(file);
    const rebuilt = await project(options, file === undefined ? database : { kind: 'sqlite', file }, firstPosition);
    if (file !== undefined && database.kind === 'sqlite') await replace(file, database.file);
    return rebuilt;
  } finally {
    lock.release();
  }
}

async function project(
  { dataDir, onProgress }: RebuildOptions,
  database: ProjectionOptions,
  firstPosition: number,
): Promise<Rebuilt> {
  await using projection = await openProjection(database);
  await projection.reset();
  const last = onProgress === undefined ? 0 : await lastPositionIn(join(dataDir, LEDGER_FILES.journal));
  const position = await follow('journal', dataDir, projection, (at) => onProgress?.(at, last));
  if (existsSync(join(dataDir, LEDGER_FILES.payments))) await follow('payments', dataDir, projection);
  await projection.settle();
  const { total } = await projection.query('deadLetters', { offset: 0, limit: 1 });
  return { firstPosition, position, deadLetters: total };
}

async function follow(
  source: 'journal' | 'payments',
  directory: string,
  projection: Projection,
  onProgress: (position: number) => void = () => {},
): Promise<number> {
  const follower = new SourceFollower({ source, files: nodeFiles, directory, projection, onSetAside: () => {} });
  // What is left is all there is to make it of.
  await follower.begin(Number.POSITIVE_INFINITY, true);
  while (await follower.step(Number.POSITIVE_INFINITY)) onProgress(follower.position);
  return follower.position;
}

async function firstOf(journal: string): Promise<number> {
  for await (const { position } of readJournal(journal)) return position;
  return 1;
}

function partOnly(firstPosition: number): KeepingError {
  const message =
    `the journal begins with record ${firstPosition}: what was recorded before is only in the database that is there, ` +
    'and would be lost';
  return new KeepingError('keeping-partial', message, { firstPosition });
}

/** The old file's log must not be taken for the new one's. */
async function replace(file: string, old: string): Promise<void> {
  await rm(`${old}-wal`, { force: true });
  await rm(`${old}-shm`, { force: true });
  await rename(file, old);
  nodeFiles.syncDirectory(dirname(old));
  await removeSqlite(file);
}

async function removeSqlite(file: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '.lock']) await rm(`${file}${end}`, { recursive: true, force: true });
}
