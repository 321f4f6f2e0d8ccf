import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.ts';
import type { ProjectionOptions } from '../../src/database/projection.ts';
import { SqliteDatabase } from '../../src/database/sqlite/sqlite-database.ts';
import { findPostgres, NO_POSTGRES, TestPostgres } from '../postgres.ts';

/** One kind of database, as tests get it. */
export interface TestDatabases {
  readonly name: 'sqlite' | 'postgres';
  /** A database that nobody has used. */
  fresh(): Promise<ProjectionOptions>;
}

/** The seam below the projection, so that tests can get in between. */
export function databaseOf(options: ProjectionOptions, readOnly = false): Database {
  return options.kind === 'sqlite'
    ? new SqliteDatabase({ file: options.file, readOnly })
    : new PostgresDatabase({ url: options.url, readOnly });
}

/** Ends only what hangs. */
const LIMIT = { timeout: 120_000 };

/** Runs the same tests on both databases; those of PostgreSQL are skipped where there is none, with one line that says so. */
export function onBothDatabases(claims: (databases: TestDatabases) => void): void {
  describe('on SQLite', LIMIT, () => claims(sqlite()));
  const hasPostgres = findPostgres() !== undefined;
  if (!hasPostgres) console.log(`skipped: ${NO_POSTGRES}`);
  describe.skipIf(!hasPostgres)('on PostgreSQL', LIMIT, () => claims(postgres()));
}

function sqlite(): TestDatabases {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-db-'));
  let count = 0;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    name: 'sqlite',
    async fresh() {
      count += 1;
      return { kind: 'sqlite', file: join(folder, `ledger${count}.sqlite`) };
    },
  };
}

function postgres(): TestDatabases {
  let server: Promise<TestPostgres> | undefined;
  afterAll(async () => (await server)?.stop());
  return {
    name: 'postgres',
    async fresh() {
      server ??= TestPostgres.start();
      return { kind: 'postgres', url: await (await server).newDatabase() };
    },
  };
}
