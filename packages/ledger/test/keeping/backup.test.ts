import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { backupLedger, openJournal, verifyLedger } from '../../src/index.ts';
import { epochOfCopy } from '../../src/keeping/restored-epoch.ts';
import { readAll, share, silent, StillClock, temporaryDirectory, turns } from '../builders.ts';
import { channel } from './scene.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;

let dataDir: string;
let to: string;
beforeEach(() => {
  const folder = temporaryDirectory();
  dataDir = join(folder, 'pool-data');
  to = join(folder, 'backups', 'monday');
});
const open = (directory = dataDir, options: { segmentBytes?: number; clock?: StillClock } = {}) =>
  openJournal({ directory: join(directory, 'journal'), log: silent, ...options });

/** A journal of one run. */
async function record(shares: number, options = {}): Promise<void> {
  await using journal = await open(dataDir, options);
  journal.append(channel(7));
  for (let i = 0; i < shares; i += 1) {
    journal.append(share(i));
    if (i % 20 === 0) await journal.flush();
  }
}

describe('a backup', () => {
  test('made under load is the journal up to a whole batch, and holds all that was on disk before', async () => {
    await using journal = await open(dataDir, { segmentBytes: 20_000 });
    journal.append(channel(7));
    let sequence = 0;
    const load = async (until: Promise<unknown>): Promise<void> => {
      let done = false;
      void until.then(() => (done = true));
      while (!done) {
        for (let i = 0; i < 50; i += 1) journal.append(share(sequence++));
        await turns(1);
      }
    };
    for (let i = 0; i < 2000; i += 1) journal.append(share(sequence++));
    await journal.flush();
    const before = journal.watermark;
    const backup = backupLedger({ dataDir, to, nowMs: NOW_MS });
    await load(backup);
    const [copied] = (await backup).journals;

    expect(copied?.lastPosition).toBeGreaterThanOrEqual(before);
    expect((await verifyLedger({ directory: to })).findings).toEqual([]);
    const entries = await readAll(join(to, 'journal'));
    expect(entries.at(-1)?.position).toBe(copied?.lastPosition);
    expect(entries).toEqual(await readAll(join(dataDir, 'journal'), 1, copied?.lastPosition));
  });

  test('copies the database of one moment, before the journal, beside a writer that goes on', async () => {
    await record(10);
    const database = new DatabaseSync(join(dataDir, 'ledger.sqlite'));
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a, b); BEGIN; INSERT INTO t VALUES (1, 1); COMMIT');
    const backup = backupLedger({ dataDir, to, nowMs: NOW_MS });
    for (let i = 0; i < 20; i += 1) {
      database.exec(`BEGIN; INSERT INTO t VALUES (${i}, 0); UPDATE t SET b = 1 WHERE b = 0; COMMIT`);
      await turns(1);
    }
    await backup;
    const copy = new DatabaseSync(join(to, 'ledger.sqlite'), { readOnly: true });
    expect(copy.prepare('SELECT count(*) AS torn FROM t WHERE b = 0').get()).toEqual({ torn: 0 });
    expect(copy.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
    copy.close();
    database.close();
  });

  test('is whole beside a role whose oldest files go while new ones come', async () => {
    const directory = join(dataDir, 'journal');
    await using journal = await openJournal({ directory, log: silent, segmentBytes: 4000 });
    journal.append(channel(7));
    const segments = () => readdirSync(directory).filter((name) => name.endsWith('.journal'));
    let isDone = false;
    const role = (async () => {
      while (!isDone) {
        for (let n = 0; n < 50; n++) journal.append(share(n));
        await journal.flush();
        const [oldest = ''] = segments().toSorted();
        if (segments().length > 5) rmSync(join(directory, oldest));
      }
    })();
    try {
      for (let round = 0; round < 15; round++) {
        const backup = join(dirname(to), `round${round}`);
        const { journals } = await backupLedger({ dataDir, to: backup, nowMs: NOW_MS });
        const positions = (await readAll(join(backup, 'journal'))).map(({ position }) => position);
        expect([positions[0], positions.at(-1)]).toEqual([journals[0]?.firstPosition, journals[0]?.lastPosition]);
        expect((await verifyLedger({ directory: backup })).findings).toEqual([]);
        await readAll(directory).catch((error: unknown) => expect(error).toMatchObject({ code: 'ledger-corrupted' }));
      }
    } finally {
      isDone = true;
      await role;
    }
  });

  test('is made without a database that cannot be read', async () => {
    await record(10);
    writeFileSync(join(dataDir, 'ledger.sqlite'), 'no database at all');
    const { database, leftOut, journals } = await backupLedger({ dataDir, to, nowMs: NOW_MS });
    expect([database, leftOut, journals[0]?.lastPosition]).toEqual([undefined, 'file is not a database', 12]);
    expect((await verifyLedger({ directory: to })).findings).toEqual([]);
  });

  test('leaves out what a failed write left behind', async () => {
    await record(100);
    const segment = join(dataDir, 'journal', '0000000001.journal');
    const whole = readFileSync(segment);
    writeFileSync(segment, Buffer.concat([whole, new Uint8Array(300).fill(7)]));
    await backupLedger({ dataDir, to, nowMs: NOW_MS });
    expect(readFileSync(join(to, 'journal', '0000000001.journal'))).toEqual(whole);
  });

  test('links what an earlier one has, but what a role would write to when it is opened, and what is damaged there', async () => {
    await record(200, { segmentBytes: 2000 });
    await backupLedger({ dataDir, to, nowMs: NOW_MS });
    const [first, second] = readdirSync(join(to, 'journal')).filter((name) => name.endsWith('.journal'));
    const damaged = join(to, 'journal', second ?? '');
    writeFileSync(damaged, readFileSync(damaged).fill(0));
    const next = `${to}-next`;
    await backupLedger({ dataDir, to: next, nowMs: NOW_MS, previous: to });
    const inode = (folder: string, name = '') => statSync(join(folder, 'journal', name)).ino;
    const last = readdirSync(join(to, 'journal')).findLast((name) => name.endsWith('.journal'));
    expect(inode(next, first)).toBe(inode(to, first));
    expect(inode(next, second)).not.toBe(inode(to, second));
    expect(inode(next, last)).not.toBe(inode(to, last));
    expect((await verifyLedger({ directory: next })).findings).toEqual([]);
  });

  test('never overwrites', async () => {
    await record(1);
    mkdirSync(to, { recursive: true });
    await expect(backupLedger({ dataDir, to, nowMs: NOW_MS })).rejects.toMatchObject({ code: 'keeping-exists' });
    expect(readdirSync(to)).toEqual([]);
  });

  test('that fails leaves nothing, and there is nothing under its name until it is whole', async () => {
    await record(1);
    const onProgress = (): void => {
      expect(existsSync(to)).toBe(false);
      throw new Error('the disk is full');
    };
    await expect(backupLedger({ dataDir, to, nowMs: NOW_MS, onProgress })).rejects.toThrow('the disk is full');
    expect(readdirSync(dirname(to))).toEqual([]);
  });

  test('is not made of a damaged journal, nor of no journal', async () => {
    await record(100, { segmentBytes: 2000 });
    const segment = join(dataDir, 'journal', '0000000002.journal');
    const bytes = readFileSync(segment);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(segment, bytes);
    await expect(backupLedger({ dataDir, to, nowMs: NOW_MS })).rejects.toMatchObject({ code: 'keeping-damaged' });
    await expect(backupLedger({ dataDir: to, to: `${to}2`, nowMs: NOW_MS })).rejects.toMatchObject({
      code: 'keeping-no-ledger',
    });
    expect(readdirSync(dirname(to))).toEqual([]);
  });
});

