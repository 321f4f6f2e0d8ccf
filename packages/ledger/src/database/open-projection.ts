import type { Database } from './database.ts';
import { PostgresDatabase } from './postgres/postgres-database.ts';
import { ProjectedDatabase } from './projected-database.ts';
import type { Projection, ProjectionOptions } from './projection.ts';
import { ProjectionReader } from './projection-reader.ts';
import { setSqliteAside, SqliteDatabase } from './sqlite/sqlite-database.ts';

/**
 * Opens the database, takes it for this process alone, and brings its tables up to date.
 *
 * @throws DatabaseAway; LedgerError 'ledger-locked' when another program projects into it (or did until its connection
 * broke a minute ago: may be tried again), 'ledger-version' when a newer program made its tables,
 * 'ledger-database-damaged'
 */
export async function openProjection(options: ProjectionOptions): Promise<Projection> {
  const projection = new ProjectedDatabase(databaseOf(options, false));
  try {
    await projection.position();
    return projection;
  } catch (error) {
    await projection.close();
    throw error;
  }
}

/** Opens a database for questions alone, when it is first asked. */
export function openProjectionReader(options: ProjectionOptions): ProjectionReader {
  return new ProjectionReader(databaseOf(options, true));
}

/** What moves a damaged database out of the way; undefined where that is a server's affair. */
export function settingAside(options: ProjectionOptions): (() => void) | undefined {
  return options.kind === 'sqlite' ? () => setSqliteAside(options.file) : undefined;
}

function databaseOf(options: ProjectionOptions, readOnly: boolean): Database {
  switch (options.kind) {
    case 'sqlite':
      return new SqliteDatabase({ file: options.file, readOnly });
    case 'postgres':
      return new PostgresDatabase({ url: options.url, readOnly });
    default:
      return options satisfies never;
  }
}
