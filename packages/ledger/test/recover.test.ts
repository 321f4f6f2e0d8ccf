import { describe, expect, test } from 'vitest';
import { beginEpoch } from '../src/boot-epoch.ts';
import { LedgerError, openJournal } from '../src/index.ts';
import { recover } from '../src/recover.ts';
import { readAll, share, silent, temporaryDirectory, turns } from './builders.ts';
import { MemoryFiles, readDirectory, writeDirectory } from './memory-files.ts';

const SEGMENT = '0000000001.journal';
const EPOCH = 'boot-epoch';

/** A journal of five batches in one segment: the files, and the segment's length after each batch. */
async function journalOfFiveBatches() {
  const files = new MemoryFiles(() => 0);
  const journal = await openJournal({ directory: '/', log: silent, file: files, syncIntervalMs: 0 });
  const ends: number[] = [files.read(SEGMENT).length];
  for (let batch = 0; batch < 4; batch++) {
    for (let i = 0; i <= batch; i++) journal.append(share(batch * 10 + i));
    await turns();
    ends.push(files.read(SEGMENT).length);
  }
  await journal.close();
  return { segment: files.read(SEGMENT), epoch: files.read(EPOCH), ends };
}

/** Records that are whole when the segment ends at `length`: Start, then 1, 2, 3 and 4 shares. */
const RECORDS_AFTER = [1, 2, 4, 7, 11];

describe('a torn tail (crash in the middle of a write)', () => {
  test('is cut off at every possible length, and nothing before it', async () => {
    const { segment, ends } = await journalOfFiveBatches();
    for (let length = 0; length <= segment.length; length++) {
      const files = new MemoryFiles(() => 0, new Map([[SEGMENT, segment.slice(0, length)]]));
      const whole = ends.findLastIndex((end) => end <= length);
      const { tail } = recover(files, '/');
      expect(tail.nextPosition, `cut at ${length}`).toBe(1 + (RECORDS_AFTER[whole] ?? 0));
      const kept = whole < 0 ? Math.min(length, 24) : (ends[whole] ?? 0);
      expect(files.list().includes(SEGMENT) ? files.read(SEGMENT).length : 0).toBe(length < 24 ? 0 : kept);
    }
  });

  test('is written over by the next run, which reads back in order', async () => {
    const { segment, epoch, ends } = await journalOfFiveBatches();
    for (const length of [0, 10, 24, 30, (ends[1] ?? 0) + 1, (ends[3] ?? 0) - 1, segment.length - 1]) {
      const directory = temporaryDirectory();
      writeDirectory(
        directory,
        new Map([
          [SEGMENT, segment.slice(0, length)],
          [EPOCH, epoch],
        ]),
      );
      const journal = await openJournal({ directory, log: silent });
      expect(journal.bootEpoch).toBe(2);
      journal.append(share(99));
      await journal.close();
      const entries = await readAll(directory);
      const whole = RECORDS_AFTER[ends.findLastIndex((end) => end <= length)] ?? 0;
      expect(entries.map(({ position }) => position)).toEqual(Array.from({ length: whole + 2 }, (_, i) => i + 1));
      expect(entries.slice(-2).map(({ record }) => record)).toMatchObject([
        { type: 'Start', bootEpoch: 2 },
        { type: 'ShareAccepted', sequenceNumber: 99 },
      ]);
    }
  });
});

describe('a process that was killed between a write and its sync', () => {
  test.each([
    ['had written its segment full', 300, false],
    ['had been told that the sync failed', 10_000, true],
  ])('and %s leaves nothing that a later power failure can take from under what follows', async (...given) => {
    const [, segmentBytes, synced] = given;
    const files = new MemoryFiles(() => 0);
    const options = { directory: '/', log: silent, file: files, syncIntervalMs: 0, segmentBytes };
    const killed = await openJournal(options);
    for (let i = 0; i < 5; i++) killed.append(share(i));
    files.failPowerAt = files.operations + (synced ? 3 : 2);
    files.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    await turns();
    files.restart();
    const journal = await openJournal(options);
    const position = journal.append(share(99));
    await turns();
    expect(journal.watermark).toBe(position);
    const directory = temporaryDirectory();
    writeDirectory(directory, files.afterPowerFailure());
    const positions = (await readAll(directory)).map((entry) => entry.position);
    expect(positions).toEqual(Array.from({ length: position }, (_, i) => i + 1));
  });
});

