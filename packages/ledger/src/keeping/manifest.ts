import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KeepingError } from './errors.ts';
import { sha256Of } from './file-hash.ts';

/** The file in a backup that says what belongs to it. */
export const MANIFEST = 'manifest.json';
const FORMAT = 1;
const JOURNALS = ['journal', 'payments'] as const;

/** A file of a backup. */
export interface ManifestFile {
  /** Relative to the backup's folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** One journal of a backup. */
export interface ManifestJournal {
  /** Folder in the backup. */
  readonly name: (typeof JOURNALS)[number];
  readonly firstPosition: number;
  /** One less than `firstPosition` when it holds nothing. */
  readonly lastPosition: number;
  /** Of the original; what is restored from the backup begins far above. */
  readonly bootEpoch: number;
}

/** What a backup holds. */
export interface Manifest {
  readonly format: typeof FORMAT;
  /** Unix milliseconds at which it was begun. */
  readonly takenMs: number;
  readonly journals: readonly ManifestJournal[];
  /** The SQLite database that is in it, if any: from the journal everything can be made again. */
  readonly database: { readonly path: string } | undefined;
  /** Why the database that is there is not in it: SQLite's words. */
  readonly leftOut?: string;
  readonly files: readonly ManifestFile[];
}

/** As it lies in the backup, with a checksum of what it says. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const summed = { ...manifest, checksum: checksumOf(manifest) };
  return new TextEncoder().encode(`${JSON.stringify(summed, undefined, 2)}\n`);
}

function checksumOf(manifest: object): string {
  return sha256Of(new TextEncoder().encode(JSON.stringify(manifest)));
}

/** A manifest without what only the program that writes it sets. */
export function manifestOf(parts: Omit<Manifest, 'format'>): Manifest {
  return { format: FORMAT, ...parts };
}

/**
 * The manifest of a backup; undefined when the folder has none.
 *
 * @throws KeepingError 'keeping-manifest' when it is damaged or of another format
 */
export async function readManifest(directory: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, MANIFEST), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const value = parse(text);
  const path = join(directory, MANIFEST);
  if (!isManifest(value))
    throw new KeepingError('keeping-manifest', `${path} is not a manifest that this program knows`);
  const { checksum, ...manifest } = value;
  if (checksum !== checksumOf(manifest)) throw new KeepingError('keeping-manifest', `${path} fails its checksum`);
  return manifest;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is Manifest & { readonly checksum?: unknown } {
  if (!isObject(value) || value['format'] !== FORMAT || !isCount(value['takenMs'])) return false;
  const { journals, files, database } = value;
  if (database !== undefined && !(isObject(database) && typeof database['path'] === 'string')) return false;
  return Array.isArray(journals) && journals.every(isJournal) && Array.isArray(files) && files.every(isFile);
}

function isJournal(value: unknown): boolean {
  if (!isObject(value) || !JOURNALS.some((name) => name === value['name'])) return false;
  return isCount(value['firstPosition']) && isCount(value['lastPosition']) && isCount(value['bootEpoch']);
}

function isFile(value: unknown): boolean {
  if (!isObject(value) || typeof value['path'] !== 'string' || typeof value['sha256'] !== 'string') return false;
  // Never outside of the backup.
  return isCount(value['bytes']) && !value['path'].split('/').includes('..') && !value['path'].startsWith('/');
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
