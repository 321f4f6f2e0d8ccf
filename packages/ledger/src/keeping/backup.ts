import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { beginEpoch, EPOCH_FILE, readEpoch } from '../boot-epoch.ts';
import { isDiskFull } from '../disk-full.ts';
import { nodeFiles } from '../files.ts';
import { readRecords } from '../records/encode.ts';
import { KeepingError } from './errors.ts';
import { fileHash, sha256Of } from './file-hash.ts';
import {
  encodeManifest,
  MANIFEST,
  type Manifest,
  type ManifestFile,
  type ManifestJournal,
  manifestOf,
  readManifest,
} from './manifest.ts';
import { COPY_MARK, encodeCopyMark, epochOfCopy } from './restored-epoch.ts';
import { batchesOf, journalSize, type ScannedSegment, scanJournal } from './scan.ts';

/** Folders and files of a `data_dir` that belong to its ledger. */
export const LEDGER_FILES = { journal: 'journal', payments: 'payments', database: 'ledger.sqlite' } as const;

/** How long a writer may hold the database. */
const BUSY_MS = 10_000;
/** In one step of SQLite's. */
const ALL_PAGES = 0x7fff_ffff;

export interface BackupOptions {
  /** The `data_dir` of a role, which may be running. */
  readonly dataDir: string;
  /** Folder to make; must not be there. */
  readonly to: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** A backup on the same file system: segments that are the same in it are linked, and take no more room. */
  readonly previous?: string;
  /** Called with bytes of the journals copied, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Copies a ledger to a folder that is laid out as a `data_dir`, beside a running role: the database first, then the
 * journal up to its last whole batch, so that the journal holds all that the database has counted. What is there under
 * the final name is whole and on disk.
 *
 * @throws KeepingError 'keeping-exists', 'keeping-no-ledger', 'keeping-full', 'keeping-damaged'; what the file system throws
 */
export async function backupLedger(options: BackupOptions): Promise<Manifest> {
  const to = resolve(options.to);
  if (existsSync(to)) throw new KeepingError('keeping-exists', `${to} is there already and is not overwritten`, { to });
  if (!existsSync(join(options.dataDir, LEDGER_FILES.journal))) throw noLedger(options.dataDir);
  let unfinished: string | undefined;
  try {
    await mkdir(dirname(to), { recursive: true });
    unfinished = await mkdtemp(`${to}.unfinished-`);
    const manifest = await new Backup(options, unfinished).run();
    await rename(unfinished, to);
    nodeFiles.syncDirectory(dirname(to));
    return manifest;
  } catch (error) {
    if (unfinished !== undefined) await rm(unfinished, { recursive: true, force: true });
    if (error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY') {
      throw new KeepingError('keeping-exists', `${to} has appeared meanwhile and is not overwritten`, { to });
    }
    if (isDiskFull(error)) throw new KeepingError('keeping-full', `${to}: the disk is full`, { to }, { cause: error });
    throw error;
  }
}

/** @returns the error for a folder without a journal */
export function noLedger(dataDir: string): KeepingError {
  return new KeepingError('keeping-no-ledger', `${dataDir} has no folder journal: it is not a data_dir`, { dataDir });
}

class Backup {
  readonly #options: BackupOptions;
  readonly #folder: string;
  readonly #files: ManifestFile[] = [];
  #previous = new Map<string, ManifestFile>();
  #leftOut: string | undefined;
  #done = 0;
  #total = 0;

