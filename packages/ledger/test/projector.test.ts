import { describe, expect, onTestFinished, test } from 'vitest';
import { type Journal, type JournalRecord, openJournal } from '../src/index.ts';
import { LEDGER_LIMITS } from '../src/limits.ts';
import { inlineProjector } from '../src/projector/inline-projector.ts';
import { Projector } from '../src/projector/projector.ts';
import type { ProjectorReport } from '../src/projector/projector-report.ts';
import { JournalTail } from '../src/projector/journal-tail.ts';
import { share, StillClock, silent, turns } from './builders.ts';
import { FakeDatabase } from './fake-projection.ts';
import { generator, MemoryFiles } from './memory-files.ts';

const RETENTION = { sharesDays: 7, minutesDays: 35, journalDays: 0 };
const DAY_MS = 86_400_000;

class World {
  readonly files = new MemoryFiles(generator(1));
  readonly clock = new StillClock();
  readonly database = new FakeDatabase();
  readonly reports: ProjectorReport[] = [];
  retention = RETENTION;

  journal(name: 'journal' | 'payments' = 'journal', segmentBytes = 100_000): Promise<Journal> {
    const settings = { log: silent, file: this.files, clock: this.clock, syncIntervalMs: 0, segmentBytes };
    return openJournal({ ...settings, directory: `/${name}` });
  }

  start(watermark: number): { readonly projector: Projector; readonly done: Promise<void> } {
    const projector = new Projector({
      directory: '/',
      retention: this.retention,
      watermark,
      files: this.files,
      clock: this.clock,
      connect: this.database.connect,
      report: (report) => void this.reports.push(report),
    });
    const done = projector.run();
    onTestFinished(async () => {
      projector.close(0);
      await done;
    });
    return { projector, done };
  }

  kinds(): string[] {
    return this.reports.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);
  }
}

/** A journal of `count` shares behind its Start. */
async function begun(count: number): Promise<{ readonly world: World; readonly journal: Journal }> {
  const world = new World();
  const journal = await world.journal();
  await add(journal, count);
  return { world, journal };
}

