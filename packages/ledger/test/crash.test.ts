import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Journal, type JournalRecord, NOT_RECORDED, openJournal } from '../src/index.ts';
import { anyRecord, readAll, StillClock, silent, temporaryDirectory, turns } from './builders.ts';
import { generator, MemoryFiles, writeDirectory } from './memory-files.ts';

/** One run of the journal: bursts of records, failing operations on the way, how it ends and at which operation. */
interface Run {
  readonly bursts: readonly (readonly JournalRecord[])[];
  readonly end: 'power failure' | 'killed';
  readonly endAfter: number;
  readonly faults: readonly { readonly at: number; readonly length: number }[];
}

const anyRun: fc.Arbitrary<Run> = fc.record({
  bursts: fc.array(fc.array(anyRecord, { maxLength: 12 }), { maxLength: 12 }),
  end: fc.constantFrom('power failure', 'killed'),
  endAfter: fc.integer({ min: 1, max: 60 }),
  faults: fc.array(fc.record({ at: fc.integer({ min: 8, max: 60 }), length: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 3,
  }),
});

/** What the world outside has seen of the journal. */
interface Seen {
  /** Records by position; index 0 is position 1. */
  appended: JournalRecord[];
  watermark: number;
  epoch: number;
}

async function live(run: Run, files: MemoryFiles, seen: Seen): Promise<void> {
  const clock = new StillClock();
  files.failPowerAt = run.endAfter;
  files.fault = () =>
    run.faults.some(({ at, length }) => files.operations >= at && files.operations < at + length) ? 'EIO' : undefined;
  let journal: Journal;
  try {
    journal = await openJournal({
      directory: '/',
      log: silent,
      file: files,
      clock,
      syncIntervalMs: 0,
      segmentBytes: 2000,
    });
  } catch {
    return;
  }
  expect(journal.bootEpoch).toBeGreaterThan(seen.epoch);
  seen.epoch = journal.bootEpoch;
  seen.appended[journal.position - 1] = { type: 'Start', timeMs: clock.now(), bootEpoch: journal.bootEpoch };
  seen.watermark = journal.watermark;
  journal.onWatermark((watermark) => {
    expect(watermark).toBeGreaterThan(seen.watermark);
    seen.watermark = watermark;
  });
  for (const burst of run.bursts) {
    for (const record of burst) {
      const position = journal.append(record);
      if (position !== NOT_RECORDED) seen.appended[position - 1] = record;
    }
    await turns(3);
    clock.advance(1000);
  }
  await turns(3);
  // What the process would have gone on with is lost with it: only its timers and its writer are ended here.
  await journal.close().catch(() => {});
}

/** Holds what is left after the crash to what was seen, and goes on from what is left. */
async function check(content: ReadonlyMap<string, Uint8Array>, seen: Seen): Promise<void> {
  const directory = temporaryDirectory();
  writeDirectory(directory, content);
  const entries = await readAll(directory);
  expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => index + 1));
  expect(entries.length).toBeGreaterThanOrEqual(seen.watermark);
  const recovered = entries.map(({ record }) => record as JournalRecord);
  for (const [index, record] of recovered.entries()) {
    const appended = seen.appended[index];
    // A start that failed before it could say its position may have survived even so.
    if (appended === undefined) expect(record.type).toBe('Start');
    else expect(record).toEqual(wellFormed(appended));
  }
  seen.appended = recovered;
}

const wellFormed = (record: JournalRecord): JournalRecord =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, typeof value === 'string' ? value.toWellFormed() : value]),
  ) as unknown as JournalRecord;

test('every record up to the watermark survives a kill or a power failure at any operation, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRun, { minLength: 1, maxLength: 4 }), fc.integer(), async (runs, seed) => {
      const random = generator(seed);
      let files = new MemoryFiles(random);
      const seen: Seen = { appended: [], watermark: 0, epoch: 0 };
      for (const run of runs) {
        await live(run, files, seen);
        if (run.end === 'killed') files.restart();
        else files = new MemoryFiles(random, files.afterPowerFailure());
        await check(files.content(), seen);
      }
    }),
    { numRuns: 150 },
  );
});