describe('a restored backup (§5.1.2.1)', () => {
  /** Opens a copy of the backup, so long after it was made. */
  async function restored(laterMs: number): Promise<number> {
    const directory = temporaryDirectory();
    cpSync(to, directory, { recursive: true });
    const clock = new StillClock();
    clock.advance(NOW_MS + laterMs - clock.now());
    const opened = await open(directory, { clock });
    await opened.close();
    const again = await open(directory, { clock });
    await again.close();
    expect(again.bootEpoch).toBe(opened.bootEpoch + 1);
    expect(await verifyLedger({ directory })).toMatchObject({ kind: 'ledger', findings: [] });
    return opened.bootEpoch;
  }

  test('begins no epoch of its original, nor of another copy of the same backup', async () => {
    for (let run = 0; run < 3; run += 1) await record(2);
    await backupLedger({ dataDir, to, nowMs: NOW_MS });
    const original: number[] = [];
    for (let run = 0; run < 20; run += 1) {
      await using journal = await open();
      original.push(journal.bootEpoch);
    }
    const first = await restored(60_000);
    const second = await restored(DAY_MS);
    expect(Math.max(...original)).toBe(23);
    expect(first).toBeGreaterThan(60_000);
    const third = await restored(DAY_MS);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(Math.min(second, third)).toBeGreaterThan(60_000);
    expect(Math.max(first, second, third)).toBeLessThan(2 ** 24);
  });

  test('also begins far above when nothing but the epoch file was kept', async () => {
    await record(2);
    await backupLedger({ dataDir, to, nowMs: NOW_MS });
    const directory = temporaryDirectory();
    cpSync(to, directory, { recursive: true, filter: (from) => !from.endsWith('boot-epoch.copy') });
    await using journal = await open(directory);
    expect(journal.bootEpoch).toBeGreaterThan(60_000);
  });

  test('of any epoch, at any time, however often: the next fits 3 bytes and is larger', () => {
    const epoch = fc.nat({ max: 2 ** 24 - 4 });
    const laterMs = fc.integer({ min: -DAY_MS, max: 30_000 * DAY_MS });
    fc.assert(
      fc.property(
        epoch,
        laterMs,
        laterMs,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (bootEpoch, a, b, chance) => {
          const [sooner, later] = [Math.min(a, b), Math.max(a, b)];
          const mark = { bootEpoch, takenMs: NOW_MS };
          const [first, second] = [
            epochOfCopy(mark, NOW_MS + sooner, chance),
            epochOfCopy(mark, NOW_MS + later, chance),
          ];
          expect(first).toBeGreaterThan(bootEpoch);
          expect(second).toBeGreaterThanOrEqual(first);
          expect(second + 1).toBeLessThan(2 ** 24);
        },
      ),
    );
  });
});
