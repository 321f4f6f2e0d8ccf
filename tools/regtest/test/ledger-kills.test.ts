// The database behind the journal: whatever is killed, every acknowledged share is in it once.
import { systemClock } from '@sv2kit/daemon';
import { recordPayments, Reports } from '@sv2kit/ledger';
import { findPostgres, NO_POSTGRES, TestPostgres } from '@sv2kit/ledger/test/postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from '../src/index.ts';
import {
  acknowledgedOf,
  caughtUp,
  expectEveryAcknowledged,
  load,
  type LedgerPool,
  poolWishes,
  seeded,
  sqliteIn,
  withWork,
} from './ledger-ground.ts';
import type { Told } from './share-load.ts';

const SEED = 0xdb5eed;
const KILLS = 4;
/** Shares that are sent in a run before its pool is killed. */
const FEWEST = 200;
const SPREAD = 3000;

let lab: Lab;
let templateProvider: string;
beforeAll(async () => {
  lab = await Lab.open('signet');
  templateProvider = lab.url(await lab.templateProvider());
});
afterAll(() => lab?.[Symbol.asyncDispose]());

async function startPool(dataDir: string, more = ''): Promise<LedgerPool> {
  return await withWork(lab, lab.poolProcess(poolWishes(templateProvider, dataDir, more)), dataDir);
}

/** Loads a pool until it is killed, again and again. */
async function killAgainAndAgain(dataDir: string, more = ''): Promise<readonly Told[]> {
  const random = seeded(SEED);
  const told: Told[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const pool = await startPool(dataDir, more);
    let left = FEWEST + Math.floor(random() * SPREAD);
    const run = await load(pool, () => {
      left -= 1;
      if (left === 0) pool.process.signal('SIGKILL');
    });
    expect(await pool.process.end()).toEqual({ kind: 'signal', signal: 'SIGKILL' });
    expect(run.map(({ refused }) => refused)).toEqual([0, 0, 0]);
    expect(acknowledgedOf(run)).toBeGreaterThan(0);
    told.push(...run);
  }
  return told;
}

test(`a pool that is killed under load has every acknowledged share in SQLite once (seed ${SEED})`, async () => {
  const dataDir = `${lab.folder}/killed`;
  const told = await killAgainAndAgain(dataDir);
  const { process } = await startPool(dataDir);
  await caughtUp(dataDir, sqliteIn(dataDir));
  // Beside it, as the operator's command does.
  const payment = { account: 'alice', amount: 5n, txid: new Uint8Array(32), note: '' };
  await recordPayments({ dataDir, payments: [payment], clock: systemClock });
  await expect.poll(() => paymentsIn(dataDir)).toBe(1);
  // While it runs, and when it has stopped.
  await expectEveryAcknowledged(dataDir, sqliteIn(dataDir), told);
  expect(await process.stop()).toEqual({ kind: 'exit', code: 0 });
  const { journals } = await expectEveryAcknowledged(dataDir, sqliteIn(dataDir), told);
  expect(journals[0]).toMatchObject({ bootEpoch: KILLS + 1, records: { Start: KILLS + 1 } });
});

async function paymentsIn(dataDir: string): Promise<number> {
  await using reports = new Reports(sqliteIn(dataDir));
  return (await reports.query('payments', { offset: 0, limit: 1 })).total;
}

const bin = findPostgres();
if (bin === undefined) console.log(`skipped: ${NO_POSTGRES}`);
describe.skipIf(bin === undefined)('on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await TestPostgres.start(bin);
  });
  afterAll(() => postgres?.stop());
  const ledgerToml = (url: string): string =>
    `[ledger]\ndatabase = "postgres"\npostgres_url = ${JSON.stringify(url)}\n`;

  test(`a pool that is killed under load has every acknowledged share there once (seed ${SEED})`, async () => {
    const dataDir = `${lab.folder}/killed-postgres`;
    const url = await postgres.newDatabase();
    const told = await killAgainAndAgain(dataDir, ledgerToml(url));
    const { process } = await startPool(dataDir, ledgerToml(url));
    await caughtUp(dataDir, { kind: 'postgres', url });
    expect(await process.stop()).toEqual({ kind: 'exit', code: 0 });
    await expectEveryAcknowledged(dataDir, { kind: 'postgres', url }, told);
  });

  test('that is stopped under load, or crashes, takes nothing from miners, and catches up', async () => {
    const dataDir = `${lab.folder}/away`;
    const url = await postgres.newDatabase();
    const pool = await startPool(dataDir, ledgerToml(url));
    const away = (): Promise<unknown> =>
      pool.process.log.line('condition failing', ({ condition }) => condition === 'ledger-database');
    let sent = 0;
    const waits: { readonly at: number; readonly resolve: () => void }[] = [];
    const more = (count: number): Promise<void> =>
      new Promise((resolve) => void waits.push({ at: sent + count, resolve }));
    const loading = load(pool, () => {
      sent += 1;
      for (const { at, resolve } of waits) if (at === sent) resolve();
    });

    await more(500);
    await postgres.down();
    await away();
    await more(1000);
    await postgres.up();
    await caughtUp(dataDir, { kind: 'postgres', url });
    await postgres.kill();
    await more(1000);
    await postgres.up();
    await more(200);
    await caughtUp(dataDir, { kind: 'postgres', url });

    expect(await pool.process.stop()).toEqual({ kind: 'exit', code: 0 });
    const told = await loading;
    expect(told.map(({ refused }) => refused)).toEqual([0, 0, 0]);
    expect(acknowledgedOf(told)).toBeGreaterThan(2000);
    await expectEveryAcknowledged(dataDir, { kind: 'postgres', url }, told);
  });
});
