import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What to tell somebody who wants PostgreSQL where {@link findPostgres} finds none. */
export const NO_POSTGRES =
  'no PostgreSQL: install it (Debian: apt-get install postgresql), or set POSTGRES_BIN to the folder of its initdb ' +
  'and postgres';

const PROGRAMS = ['initdb', 'postgres'] as const;

/** The folder of PostgreSQL's programs: `$POSTGRES_BIN`, else on the PATH, else the newest of Debian's. */
export function findPostgres(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = env['POSTGRES_BIN'];
  if (given !== undefined && given !== '') return given;
  const debian = globSync('/usr/lib/postgresql/*/bin').toSorted((a, b) => versionOf(b) - versionOf(a));
  return [...(env['PATH'] ?? '').split(delimiter), ...debian].find(hasPrograms);
}

function versionOf(folder: string): number {
  return Number.parseInt(folder.split('/')[4] ?? '', 10);
}

function hasPrograms(folder: string): boolean {
  if (folder === '') return false;
  try {
    for (const program of PROGRAMS) accessSync(join(folder, program), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
