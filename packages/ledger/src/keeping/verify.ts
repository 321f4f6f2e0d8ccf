import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Reader } from '../database/database.ts';
import { LedgerError } from '../errors.ts';
import { nodeFiles } from '../files.ts';
import type { JournalEntry } from '../read-journal.ts';
import { LEDGER_FILES, noLedger } from './backup.ts';
import { checkFiles } from './backup-check.ts';
import { EPOCH_FILE } from '../boot-epoch.ts';
import { fileHash } from './file-hash.ts';
import { DatabaseCheck, type DatabaseSummary } from './database-check.ts';
import { KeepingError } from './errors.ts';
import { type Finding, type FindingCode, JournalCheck, type JournalSummary } from './journal-check.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { COPY_MARK } from './restored-epoch.ts';
import { journalSize } from './scan.ts';

export interface VerifyOptions {
  /** A `data_dir`, whose role may be running, or a backup. */
  readonly directory: string;
  /** Asked for one state of the database; undefined when there is none. */
  readonly snapshot?: ((run: (reader: Reader) => Promise<DatabaseCheck>) => Promise<DatabaseCheck>) | undefined;
  /** Called with bytes of the journals read, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was found. */
export interface Verification {
  /** A backup is one until it is opened by a role. */
  readonly kind: 'ledger' | 'backup';
  readonly manifest: Manifest | undefined;
  readonly journals: readonly JournalSummary[];
  /** Undefined when there is none. */
  readonly database: DatabaseSummary | undefined;
  /** Why the database was not compared, where it is there and well: another program's tables. */
  readonly notCompared: string | undefined;
  /** Empty when all is well. */
  readonly findings: readonly Finding[];
}

/**
 * Reads a whole ledger and holds it against what was promised: every record readable, none missing, boot epochs
 * rising; of a backup, every file as it was written.
 *
 * @throws KeepingError 'keeping-no-ledger', 'keeping-manifest'
 */
export async function verifyLedger({ directory, snapshot, onProgress }: VerifyOptions): Promise<Verification> {
  if (!existsSync(join(directory, LEDGER_FILES.journal))) throw noLedger(directory);
  const manifest = await manifestOfBackup(directory);
  const findings: Finding[] = manifest === undefined ? [] : [...(await checkFiles(directory, manifest))];
  // Before the journals, so that they hold all that it holds.
  const { database, notCompared, finding } = await begin(snapshot);
  if (finding !== undefined) findings.push(finding);
  const names = (['journal', 'payments'] as const).filter((name) => existsSync(join(directory, name)));
  let total = 0;
  let done = 0;
  for (const name of names) total += await journalSize(join(directory, name));
  const journals: JournalSummary[] = [];
  for (const name of names) {
    const onSegment = (bytes: number): void => onProgress?.((done += bytes), total);
    const onEntry = (entry: JournalEntry): void => database?.entry(name, entry);
    const checked = await new JournalCheck(name).run(join(directory, name), onEntry, onSegment);
    journals.push(checked.summary);
    findings.push(...checked.findings);
  }
  findings.push(...(database?.finish(journals) ?? []));
  const kind = manifest === undefined ? 'ledger' : 'backup';
  return { kind, manifest, journals, database: database?.summary, notCompared, findings };
}

/** What is wrong with the database does not keep the journal from being verified. */
async function begin(snapshot: VerifyOptions['snapshot']): Promise<{
  readonly database?: DatabaseCheck | undefined;
  readonly notCompared?: string;
  readonly finding?: Finding;
}> {
  try {
    return { database: await snapshot?.(DatabaseCheck.begin) };
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'ledger-version') return { notCompared: error.message };
    if (error instanceof LedgerError) return { finding: databaseFinding('database-damaged', error.message) };
    if (!(error instanceof KeepingError)) throw error;
    return { finding: databaseFinding('database-away', error.message) };
  }
}

const databaseFinding = (code: FindingCode, text: string): Finding => ({ code, where: 'database', text });

/** Of a folder that is a backup and was not opened by a role since: else what it holds has changed. */
async function manifestOfBackup(directory: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(directory);
  if (manifest === undefined) return undefined;
  const journal = join(directory, LEDGER_FILES.journal);
  const names = nodeFiles.list(journal);
  if (names.includes(COPY_MARK) || !names.includes(EPOCH_FILE)) return manifest;
  const wrote = manifest.files.find(({ path }) => path === `${LEDGER_FILES.journal}/${EPOCH_FILE}`);
  return wrote?.sha256 === (await fileHash(join(journal, EPOCH_FILE))).sha256 ? manifest : undefined;
}