async function add(journal: Journal, count: number, made: (n: number) => JournalRecord = share): Promise<void> {
  for (let i = 0; i < count; i++) journal.append(made(journal.position));
  await journal.flush();
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

describe('a projector', () => {
  test('applies everything up to the watermark once, in order, and says that it has caught up', async () => {
    const { world, journal } = await begun(10);
    const { projector } = world.start(journal.watermark);
    await turns();
    expect(world.database.applied.journal).toEqual(upTo(11));
    await add(journal, 5);
    projector.raise(journal.watermark);
    await turns();
    expect(world.database.applied.journal).toEqual(upTo(16));
    expect(world.reports.at(-1)).toEqual({ kind: 'progress', position: 16, deadLetters: 0, caughtUp: true });
  });

  test('applies what waited in one transaction', async () => {
    const { world, journal } = await begun(500);
    world.start(journal.watermark);
    await turns();
    expect(world.database.batches).toEqual([501]);
  });

  test('reads nothing above the watermark', async () => {
    const { world, journal } = await begun(3);
    const { watermark } = journal;
    await add(journal, 5);
    world.start(watermark);
    await turns();
    expect(world.database.applied.journal).toEqual(upTo(watermark));
  });

  test('projects the payments too, which another process writes, after a sync of its own', async () => {
    const { world, journal } = await begun(1);
    world.start(journal.watermark);
    await turns();
    const payments = await world.journal('payments');
    await add(payments, 1, () => ({
      type: 'PayoutPaid',
      timeMs: 1,
      account: 'alice',
      amount: 5n,
      txid: new Uint8Array(32),
      note: '',
    }));
    await payments.close();
    const syncs: string[] = [];
    world.files.fault = (operation) => void syncs.push(operation);
    world.clock.advance(1000);
    await turns();
    expect(world.database.applied).toEqual({ journal: [1, 2], payments: [1, 2] });
    expect(syncs.filter((operation) => operation === 'sync')).toHaveLength(1);
  });
});

describe('a database that is away', () => {
  test('is tried again, later each time, and then gets everything exactly once', async () => {
    const { world, journal } = await begun(5);
    world.database.away = true;
    world.start(journal.watermark);
    await turns();
    const tries: number[] = [];
    for (let second = 0; second < 200; second++) {
      const before = world.database.connections;
      world.clock.advance(1000);
      await turns(2);
      if (world.database.connections > before) tries.push(second + 1);
    }
    expect(tries).toEqual([1, 3, 7, 15, 31, 61, 91, 121, 151, 181]);
    world.database.away = false;
    world.clock.advance(LEDGER_LIMITS.databaseRetryMostMs);
    await turns();
    expect(world.database.applied.journal).toEqual(upTo(6));
    expect(world.kinds()).toEqual(['away', 'progress']);
  });

  test('is not tried earlier because miners go on', async () => {
    const { world, journal } = await begun(5);
    world.database.away = true;
    const { projector } = world.start(journal.watermark);
    await turns();
    for (let i = 0; i < 20; i++) {
      await add(journal, 1);
      projector.raise(journal.watermark);
      await turns(2);
    }
    expect(world.database.connections).toBe(1);
  });

  test.each(['before', 'after'] as const)(
    'in the middle of a batch, %s the commit: nothing is lost, nothing counts twice',
    async (when) => {
      const { world, journal } = await begun(20);
      world.database.faults = [when];
      world.start(journal.watermark);
      await turns();
      expect(world.reports.at(-1)?.kind).toBe('away');
      world.clock.advance(LEDGER_LIMITS.databaseRetryMs);
      await turns();
      expect(world.database.applied.journal).toEqual(upTo(21));
      expect(world.reports.at(-1)).toMatchObject({ kind: 'progress', position: 21, caughtUp: true });
    },
  );

  test('answers no question, with a code, and does when it is back', async () => {
    const { world, journal } = await begun(1);
    world.database.away = true;
    const { projector } = world.start(journal.watermark);
    await expect(projector.query('totals', {})).rejects.toMatchObject({ code: 'ledger-database-away' });
    world.database.away = false;
    world.clock.advance(LEDGER_LIMITS.databaseRetryMs);
    await turns();
    expect(await projector.query('totals', {})).toEqual({ position: 2 });
    world.database.away = true;
    await expect(projector.query('totals', {})).rejects.toMatchObject({ code: 'ledger-database-away' });
  });
});

test('an answer that cannot be told is no answer, and ends nothing', async () => {
  const { world, journal } = await begun(1);
  const told: unknown[] = [];
  const { database, files, clock, retention } = world;
  const host = inlineProjector(
    { directory: '/', retention, watermark: journal.watermark, files, clock, connect: database.connect },
    {
      report() {},
      answer() {
        throw new Error('it could not be cloned');
      },
      noAnswer: (id, problem) => void told.push({ id, problem }),
      ended() {},
    },
  );
  onTestFinished(() => host.close(0));
  host.query(7, 'totals', {});
  await turns();
  expect(told).toEqual([{ id: 7, problem: { code: undefined, message: 'it could not be cloned' } }]);
});

describe('a record that cannot be applied', () => {
  test('goes to the dead letters alone; the others are applied, before and behind it', async () => {
    const { world, journal } = await begun(20);
    world.database.faultOf = ({ position }) =>
      position === 7 || position === 8 || position === 21 ? 'fault' : undefined;
    world.start(journal.watermark);
    await turns();
    expect(world.database.applied.journal).toEqual(upTo(21).filter((n) => ![7, 8, 21].includes(n)));
    expect(world.database.deadLetters).toEqual(
      [7, 8, 21].map((position) => ({ source: 'journal', position, code: 'impossible-difficulty' })),
    );
    expect(world.reports).toContainEqual({
      kind: 'set-aside',
      letter: { source: 'journal', position: 7, code: 'impossible-difficulty', reason: 'the difficulty is negative' },
      more: 2,
    });
    expect(world.reports.at(-1)).toEqual({ kind: 'progress', position: 21, deadLetters: 3, caughtUp: true });
  });

  test('because of a bug is found among thousands in a few tries', async () => {
    const { world, journal } = await begun(4000);
    world.database.faultOf = ({ position }) => (position === 2345 ? 'bug' : undefined);
    world.start(journal.watermark);
    await turns(10);
    expect(world.database.deadLetters).toEqual([{ source: 'journal', position: 2345, code: 'refused-by-database' }]);
    expect(world.database.applied.journal).toHaveLength(4000);
    expect(world.database.batches.length).toBeLessThan(60);
  });

  test('of a newer program is set aside without being tried', async () => {
    const { world, journal } = await begun(2);
    await journal.close();
    const path = '/journal/0000000001.journal';
    await rewriteAsUnknown(world.files, path);
    const again = await world.journal();
    world.start(again.watermark);
    await turns();
    expect(world.database.deadLetters.map(({ position, code }) => ({ position, code }))).toEqual([
      { position: 2, code: 'unknown-record' },
      { position: 3, code: 'unknown-record' },
    ]);
    expect(world.database.applied.journal).toEqual([1, 4]);
  });

  test('one behind the other, more than a thousand times, stops the projection: that is no matter of a record', async () => {
    const { world, journal } = await begun(LEDGER_LIMITS.deadLettersInARow + 10);
    world.database.faultOf = ({ record }) => (record.type === 'ShareAccepted' ? 'fault' : undefined);
    world.start(journal.watermark);
    await turns(10);
    expect(world.database.deadLetters).toHaveLength(LEDGER_LIMITS.deadLettersInARow);
    expect(world.reports.at(-1)).toMatchObject({ kind: 'refused', code: 'ledger-dead-letters' });
  });
});

/** Every share of the segment becomes a record of kind 200. */
async function rewriteAsUnknown(files: MemoryFiles, path: string): Promise<void> {
  const { batchAt, sealBatch, SEGMENT_HEADER_SIZE, BATCH_HEADER_SIZE } = await import('../src/format.ts');
  const bytes = files.read(path);
  for (let offset = SEGMENT_HEADER_SIZE; offset < bytes.length; ) {
    const end = batchAt(bytes, offset)?.end ?? bytes.length;
    const view = new DataView(bytes.buffer);
    for (let at = offset + BATCH_HEADER_SIZE; at < end; at += 6 + view.getUint32(at + 2, true)) {
      if (bytes[at] === 4) bytes[at] = 200;
    }
    sealBatch(bytes.subarray(offset, end));
    offset = end;
  }
  const handle = files.open(path, 'existing');
  files.write(handle, [bytes], 0);
  files.sync(handle);
  files.close(handle);
}

describe('the check at the start', () => {
  test('lets a database of this journal go on', async () => {
    const { world, journal } = await begun(5);
    const first = world.start(journal.watermark);
    await turns();
    first.projector.close(0);
    await first.done;
    await add(journal, 5);
    world.start(journal.watermark);
    await turns();
    expect(world.database.applied.journal).toEqual(upTo(11));
    expect(world.kinds()).toEqual(['progress']);
  });

  test('refuses a database of another journal', async () => {
    const { world, journal } = await begun(5);
    world.database.marks.journal = { position: 3, fingerprint: '4-00' };
    world.start(journal.watermark);
    await turns();
    expect(world.reports).toEqual([expect.objectContaining({ kind: 'refused', code: 'ledger-other-journal' })]);
    expect(world.database).toMatchObject({ open: 0, applied: { journal: [] } });
  });

  test('refuses a database that holds more than the journal', async () => {
    const { world, journal } = await begun(5);
    world.database.marks.journal = { position: 7, fingerprint: '4-00' };
    world.start(journal.watermark);
    await turns();
    expect(world.reports).toEqual([expect.objectContaining({ kind: 'refused', code: 'ledger-ahead' })]);
  });

  test('refuses to leave out records whose file is missing', async () => {
    const world = new World();
    const journal = await world.journal('journal', 300);
    for (let i = 0; i < 10; i++) await add(journal, 1);
    world.database.marks.journal = { position: 1, fingerprint: '1-00' };
    world.files.remove('/journal/0000000001.journal');
    world.start(journal.watermark);
    await turns();
    expect(world.reports).toEqual([expect.objectContaining({ kind: 'refused', code: 'ledger-corrupted' })]);
  });

  test('goes on when the file with the last projected record was moved away', async () => {
    const world = new World();
    const journal = await world.journal('journal', 300);
    for (let i = 0; i < 10; i++) await add(journal, 1);
    world.files.remove('/journal/0000000001.journal');
    const tail = new JournalTail(world.files, '/journal');
    tail.seek(1, journal.watermark);
    const oldest = tail.next;
    world.database.marks.journal = { position: oldest - 1, fingerprint: '4-00' };
    world.start(journal.watermark);
    await turns(10);
    expect(world.kinds()).toEqual(['progress']);
    expect(world.database.applied.journal).toEqual(upTo(11).slice(oldest - 1));
  });

  test('a refusal stays until the next start, and asks for nothing meanwhile', async () => {
    const { world, journal } = await begun(5);
    world.database.marks.journal = { position: 3, fingerprint: '4-00' };
    const { projector } = world.start(journal.watermark);
    await turns();
    world.clock.advance(DAY_MS);
    await turns();
    expect(world.database.connections).toBe(1);
    await expect(projector.query('totals', {})).rejects.toMatchObject({ code: 'ledger-database-away' });
  });
});

describe('what is kept no longer', () => {
  test('is removed once an hour: from the database, and whole files of the journal that are projected', async () => {
    const world = new World();
    world.retention = { ...RETENTION, journalDays: 2 };
    world.database.old = { shares: 3, slices: 2 };
    world.database.young = 20;
    const journal = await world.journal('journal', 300);
    for (let batch = 0; batch < 6; batch++) await add(journal, 5);
    const { projector } = world.start(journal.watermark);
    await turns(20);
    const removed = world.reports.find(({ kind }) => kind === 'removed');
    expect(removed).toMatchObject({ shares: 3, slices: 2 });
    expect(world.database).toMatchObject({ retained: 1, settled: 1 });
    const first = world.files
      .list('/journal')
      .filter((name) => name.endsWith('.journal'))
      .toSorted()[0];
    expect(Number(first?.slice(0, 10))).toBeGreaterThan(2);
    const tail = new JournalTail(world.files, '/journal');
    tail.seek(1, journal.watermark);
    expect(tail.next).toBeGreaterThan(10);
    expect(tail.next).toBeLessThanOrEqual(20);
    await add(journal, 1);
    projector.raise(journal.watermark);
    await turns(8);
    expect(world.database).toMatchObject({ retained: 1 });
    expect(world.database.applied.journal).toEqual(upTo(32));
  });

  test('and cannot be removed keeps nothing from being projected', async () => {
    const { world, journal } = await begun(5);
    world.database.cannotRetain = true;
    const { projector } = world.start(journal.watermark);
    await turns();
    expect(world.reports.at(-1)).toEqual({ kind: 'not-removed', reason: 'TypeError: no such table' });
    await add(journal, 5);
    projector.raise(journal.watermark);
    await turns();
    expect(world.database.applied.journal).toEqual(upTo(11));
    expect(world.kinds()).not.toContain('away');
  });

  test('leaves all files when days are 0', async () => {
    const world = new World();
    const journal = await world.journal('journal', 300);
    await add(journal, 5);
    await add(journal, 5);
    world.clock.advance(1000 * DAY_MS);
    const before = world.files.list('/journal').length;
    world.start(journal.watermark);
    await turns(8);
    expect(world.database).toMatchObject({ retained: 1, settled: 0 });
    expect(world.files.list('/journal')).toHaveLength(before);
  });
});

describe('closing', () => {
  test('catches up first', async () => {
    const { world, journal } = await begun(5);
    const { projector, done } = world.start(journal.watermark);
    await turns();
    await add(journal, 100);
    projector.raise(journal.watermark);
    projector.close(1000);
    await done;
    expect(world.database.applied.journal).toEqual(upTo(106));
    expect(world.database.open).toBe(0);
  });

  test('gives up when its time is over', async () => {
    const { world, journal } = await begun(20_000);
    world.database.during = async () => world.clock.advance(400);
    const { projector, done } = world.start(journal.watermark);
    projector.close(1000);
    await done;
    expect(world.database.batches.length).toBeLessThanOrEqual(4);
    expect(world.database.applied.journal.length).toBeLessThan(20_001);
    expect(world.database.open).toBe(0);
  });

  test('does not wait for a database that is away', async () => {
    const { world, journal } = await begun(5);
    world.database.away = true;
    const { projector, done } = world.start(journal.watermark);
    await turns();
    projector.close(1000);
    await done;
  });
});
