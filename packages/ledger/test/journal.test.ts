import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type JournalOptions, type JournalState, LedgerError, NOT_RECORDED, openJournal } from '../src/index.ts';
import { listening, readAll, StillClock, share, silent, temporaryDirectory, turns } from './builders.ts';
import { MemoryFiles, writeDirectory } from './memory-files.ts';

async function openInMemory(options: Partial<JournalOptions> = {}) {
  const files = new MemoryFiles(() => 0.5);
  const clock = new StillClock();
  const said = listening();
  const settings = { directory: '/', log: said.log, file: files, clock, syncIntervalMs: 0, ...options };
  const journal = await openJournal(settings);
  return { files, clock, journal, said };
}

async function readBack(files: MemoryFiles) {
  const directory = temporaryDirectory();
  writeDirectory(directory, new Map(files.list().map((name) => [name, files.read(name)])));
  return await readAll(directory);
}

test.each(['open', 'write', 'sync'])(
  'a start on a full disk says so and names the directory, at %s',
  async (operation) => {
    const files = new MemoryFiles(() => 0.5);
    files.fault = (name) => (name === operation ? 'ENOSPC' : undefined);
    const clock = new StillClock();
    const opening = openJournal({ directory: '/', log: silent, file: files, clock, syncIntervalMs: 0 });
    await expect(opening).rejects.toMatchObject({ code: 'ledger-full', details: { directory: '/' } });
  },
);

describe('the journal on a real disk, written by its thread', () => {
  test('keeps what was appended, in order, with a Start for each run', async () => {
    const directory = temporaryDirectory();
    for (const run of [1, 2]) {
      await using journal = await openJournal({ directory, log: silent });
      expect(journal.bootEpoch).toBe(run);
      for (let i = 0; i < 1000; i++) journal.append(share(run * 1000 + i));
      await journal.flush();
      expect(journal.watermark).toBe(run * 1001);
    }
    const entries = await readAll(directory);
    expect(entries.map(({ position }) => position)).toEqual(Array.from({ length: 2002 }, (_, i) => i + 1));
    expect(entries[0]?.record).toMatchObject({ type: 'Start', bootEpoch: 1 });
    expect(entries[1001]?.record).toMatchObject({ type: 'Start', bootEpoch: 2 });
    expect(entries[1002]?.record).toEqual(share(2000));
  });

  test('announces the watermark by itself, without anybody flushing', async () => {
    await using journal = await openJournal({ directory: temporaryDirectory(), log: silent });
    const position = journal.append(share(1));
    expect(position).toBe(2);
    await new Promise<void>((resolve) => journal.onWatermark((watermark) => watermark >= position && resolve()));
    expect(journal.watermark).toBe(2);
  });

  test('has one writer: a second one is told who it is', async () => {
    const directory = temporaryDirectory();
    const first = await openJournal({ directory, log: silent });
    const second = openJournal({ directory, log: silent });
    await expect(second).rejects.toThrow(LedgerError);
    await expect(second).rejects.toThrow(`in use by process ${process.pid}`);
    await first.close();
    await (await openJournal({ directory, log: silent })).close();
  });

  test('is free again after an opening that failed', async () => {
    const directory = temporaryDirectory();
    await (await openJournal({ directory, log: silent })).close();
    const segment = join(directory, '0000000001.journal');
    const bytes = readFileSync(segment);
    bytes[9] = 1;
    writeFileSync(segment, bytes);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openJournal({ directory, log: silent })).rejects.toThrow('damaged header before whole records');
    }
  });

  test('goes on in a new segment when one is full, and is read across them from any position', async () => {
    const directory = temporaryDirectory();
    const journal = await openJournal({ directory, log: silent, segmentBytes: 1000 });
    for (let i = 1; i <= 100; i++) {
      journal.append(share(i));
      if (i % 10 === 0) await journal.flush();
    }
    await journal.close();
    expect(readdirSync(directory).filter((name) => name.endsWith('.journal')).length).toBeGreaterThan(4);
    expect((await readAll(directory)).length).toBe(101);
    for (const from of [1, 2, 11, 12, 50, 101, 102]) {
      const entries = await readAll(directory, from);
      expect(entries.map(({ position }) => position)).toEqual(Array.from({ length: 102 - from }, (_, i) => from + i));
    }
    expect((await readAll(directory, 5, 7)).map(({ position }) => position)).toEqual([5, 6, 7]);
  });

  test('takes a record that is larger than its buffers', async () => {
    const directory = temporaryDirectory();
    const coinbase = new Uint8Array(1_000_000).fill(5);
    const block = { type: 'BlockFound', timeMs: 1, channelKey: 1, height: 5, via: 'sv2-standard' } as const;
    const hashes = { hash: new Uint8Array(32), header: new Uint8Array(80), userIdentity: new Uint8Array() };
    const journal = await openJournal({ directory, log: silent });
    journal.append(share(1));
    journal.append({ ...block, ...hashes, path: 'pool-template', coinbase });
    journal.append(share(2));
    await journal.close();
    const entries = await readAll(directory);
    expect(entries.map(({ record }) => record.type)).toEqual(['Start', 'ShareAccepted', 'BlockFound', 'ShareAccepted']);
    expect(entries[2]?.record).toHaveProperty('coinbase', coinbase);
  });
});

