import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../src/database/fingerprint.ts';
import { type Journal, openJournal } from '../src/index.ts';
import { DEFAULT_RETENTION } from '../src/ledger-options.ts';
import { JournalTail } from '../src/projector/journal-tail.ts';
import { Projector } from '../src/projector/projector.ts';
import type { ProjectorReport } from '../src/projector/projector-report.ts';
import { anyRecord, StillClock, silent, turns } from './builders.ts';
import { FakeDatabase } from './fake-projection.ts';
import { generator, MemoryFiles } from './memory-files.ts';

/** One run of a pool: what it records, which calls of the disk fail, what the database does, and how it ends. */
const anyRun = fc.record({
  bursts: fc.array(fc.array(anyRecord, { maxLength: 8 }), { maxLength: 8 }),
  faults: fc.array(fc.record({ at: fc.integer({ min: 1, max: 40 }), length: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 2,
  }),
  database: fc.array(fc.constantFrom('before' as const, 'after' as const, undefined), { maxLength: 6 }),
  end: fc.constantFrom('closed', 'killed', 'power failure'),
  powerFailsAt: fc.integer({ min: 1, max: 60 }),
});
type Run = typeof anyRun extends fc.Arbitrary<infer R> ? R : never;

const settings = { directory: '/journal', log: silent, syncIntervalMs: 0, segmentBytes: 700 };

/** Journal and database of one run, and what goes wrong with them. */
async function live(run: Run, files: MemoryFiles, database: FakeDatabase): Promise<readonly ProjectorReport[]> {
  const clock = new StillClock();
  const reports: ProjectorReport[] = [];
  const journal = await openJournal({ ...settings, file: files, clock });
  const start = files.operations;
  if (run.end === 'power failure') files.failPowerAt = start + run.powerFailsAt;
  files.fault = () => {
    const since = files.operations - start;
    return run.faults.some(({ at, length }) => since >= at && since < at + length) ? 'EIO' : undefined;
  };
  database.faults = [...run.database];
  const projector = projectorOf(journal, files, clock, database, reports);
  const done = projector.run();
  for (const burst of run.bursts) {
    for (const record of burst) journal.append(record);
    await turns(2);
    projector.raise(journal.watermark);
    await turns(2);
    clock.advance(1000);
  }
  // Killed: what it would have gone on with is lost with it, and the database keeps what was committed.
  projector.close(run.end === 'closed' ? 1000 : 0);
  await done;
  await journal.close().catch(() => {});
  return reports;
}

function projectorOf(
  journal: Journal,
  files: MemoryFiles,
  clock: StillClock,
  database: FakeDatabase,
  reports: ProjectorReport[],
): Projector {
  return new Projector({
    directory: '/',
    retention: DEFAULT_RETENTION,
    watermark: journal.watermark,
    files,
    clock,
    connect: database.connect,
    report: (report) => void reports.push(report),
  });
}

test('the database holds what the journal holds, once, in order, whatever failed: disk, power, process or database', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRun, { minLength: 1, maxLength: 4 }), fc.integer(), async (runs, seed) => {
      const random = generator(seed);
      const database = new FakeDatabase();
      let files = new MemoryFiles(random);
      for (const run of runs) {
        const reports = await live(run, files, database);
        expect(reports.filter(({ kind }) => kind === 'refused')).toEqual([]);
        if (run.end === 'power failure') files = new MemoryFiles(random, files.afterPowerFailure());
        else files.restart();
      }
      await live({ bursts: [], faults: [], database: [], end: 'closed', powerFailsAt: 0 }, files, database);
      const journal = await openJournal({ ...settings, file: files });
      const tail = new JournalTail(files, '/journal');
      const written: string[] = [];
      // The Start of this last opening is not projected yet.
      const last = journal.watermark - 1;
      for (let read = tail.read(last); read.length > 0; read = tail.read(last))
        written.push(...read.map(fingerprintOf));
      await journal.close();
      expect(database.fingerprints).toEqual(written);
    }),
    { numRuns: 150 },
  );
});