  constructor(options: BackupOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  async run(): Promise<Manifest> {
    const { dataDir, nowMs, previous } = this.#options;
    if (previous !== undefined) this.#previous = await linkable(previous);
    const names = (['journal', 'payments'] as const).filter((name) => existsSync(join(dataDir, LEDGER_FILES[name])));
    for (const name of names) this.#total += await journalSize(join(dataDir, name));
    const database = await this.#database();
    const leftOut = this.#leftOut === undefined ? {} : { leftOut: this.#leftOut };
    const journals: ManifestJournal[] = [];
    for (const name of names) journals.push(await this.#journal(name));
    const manifest = manifestOf({ takenMs: nowMs, journals, database, ...leftOut, files: this.#files });
    await writeDurably(join(this.#folder, MANIFEST), encodeManifest(manifest));
    nodeFiles.syncDirectory(this.#folder);
    return manifest;
  }

  async #journal(name: ManifestJournal['name']): Promise<ManifestJournal> {
    const source = join(this.#options.dataDir, name);
    await mkdir(join(this.#folder, name));
    let first: number | undefined;
    let last = 0;
    let tail: ScannedSegment | undefined;
    for await (const segment of scanJournal(source, refuse)) {
      if (first !== undefined && segment.firstPosition !== last + 1) {
        // What went before has reached the end of its keeping while it was copied.
        await this.#drop(name);
        first = undefined;
      }
      await this.#add(`${name}/${segment.name}`, segment.bytes);
      first ??= segment.firstPosition;
      last = segment.lastPosition;
      tail = segment;
      this.#done += segment.size;
      this.#options.onProgress?.(this.#done, this.#total);
    }
    const bootEpoch = Math.max(readEpoch(nodeFiles, source) ?? 0, tail === undefined ? 0 : lastEpochIn(tail));
    await this.#raiseEpoch(name, bootEpoch);
    return { name, firstPosition: first ?? 1, lastPosition: last, bootEpoch };
  }

  /** The copy's next run begins above all that the original may begin until then. */
  async #raiseEpoch(name: string, bootEpoch: number): Promise<void> {
    const { nowMs: takenMs } = this.#options;
    const folder = join(this.#folder, name);
    beginEpoch(nodeFiles, folder, epochOfCopy({ bootEpoch, takenMs }, takenMs, 0));
    await this.#describe(`${name}/${EPOCH_FILE}`);
    await this.#add(`${name}/${COPY_MARK}`, encodeCopyMark({ bootEpoch, takenMs }));
    nodeFiles.syncDirectory(folder);
  }

  /** A database that cannot be read is left out: it is made anew from the journal, which is what must be kept. */
  async #database(): Promise<Manifest['database']> {
    const { database: path } = LEDGER_FILES;
    const source = join(this.#options.dataDir, path);
    const copy = join(this.#folder, path);
    if (!existsSync(source)) return undefined;
    try {
      await copySqlite(source, copy);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR')) throw error;
      if (isDiskFull(error)) throw error;
      await rm(copy, { force: true });
      this.#leftOut = error.message;
      return undefined;
    }
    await this.#describe(path);
    return { path };
  }

  async #add(path: string, bytes: Uint8Array): Promise<void> {
    const file = { path, bytes: bytes.length, sha256: sha256Of(bytes) };
    if (!(await this.#link(file))) await writeDurably(join(this.#folder, path), bytes);
    this.#files.push(file);
  }

  /** @returns whether the previous backup has the same file, and it is now in this one too */
  async #link({ path, bytes, sha256 }: ManifestFile): Promise<boolean> {
    const there = this.#previous.get(path);
    if (this.#options.previous === undefined || there?.sha256 !== sha256) return false;
    const from = join(this.#options.previous, path);
    // What was damaged there since must not come into this one.
    if ((await fileHash(from).catch(() => undefined))?.sha256 !== sha256 || there.bytes !== bytes) return false;
    return await link(from, join(this.#folder, path)).then(
      () => true,
      () => false,
    );
  }

  async #describe(path: string): Promise<void> {
    const { bytes, sha256 } = await fileHash(join(this.#folder, path));
    this.#files.push({ path, bytes, sha256 });
  }

  async #drop(name: string): Promise<void> {
    const kept = this.#files.filter(({ path }) => !path.startsWith(`${name}/`));
    for (const { path } of this.#files.splice(0)) {
      if (path.startsWith(`${name}/`)) await rm(join(this.#folder, path));
    }
    this.#files.push(...kept);
  }
}

/** In one step, so that writers beside it cannot make it begin again and again. */
async function copySqlite(source: string, copy: string): Promise<void> {
  const from = new DatabaseSync(source, { readOnly: true, timeout: BUSY_MS });
  try {
    await copyDatabase(from, copy, { rate: ALL_PAGES });
  } finally {
    from.close();
  }
  // One file alone, without a log beside it.
  const to = new DatabaseSync(copy);
  to.exec('PRAGMA journal_mode = DELETE');
  to.close();
  await using file = await open(copy, 'r+');
  await file.sync();
}

/** Segments of a backup that nobody writes to any more, whoever opens it: all but the last of each journal. */
async function linkable(previous: string): Promise<Map<string, ManifestFile>> {
  const manifest = await readManifest(previous);
  if (manifest === undefined) throw new KeepingError('keeping-manifest', `${previous} is not a backup`, { previous });
  const segments = manifest.files.filter(({ path }) => path.endsWith('.journal'));
  const sealed = segments.filter(({ path }, index) => segments[index + 1]?.path.startsWith(`${dirname(path)}/`));
  return new Map(sealed.map((file) => [file.path, file]));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(bytes);
  await file.sync();
}

function refuse({ text, ...details }: { readonly text: string }): never {
  throw new KeepingError('keeping-damaged', `${text}; see 'sv2kit ledger verify'`, details);
}

/** The largest epoch that a segment knows. */
function lastEpochIn(segment: ScannedSegment): number {
  let epoch = segment.bootEpoch;
  for (const { payload } of batchesOf(segment.bytes)) {
    for (const record of readRecords(payload)) if (record.type === 'Start') epoch = Math.max(epoch, record.bootEpoch);
  }
  return epoch;
}
