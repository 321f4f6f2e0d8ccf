import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  backupLedger,
  EXPORTS,
  exportCsv,
  openJournal,
  rebuildDatabase,
  recordPayments,
  Reports,
  verifyLedger,
} from '../../src/index.ts';
import { share, silent, StillClock, temporaryDirectory } from '../builders.ts';
import { onBothDatabases } from '../database/databases.ts';
import { channel } from './scene.ts';

const TXID = new Uint8Array(32).fill(7);

let dataDir: string;
let database: { readonly kind: 'sqlite'; readonly file: string };
beforeEach(async () => {
  dataDir = temporaryDirectory();
  database = { kind: 'sqlite', file: join(dataDir, 'ledger.sqlite') };
  for (const user of ['alice', '=bob']) {
    await using journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
    journal.append(channel(7, user));
    for (let i = 0; i < 100; i += 1) journal.append({ ...share(i), timeMs: 1_800_000_000_000 + i * 2000 });
  }
});
const clock = new StillClock();
const pay = (account: string, amount: bigint, again = false) =>
  recordPayments({ dataDir, payments: [{ account, amount, txid: TXID, note: 'n' }], clock, again });

async function verify() {
  await using reports = new Reports(database);
  return await verifyLedger({ directory: dataDir, snapshot: (run) => reports.snapshot(run) });
}
function tamper(sql: string): void {
  const connection = new DatabaseSync(database.file);
  connection.exec(sql);
  connection.close();
}

onBothDatabases((databases) => {
  test('a rebuilt database is what the journals say, twice, and its tables are exported', async () => {
    await pay('alice', 5n);
    const fresh = await databases.fresh();
    for (let time = 0; time < 2; time += 1) {
      expect(await rebuildDatabase({ dataDir, database: fresh })).toEqual({
        firstPosition: 1,
        position: 204,
        deadLetters: 0,
      });
    }
    await using reports = new Reports(fresh);
    const found = await verifyLedger({ directory: dataDir, snapshot: (run) => reports.snapshot(run) });
    expect(found).toMatchObject({ findings: [], database: { name: databases.name, position: 204, workers: 2 } });
    for (const table of EXPORTS) {
      const write = async (): Promise<void> => {};
      const rows = await exportCsv({ dataDir, table, range: {}, snapshot: (run) => reports.snapshot(run), write });
      expect(rows).toBe({ shares: 200, workers: 2, payouts: 1, blocks: 0, dues: 0, owed: 0 }[table] ?? rows);
    }
  });
});

describe('a rebuilt database', () => {
  test('begins with what is left of the journal only when that is wanted', async () => {
    const directory = join(dataDir, 'journal');
    {
      await using journal = await openJournal({ directory, log: silent, segmentBytes: 1 });
      journal.append(channel(7, 'carol'));
    }
    rmSync(join(directory, '0000000001.journal'));
    await expect(rebuildDatabase({ dataDir, database })).rejects.toMatchObject({ code: 'keeping-partial' });
    const { firstPosition } = await rebuildDatabase({ dataDir, database, partial: true });
    expect(firstPosition).toBe(205);
    expect((await verify()).findings).toEqual([]);
  });

  test('is what the journals say, and nothing is left beside it', async () => {
    await pay('alice', 5n);
    const rebuilt = await rebuildDatabase({ dataDir, database });
    expect(rebuilt).toEqual({ firstPosition: 1, position: 204, deadLetters: 0 });
    expect(await verify()).toMatchObject({
      findings: [],
      database: { name: 'sqlite', position: 204, workers: 2, blocks: 0, deadLetters: 0 },
    });
    expect(readdirSync(dataDir).filter((name) => name.includes('rebuilding'))).toEqual([]);
  });

  test('takes the place of one that is of something else', async () => {
    await rebuildDatabase({ dataDir, database });
    tamper('UPDATE workers SET accepted = 7');
    expect((await verify()).findings).toHaveLength(2);
    await rebuildDatabase({ dataDir, database });
    expect((await verify()).findings).toEqual([]);
  });

  test('is not made while the role runs', async () => {
    await using _journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
    await expect(rebuildDatabase({ dataDir, database })).rejects.toMatchObject({ code: 'ledger-locked' });
    expect(existsSync(database.file)).toBe(false);
  });
});

