import { resolve, sep } from 'node:path';
import { tomlKey } from './config/names.ts';
import type { Problem } from './config/problem.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOTDIR: 'is not a folder, or is below something that is none',
  EEXIST: 'is not a folder, or is below something that is none',
  EACCES: 'may not be written by this user',
  EPERM: 'may not be written by this user',
  EROFS: 'is on a file system that can only be read',
  ENOENT: 'cannot be made',
  ENOSPC: 'cannot be written: the disk is full',
  EDQUOT: 'cannot be written: the disk is full for this user',
  'ledger-full': 'cannot be written: the disk is full',
  'ledger-locked': 'is in use by another process; each needs a folder of its own',
};

/**
 * What an error means for whoever wrote the configuration, when it is that a configured `data_dir`, be it in a table,
 * cannot be used; undefined for every other error.
 */
export function dataDirProblem(error: unknown, values: object, table = ''): Problem | undefined {
  const reason = error instanceof Error && 'code' in error ? REASONS[String(error.code)] : undefined;
  const path = pathOf(error);
  if (reason === undefined || path === undefined) return undefined;
  for (const [name, value] of Object.entries(values)) {
    const key = `${table}${tomlKey(name)}`;
    if (name === 'dataDir' && typeof value === 'string' && isWithin(path, value)) {
      return { source: '', key, wrong: `${value} ${reason} (${(error as Error).message})` };
    }
    if (table !== '' || typeof value !== 'object' || value === null) continue;
    const inTable = dataDirProblem(error, value, `${key}.`);
    if (inTable !== undefined) return inTable;
  }
  return undefined;
}

/** Of the file system's errors, or of a ledger's. */
function pathOf(error: unknown): string | undefined {
  const { path, details } = (error ?? {}) as { path?: unknown; details?: { directory?: unknown } };
  const said = path ?? details?.directory;
  return typeof said === 'string' ? resolve(said) : undefined;
}

function isWithin(path: string, folder: string): boolean {
  const whole = resolve(folder);
  return path === whole || path.startsWith(`${whole}${sep}`);
}