describe('group commit', () => {
  test('puts what one turn appends into one sync, and what comes meanwhile into the next', async () => {
    const { journal, files } = await openInMemory();
    const syncs: number[] = [];
    files.fault = (operation) => {
      if (operation === 'sync') syncs.push(journal.position);
      return undefined;
    };
    for (let i = 0; i < 50; i++) journal.append(share(i));
    expect(journal.watermark).toBe(1);
    await turns();
    for (let i = 0; i < 50; i++) journal.append(share(i));
    await turns();
    expect(syncs).toEqual([51, 101]);
    expect(journal.watermark).toBe(101);
  });

  test('waits for the sync interval when it is longer than the disk takes', async () => {
    const { journal, clock } = await openInMemory({ syncIntervalMs: 10 });
    journal.append(share(1));
    await turns();
    expect(journal.watermark).toBe(1);
    clock.advance(10);
    await turns();
    expect(journal.watermark).toBe(2);
  });
});

describe('a disk that fails', () => {
  test.each([
    ['ENOSPC', 'write', 'the disk is full (ENOSPC)'],
    ['EIO', 'sync', 'the disk reports an input/output error (EIO)'],
  ])(
    'with %s at %s: the watermark stays, nothing is taken, and all is written once it works again',
    async (...given) => {
      const [code, operation, reason] = given;
      const { journal, files, clock, said } = await openInMemory();
      const states: JournalState[] = [];
      journal.onState((state) => states.push(state));
      const position = journal.append(share(1));
      files.fault = (name) => (name === operation ? code : undefined);
      await turns();
      expect(journal.state).toEqual({ kind: 'failed', reason, retrying: true });
      expect(journal.watermark).toBe(position - 1);
      expect(journal.append(share(2))).toBe(NOT_RECORDED);
      await expect(journal.flush()).rejects.toThrow(reason);
      clock.advance(1000);
      await turns();
      expect(journal.watermark).toBe(position - 1);
      files.fault = () => undefined;
      clock.advance(1000);
      await turns();
      expect(journal.state).toEqual({ kind: 'ok' });
      expect(journal.watermark).toBe(position);
      expect(journal.append(share(3))).toBe(position + 1);
      await journal.close();
      expect(states.map(({ kind }) => kind)).toEqual(['failed', 'ok']);
      expect(said.lines).toEqual(['the ledger takes no records', 'the ledger writes again']);
      const entries = await readBack(files);
      expect(entries.map((entry) => [entry.position, entry.record])).toEqual([
        [1, expect.objectContaining({ type: 'Start' })],
        [2, share(1)],
        [3, share(3)],
      ]);
    },
  );

  test('and cannot even undo a failed write: what was written again counts once', async () => {
    const { journal, files, clock } = await openInMemory();
    journal.append(share(1));
    files.fault = (name) => (name === 'sync' || name === 'truncate' ? 'EIO' : undefined);
    await turns();
    expect(journal.state.kind).toBe('failed');
    files.fault = () => undefined;
    clock.advance(1000);
    await turns();
    journal.append(share(2));
    await journal.close();
    expect(files.list().filter((name) => name.endsWith('.journal'))).toHaveLength(2);
    expect((await readBack(files)).map(({ position, record }) => [position, record])).toEqual([
      [1, expect.objectContaining({ type: 'Start' })],
      [2, share(1)],
      [3, share(2)],
    ]);
  });

  test('while it is being closed is reported, and the directory is freed even so', async () => {
    const { journal, files } = await openInMemory();
    journal.append(share(1));
    files.fault = () => 'EIO';
    await expect(journal.close()).rejects.toThrow(LedgerError);
    expect(journal.append(share(2))).toBe(NOT_RECORDED);
  });

  test('at the start fails the opening', async () => {
    const files = new MemoryFiles(() => 0);
    files.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    await expect(openJournal({ directory: '/', log: silent, file: files })).rejects.toThrow('EIO');
  });
});

describe('a disk that is too slow', () => {
  test('makes the journal refuse records at its bound, and take them again when half is written', async () => {
    const { journal } = await openInMemory({ maxPendingBytes: 1000 });
    const positions = Array.from({ length: 20 }, (_, i) => journal.append(share(i)));
    const taken = positions.filter((position) => position !== NOT_RECORDED);
    expect(taken.length).toBe(11);
    expect(journal.state.kind).toBe('behind');
    expect(journal.pendingBytes).toBeLessThanOrEqual(1000);
    await turns();
    expect(journal.state.kind).toBe('ok');
    expect(journal.watermark).toBe(12);
    expect(journal.append(share(100))).toBe(13);
  });

  test('does not refuse a single record that is above the bound', async () => {
    const { journal } = await openInMemory({ maxPendingBytes: 10 });
    expect(journal.append(share(1))).toBe(2);
    expect(journal.append(share(2))).toBe(NOT_RECORDED);
  });
});

test('a record that breaks its declaration throws, and the journal goes on without it', async () => {
  const { journal, files } = await openInMemory();
  journal.append(share(1));
  expect(() => journal.append({ ...share(2), hash: new Uint8Array(3) } as never)).toThrow(TypeError);
  journal.append(share(3));
  await journal.close();
  expect((await readBack(files)).map(({ record }) => record)).toEqual([
    expect.objectContaining({ type: 'Start' }),
    share(1),
    share(3),
  ]);
});