describe('verification of a database', () => {
  beforeEach(async () => {
    await pay('alice', 5n);
    await rebuildDatabase({ dataDir, database });
  });

  test.each([
    ['a sum of a worker', 'UPDATE workers SET work = 1 WHERE id = 1', /^work of alice/],
    ['a worker that is gone', 'DELETE FROM workers WHERE id = 2', /^worker =bob/],
    ['a worker of nowhere', "UPDATE workers SET user_name = 'eve' WHERE id = 2", /^accepted shares of eve/],
    [
      'a slice',
      'UPDATE slices SET shares = shares + 1 WHERE id = (SELECT max(id) FROM slices)',
      /^accepted shares of rec/,
    ],
    ['a slice that is gone', 'DELETE FROM slices WHERE id = (SELECT min(id) FROM slices)', /in no slice/],
    [
      'a block that owes and was never found',
      `INSERT INTO payout_terms VALUES (1, 0, 'solo', 0, 1, 1, x'51', 'regtest');
       INSERT INTO block_payouts (id, hash, found_ms, terms, owed_by, revenue, fee, donated, forgone, state,
         confirmations, matured, state_ms) VALUES (9, x'${'ab'.repeat(32)}', 0, 1, 'solo', 5, 0, 0, 0, 'due', 1, 0, 0)`,
      /^block (ab)+, which owes, is not in the journal/,
    ],
    ['a payment to another', "UPDATE payments SET account = 'eve'", /^satoshis paid to eve: 5 in the database, 0 by/],
  ])('finds %s', async (_what, sql, text) => {
    tamper(sql);
    const { findings } = await verify();
    expect(findings.map(({ code }) => code)).toContain('database-differs');
    expect(findings.map((finding) => finding.text)).toContainEqual(expect.stringMatching(text));
  });

  test('finds one that is ahead, or of another journal', async () => {
    tamper("UPDATE journals SET position = 500 WHERE name = 'journal'");
    expect((await verify()).findings.map(({ code }) => code)).toEqual(['database-ahead']);
    tamper("UPDATE journals SET position = 100 WHERE name = 'journal'");
    expect((await verify()).findings.map(({ code }) => code)).toEqual(['database-other']);
  });

  test('says when it cannot be read, or is of another program, and reads the journal all the same', async () => {
    tamper("INSERT INTO migrations VALUES (999, 'later', 0)");
    const newer = await verify();
    expect([newer.findings, newer.notCompared]).toEqual([[], expect.stringContaining('999')]);
    expect(newer.journals[0]?.lastPosition).toBe(204);
    writeFileSync(database.file, 'no database at all');
    expect((await verify()).findings.map(({ code }) => code)).toEqual([
      expect.stringMatching(/^database-(away|damaged)$/),
    ]);
  });

  test('takes what the journal has beyond it for what is still to come', async () => {
    await using journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
    journal.append(channel(1, 'carol'));
    await journal.flush();
    expect((await verify()).findings).toEqual([]);
  });

  test('is made of the copy in a backup too', async () => {
    const to = join(temporaryDirectory(), 'backup');
    await backupLedger({ dataDir, to, nowMs: clock.now() });
    await using reports = new Reports({ kind: 'sqlite', file: join(to, 'ledger.sqlite') });
    const found = await verifyLedger({ directory: to, snapshot: (run) => reports.snapshot(run) });
    expect(found).toMatchObject({ kind: 'backup', findings: [], database: { position: 204 } });
  });
});

describe('payments', () => {
  test('are recorded beside a running role, and once for a transaction and account', async () => {
    await using _journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
    await pay('alice', 5n);
    await expect(pay('alice', 6n)).rejects.toMatchObject({ code: 'keeping-paid-already' });
    await pay('bob', 6n);
    await pay('alice', 7n, true);
    const { journals } = await verifyLedger({ directory: dataDir });
    expect(journals[1]).toMatchObject({ name: 'payments', records: { PayoutPaid: 3 } });
  });
});

test('tables are exported from one state of the database', async () => {
  await pay('=alice', 5n);
  await rebuildDatabase({ dataDir, database });
  await using reports = new Reports(database);
  const exported = async (table: string, range = {}): Promise<string[]> => {
    let text = '';
    const write = async (part: string): Promise<void> => void (text += part);
    await exportCsv({ dataDir, table, range, snapshot: (run) => reports.snapshot(run), write });
    return text.trimEnd().split('\r\n');
  };
  const [header, ...workers] = await exported('workers');
  expect(header).toContain('user,worker,accepted,rejected,difficulty,work,best_difficulty');
  expect(workers).toEqual([
    expect.stringMatching(/^alice,,100,0,102450,/),
    expect.stringMatching(/^'=bob,,100,0,102450,/),
  ]);
  const [, ...work] = await exported('work');
  expect(work.length).toBeGreaterThan(6);
  expect(work[0]).toMatch(/^2027-01-15T08:00:00.000Z,60,3,32,false,alice,,2,30,30735,/);
  expect(await exported('work', { sinceMs: 1_800_000_060_000, untilMs: 1_800_000_120_000 })).toHaveLength(3);
  expect(await exported('blocks')).toHaveLength(1);
  expect(await exported('dues')).toHaveLength(1);
  const [, payment] = await exported('payouts');
  expect(payment).toMatch(/^payment,.*,'=alice,5,,,07070707.*,n$/);
});
