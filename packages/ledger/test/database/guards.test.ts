import { rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MIGRATIONS } from '../../src/database/migrations/migrations.ts';
import { openProjection, openProjectionReader } from '../../src/database/open-projection.ts';
import { LEDGER_TABLES } from '../../src/database/tables.ts';
import { payoutHooks } from '../../src/payouts/hooks.ts';
import { findPostgres, TestPostgres } from '../postgres.ts';
import { databaseOf, onBothDatabases } from './databases.ts';
import { dump, expected } from './dump.ts';
import { accepted, opened, placed, started } from './entries.ts';

const JOURNAL = placed([started(), opened(1), accepted(1), accepted(1), accepted(1)]);
const TABLES = [...LEDGER_TABLES, ...payoutHooks.tables];

onBothDatabases(({ fresh }) => {
  test('the migrated tables have the columns of their declarations', async () => {
    const options = await fresh();
    await using projection = await openProjection(options);
    for (const { name, columns } of TABLES) {
      await projection.snapshot((reader) => reader.all(`SELECT ${Object.keys(columns)} FROM ${name}`));
    }
  });

  test('a second program is kept out, and comes in when the first is gone; questions may be asked beside it', async () => {
    const options = await fresh();
    const first = await openProjection(options);
    await first.apply(JOURNAL);
    await expect(openProjection(options)).rejects.toMatchObject({ code: 'ledger-locked' });
    await using reader = openProjectionReader(options);
    expect(await reader.query('totals', {})).toMatchObject({ accepted: 3 });
    expect(await reader.position()).toEqual(await first.position());
    await first.close();
    await using second = await openProjection(options);
    expect((await second.position()).position).toBe(JOURNAL.length);
  });

  test('tables of a newer program are refused, by who writes and by who asks', async () => {
    const options = await fresh();
    await (await openProjection(options)).close();
    const database = databaseOf(options);
    await database.transaction(async (transaction) => {
      const newer = (MIGRATIONS.at(-1)?.number ?? 0) + 1;
      await transaction.run('INSERT INTO migrations (number, name, made_ms) VALUES ($1, $2, $3)', [newer, 'newer', 1]);
    });
    await database.close();
    await expect(openProjection(options)).rejects.toMatchObject({ code: 'ledger-version' });
    await using reader = openProjectionReader(options);
    await expect(reader.query('totals', {})).rejects.toMatchObject({ code: 'ledger-version' });
  });
});