describe('a flipped byte', () => {
  test('ends the journal before its batch, wherever it is, and never yields a wrong record', async () => {
    const { segment, ends } = await journalOfFiveBatches();
    for (let at = 24; at < segment.length; at++) {
      const damaged = segment.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x20;
      const files = new MemoryFiles(() => 0, new Map([[SEGMENT, damaged]]));
      const whole = ends.findLastIndex((end) => end <= at);
      expect(recover(files, '/').tail.nextPosition).toBe(1 + (RECORDS_AFTER[whole] ?? 0));
    }
  });

  test('before whole records keeps what is cut off in a file of its own', async () => {
    const { segment, ends } = await journalOfFiveBatches();
    const damaged = segment.slice();
    const [, second = 0] = ends;
    damaged[second + 30] = (damaged[second + 30] ?? 0) ^ 1;
    const files = new MemoryFiles(() => 0, new Map([[SEGMENT, damaged]]));
    const { kept } = recover(files, '/');
    expect(kept).toBe(`/${SEGMENT}.cut-${second}`);
    expect(files.read(kept ?? '')).toEqual(damaged.slice(second));
  });

  test('in the header before whole records is refused: a person must decide', async () => {
    const { segment } = await journalOfFiveBatches();
    const damaged = segment.slice();
    damaged[9] = 1;
    const files = new MemoryFiles(() => 0, new Map([[SEGMENT, damaged]]));
    expect(() => recover(files, '/')).toThrow(expect.objectContaining({ code: 'ledger-corrupted' }));
  });
});

test('a missing segment is an error, not a silent gap', async () => {
  const directory = temporaryDirectory();
  for (let run = 0; run < 3; run++) {
    const journal = await openJournal({ directory, log: silent, segmentBytes: 1 });
    await journal.close();
  }
  const content = readDirectory(directory);
  content.delete('0000000002.journal');
  const broken = temporaryDirectory();
  writeDirectory(broken, content);
  await expect(readAll(broken)).rejects.toThrow(LedgerError);
  await expect(readAll(broken)).rejects.toThrow(/begins with record 3, but the segment before it ends before record 2/);
});

describe('the boot epoch', () => {
  test('rises with every start', () => {
    const files = new MemoryFiles(() => 0);
    expect([1, 2, 3].map(() => beginEpoch(files, '/', 0))).toEqual([1, 2, 3]);
  });

  test('is taken from the journal when its own file is damaged, at every cut', () => {
    const whole = new MemoryFiles(() => 0);
    beginEpoch(whole, '/', 41);
    const bytes = whole.read(EPOCH);
    for (let length = 0; length < bytes.length - 1; length++) {
      const files = new MemoryFiles(() => 0, new Map([[EPOCH, bytes.slice(0, length)]]));
      expect(beginEpoch(files, '/', 42)).toBe(43);
    }
  });

  test('never repeats, whatever moment the power fails at', () => {
    let content = new Map<string, Uint8Array>();
    let largest = 0;
    let seed = 1;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let run = 0; run < 300; run++) {
      const files = new MemoryFiles(random, content);
      files.failPowerAt = 1 + Math.floor(random() * 10);
      try {
        const epoch = beginEpoch(files, '/', 0);
        expect(epoch).toBeGreaterThan(largest);
        largest = epoch;
      } catch (error) {
        expect(error).toHaveProperty('message', 'the power is out');
      }
      content = files.afterPowerFailure();
    }
    expect(largest).toBeGreaterThan(50);
  });
});
