import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Journal, type JournalEntry, openJournal } from '../src/index.ts';
import { JournalTail } from '../src/projector/journal-tail.ts';
import { anyRecord, share, StillClock, silent, turns } from './builders.ts';
import { generator, MemoryFiles } from './memory-files.ts';

const DIRECTORY = '/journal';

interface Written {
  readonly files: MemoryFiles;
  readonly clock: StillClock;
  open(segmentBytes?: number): Promise<Journal>;
}

function memory(seed = 1): Written {
  const files = new MemoryFiles(generator(seed));
  const clock = new StillClock();
  const settings = { directory: DIRECTORY, log: silent, file: files, clock, syncIntervalMs: 0 };
  return { files, clock, open: (segmentBytes = 1000) => openJournal({ ...settings, segmentBytes }) };
}

function readAll(tail: JournalTail, upTo: number): JournalEntry[] {
  const all: JournalEntry[] = [];
  for (let entries = tail.read(upTo); entries.length > 0; entries = tail.read(upTo)) all.push(...entries);
  return all;
}

const numbers = (entries: readonly JournalEntry[]): number[] => entries.map(({ position }) => position);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

async function write(journal: Journal, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    journal.append(share(journal.position));
    if (i % 3 === 2) await journal.flush();
  }
  await journal.flush();
}

test('follows the writer across segments and yields every record once, in order', async () => {
  const { files, open } = memory();
  await using journal = await open();
  const tail = new JournalTail(files, DIRECTORY);
  tail.seek(1, journal.watermark);
  const seen: number[] = [];
  for (const count of [1, 40, 0, 7, 100]) {
    await write(journal, count);
    seen.push(...numbers(readAll(tail, journal.watermark)));
  }
  expect(seen).toEqual(upTo(journal.position));
  expect(files.list(DIRECTORY).filter((name) => name.endsWith('.journal')).length).toBeGreaterThan(3);
});

test('reads no byte twice: a long segment costs a new record what a short one does', async () => {
  const { files, open } = memory();
  await using journal = await open(32 * 1024 * 1024);
  const tail = new JournalTail(files, DIRECTORY);
  const cost = async (count: number): Promise<number> => {
    await write(journal, count);
    files.bytesRead = 0;
    readAll(tail, journal.watermark);
    return files.bytesRead;
  };
  const short = await cost(1);
  await cost(5000);
  expect(await cost(1)).toBe(short);
});

test('reads nothing above what it is told to be on disk', async () => {
  const { files, open } = memory();
  await using journal = await open();
  const tail = new JournalTail(files, DIRECTORY);
  await write(journal, 30);
  expect(numbers(readAll(tail, 10))).toEqual(upTo(10));
  expect(numbers(readAll(tail, journal.watermark))).toEqual(upTo(31, 11));
});

test.each([1, 2, 13, 30, 31, 32])('begins anywhere: at record %i of 31', async (position) => {
  const { files, open } = memory();
  await using journal = await open();
  await write(journal, 30);
  const tail = new JournalTail(files, DIRECTORY);
  tail.seek(position, journal.watermark);
  expect(tail.next).toBe(position);
  expect(numbers(readAll(tail, journal.watermark))).toEqual(upTo(31, position));
});

test('begins with the oldest record that is left when older segments were moved away', async () => {
  const { files, open } = memory();
  await using journal = await open();
  await write(journal, 30);
  files.remove(`${DIRECTORY}/0000000001.journal`);
  const tail = new JournalTail(files, DIRECTORY);
  tail.seek(1, journal.watermark);
  expect(tail.next).toBeGreaterThan(1);
  const oldest = tail.next;
  expect(numbers(readAll(tail, journal.watermark))).toEqual(upTo(31, oldest));
});

test('takes a batch that is larger than what is read at once', async () => {
  const { files, open } = memory();
  await using journal = await open();
  const coinbase = new Uint8Array(3_000_000).fill(7);
  const found = { type: 'BlockFound', timeMs: 1, channelKey: 1, height: 2, hash: new Uint8Array(32) } as const;
  const block = { ...found, header: new Uint8Array(80), coinbase, via: 'v', path: 'p', userIdentity: new Uint8Array() };
  journal.append(block);
  await write(journal, 3);
  const entries = readAll(new JournalTail(files, DIRECTORY), journal.watermark);
  expect(numbers(entries)).toEqual(upTo(5));
  expect(entries[1]?.record).toEqual(block);
});

test('says which record cannot be read when one that was on disk is damaged', async () => {
  const { files, open } = memory();
  await using journal = await open(100_000);
  await write(journal, 30);
  const path = `${DIRECTORY}/0000000001.journal`;
  const handle = files.open(path, 'existing');
  const damaged = files.read(path);
  files.write(handle, [Uint8Array.of((damaged[600] ?? 0) ^ 1)], 600);
  const tail = new JournalTail(files, DIRECTORY);
  expect(() => readAll(tail, journal.watermark)).toThrow(expect.objectContaining({ code: 'ledger-corrupted' }));
  expect(tail.next).toBeGreaterThan(1);
});

test('without a word of the writer reads what is whole, and goes on when there is more', async () => {
  const { files, open } = memory();
  const tail = new JournalTail(files, DIRECTORY);
  expect(readAll(tail, Number.POSITIVE_INFINITY)).toEqual([]);
  await using journal = await open();
  const seen = numbers(readAll(tail, Number.POSITIVE_INFINITY));
  await write(journal, 25);
  seen.push(...numbers(readAll(tail, Number.POSITIVE_INFINITY)));
  expect(seen).toEqual(upTo(26));
});

/** What happens to a journal: bursts of records, failing operations, kills and power failures. */
const anyLife = fc.record({
  bursts: fc.array(fc.array(anyRecord, { maxLength: 8 }), { maxLength: 10 }),
  faults: fc.array(fc.record({ at: fc.integer({ min: 1, max: 60 }), length: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 4,
  }),
  power: fc.boolean(),
});

test('sees what the journal says, whatever fails: segments given up and written again, kills, power failures', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyLife, { minLength: 1, maxLength: 3 }), fc.integer(), async (lives, seed) => {
      let files = new MemoryFiles(generator(seed));
      for (const life of lives) {
        const clock = new StillClock();
        const settings = { directory: DIRECTORY, log: silent, file: files, clock, syncIntervalMs: 0 };
        const journal = await openJournal({ ...settings, segmentBytes: 700 });
        const tail = new JournalTail(files, DIRECTORY);
        const seen: JournalEntry[] = [];
        const appended = new Map<number, unknown>();
        const start = files.operations;
        files.fault = () =>
          life.faults.some(({ at, length }) => {
            const since = files.operations - start;
            return since >= at && since < at + length;
          })
            ? 'EIO'
            : undefined;
        for (const burst of life.bursts) {
          for (const record of burst) appended.set(journal.append(record), record);
          await turns(3);
          seen.push(...readAll(tail, journal.watermark));
          clock.advance(1000);
        }
        await turns(3);
        seen.push(...readAll(tail, journal.watermark));
        expect(numbers(seen)).toEqual(upTo(journal.watermark));
        for (const { position, record } of seen) {
          const { type } = record;
          const given = appended.get(position) as { type: string; timeMs: number } | undefined;
          if (given !== undefined)
            expect({ type, timeMs: 'timeMs' in record && record.timeMs }).toEqual({
              type: given.type,
              timeMs: given.timeMs,
            });
        }
        await journal.close().catch(() => {});
        if (life.power) files = new MemoryFiles(generator(seed + 1), files.afterPowerFailure());
        else files.restart();
      }
    }),
    { numRuns: 100 },
  );
});