describe('a SQLite file', () => {
  const file = `${process.env['TMPDIR'] ?? '/tmp'}/sv2kit-guard-${process.pid}.sqlite`;
  const remove = (): void => {
    for (const end of ['', '-wal', '-shm', '.lock', '.copy']) rmSync(`${file}${end}`, { recursive: true, force: true });
  };
  beforeAll(remove);
  afterAll(remove);

  test('that is removed under the program is away, and is made anew', async () => {
    await using projection = await openProjection({ kind: 'sqlite', file });
    await projection.apply(JOURNAL);
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`);
    await expect(projection.apply(placed([accepted(1)], 6))).rejects.toMatchObject({ name: 'DatabaseAway' });
    expect((await projection.position()).position).toBe(0);
    await projection.apply(JOURNAL);
    expect(await dump(projection)).toEqual(expected(JOURNAL));
    remove();
  });

  test('whose position another program has moved takes no more of this one', async () => {
    remove();
    await using projection = await openProjection({ kind: 'sqlite', file });
    await projection.apply(JOURNAL.slice(0, 3));
    const before = await dump(projection);
    const meddler = new DatabaseSync(file);
    meddler.exec("UPDATE journals SET position = 2 WHERE name = 'journal'");
    meddler.close();
    await expect(projection.apply(JOURNAL)).rejects.toMatchObject({ code: 'ledger-locked' });
    expect({ ...(await dump(projection)), journals: [] }).toEqual({ ...before, journals: [] });
  });

  test('that a question found away is away for what is being written too, and no fault of the record', async () => {
    remove();
    const database = databaseOf({ kind: 'sqlite', file });
    await using _closed = { [Symbol.asyncDispose]: () => database.close() };
    await database.transaction((transaction) => transaction.run('CREATE TABLE t (n INTEGER)'));
    const asked = Promise.withResolvers<void>();
    const written = database.transaction(async (transaction) => {
      await transaction.run('INSERT INTO t VALUES (1)');
      await asked.promise;
      await transaction.run('INSERT INTO t VALUES (2)');
    });
    const refusal = expect(written).rejects.toMatchObject({ name: 'DatabaseAway' });
    await expect(database.snapshot((reader) => reader.all('SELECT * FROM nothing'))).rejects.toMatchObject({
      name: 'DatabaseAway',
    });
    asked.resolve();
    await refusal;
    expect(await database.snapshot((reader) => reader.all('SELECT * FROM t'))).toEqual([]);
  });

  test('that is damaged says so', async () => {
    remove();
    writeFileSync(file, 'no database at all, and long enough to be looked at as one'.repeat(40));
    await expect(openProjection({ kind: 'sqlite', file })).rejects.toMatchObject({
      code: 'ledger-database-damaged',
      message: expect.stringContaining(file),
    });
  });

  test('in a folder that cannot be made is away', async () => {
    writeFileSync(`${file}.copy`, 'a file, not a folder');
    const options = { kind: 'sqlite', file: `${file}.copy/ledger.sqlite` } as const;
    await expect(openProjection(options)).rejects.toMatchObject({ name: 'DatabaseAway' });
  });
});

describe.skipIf(findPostgres() === undefined)('a PostgreSQL', { timeout: 120_000 }, () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await TestPostgres.start();
  }, 120_000);
  afterAll(() => server.stop());

  test('that crashes and comes back, or ends a connection, has each record once', async () => {
    const url = await server.newDatabase();
    await using projection = await openProjection({ kind: 'postgres', url });
    await projection.apply(JOURNAL.slice(0, 2));
    await server.kill();
    await expect(projection.apply(JOURNAL)).rejects.toMatchObject({ name: 'DatabaseAway' });
    await expect(projection.query('totals', {})).rejects.toMatchObject({ name: 'DatabaseAway' });
    await server.up();
    await projection.apply(JOURNAL.slice((await projection.position()).position, 4));
    await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sv2kit'");
    // Noticed at once, or at the next statement.
    await projection.apply(JOURNAL).catch((error: unknown) => expect(error).toMatchObject({ name: 'DatabaseAway' }));
    await projection.position();
    await projection.apply(JOURNAL);
    expect(await dump(projection)).toEqual(expected(JOURNAL));
  });

  test('that came back without its last records says so, and goes on from what it has', async () => {
    const url = await server.newDatabase();
    await using projection = await openProjection({ kind: 'postgres', url });
    await projection.apply(JOURNAL.slice(0, 3));
    const name = url.slice(url.lastIndexOf('/') + 1, url.indexOf('?'));
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await server.query(`CREATE DATABASE ${name}`);
    await expect(projection.apply(JOURNAL).then(() => projection.apply(JOURNAL))).rejects.toMatchObject({
      name: 'DatabaseAway',
    });
    expect((await projection.position()).position).toBe(0);
    await projection.apply(JOURNAL);
    expect(await dump(projection)).toEqual(expected(JOURNAL));
  });

  test('that does not know the database, or is none, is away with a reason that holds no password', async () => {
    const url = (await server.newDatabase()).replace('sv2kit@', 'sv2kit:hunter2@');
    for (const wrong of [url.replace(/test\d+/, 'nothere'), 'postgres://sv2kit:hunter2@127.0.0.1:1/x']) {
      const error = await openProjection({ kind: 'postgres', url: wrong }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'DatabaseAway' });
      expect(String(error)).not.toContain('hunter2');
    }
  });

  test('without the schema is away and says so; with it everything is projected again', async () => {
    const url = await server.newDatabase();
    await using projection = await openProjection({ kind: 'postgres', url });
    await projection.apply(JOURNAL.slice(0, 3));
    await server.query('DROP SCHEMA public CASCADE', url);
    await expect(projection.apply(JOURNAL)).rejects.toMatchObject({ name: 'DatabaseAway' });
    await expect(projection.position()).rejects.toThrow('the schema is not there');
    await server.query('CREATE SCHEMA public', url);
    expect((await projection.position()).position).toBe(0);
    await projection.apply(JOURNAL);
    expect(await dump(projection)).toEqual(expected(JOURNAL));
  });

  test('of another encoding than UTF-8 is refused with the remedy', async () => {
    await server.query("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
    const url = (await server.newDatabase()).replace(/test\d+/, 'latin');
    await expect(openProjection({ kind: 'postgres', url })).rejects.toThrow('UTF8');
  });
});
