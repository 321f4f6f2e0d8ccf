import fc from 'fast-check';
import { openJournal, type JournalRecord } from '@sv2kit/ledger';
import type { ChannelClient } from '@sv2kit/mining';
import { expect, test } from 'vitest';
import { StillClock, turns } from '../../ledger/test/builders.ts';
import { generator, MemoryFiles } from '../../ledger/test/memory-files.ts';
import { JournalTail } from '../../ledger/src/projector/journal-tail.ts';
import { rig, solve, type TestMiner } from './support.ts';

const DIRECTORY = '/journal';
const silent = { info() {}, warn() {}, error() {} };

/** Shares that devices saw acknowledged: `connection/sequence number`. */
type Acknowledged = readonly string[];

/** A device with one channel that remembers what it submitted and what it was told. */
class Device {
  readonly client: ChannelClient;
  readonly #miner: TestMiner;
  readonly #submitted: number[] = [];
  #nonce = 0;

  constructor(miner: TestMiner, kind: 'standard' | 'extended') {
    this.#miner = miner;
    this.client = miner.open(kind);
  }

  submit(): void {
    if (this.client.currentWork() === undefined) return;
    const share = solve(this.client, { from: this.#nonce });
    this.#nonce = share.nonce + 1;
    this.#submitted.push(share.sequenceNumber);
    this.#miner.says(share);
  }

  acknowledged(): Acknowledged {
    const refused = new Set(this.#miner.of('SubmitSharesError').map(({ sequenceNumber }) => sequenceNumber));
    const successes = this.#miner.of('SubmitSharesSuccess');
    const last = Math.max(0, ...successes.map(({ lastSequenceNumber }) => lastSequenceNumber));
    const sequences = this.#submitted.filter((number) => number <= last && !refused.has(number));
    expect(successes.reduce((sum, { newSubmitsAcceptedCount }) => sum + newSubmitsAcceptedCount, 0)).toBe(
      sequences.length,
    );
    return sequences.map((number) => `${this.#miner.id}/${number}`);
  }
}

/** What is read back from what a power failure left. */
async function recovered(content: ReadonlyMap<string, Uint8Array>): Promise<readonly JournalRecord[]> {
  const files = new MemoryFiles(generator(1), content);
  const journal = await openJournal({ directory: DIRECTORY, log: silent, file: files, syncIntervalMs: 0 });
  const tail = new JournalTail(files, DIRECTORY);
  const records: JournalRecord[] = [];
  for (let entries = tail.read(journal.watermark); entries.length > 0; entries = tail.read(journal.watermark)) {
    for (const { record } of entries) if (record.type !== 'Unknown') records.push(record);
  }
  await journal.close();
  return records;
}

async function expectOnceEach(content: ReadonlyMap<string, Uint8Array>, acknowledged: Acknowledged): Promise<void> {
  const channels = new Map<number, number>();
  const counts = new Map<string, number>();
  for (const record of await recovered(content)) {
    if (record.type === 'ChannelOpened') channels.set(record.channelKey, record.connection);
    if (record.type !== 'ShareAccepted') continue;
    const share = `${channels.get(record.channelKey)}/${record.sequenceNumber}`;
    counts.set(share, (counts.get(share) ?? 0) + 1);
  }
  expect(acknowledged.filter((share) => counts.get(share) !== 1)).toEqual([]);
  expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
}

interface Life {
  /** For each burst, which device submits. */
  readonly bursts: readonly (readonly number[])[];
  readonly powerFailsAt: number;
  readonly faults: readonly { readonly at: number; readonly length: number }[];
}

/** Mines until the power fails. */
async function live({ bursts, powerFailsAt, faults }: Life, seed: number) {
  const files = new MemoryFiles(generator(seed));
  const journalClock = new StillClock();
  const settings = { directory: DIRECTORY, log: silent, file: files, clock: journalClock, syncIntervalMs: 0 };
  const journal = await openJournal({ ...settings, segmentBytes: 1500 });
  const { connect, clock } = rig({ deps: { journal } });
  const miners = [connect(), connect(), connect()];
  const devices = miners.map((miner, index) => new Device(miner, index === 1 ? 'standard' : 'extended'));
  await turns();
  files.sync = () => {};
  const start = files.operations;
  files.failPowerAt = start + powerFailsAt;
  files.fault = () => {
    const since = files.operations - start;
    return faults.some(({ at, length }) => since >= at && since < at + length) ? 'EIO' : undefined;
  };
  const checks: { readonly content: ReadonlyMap<string, Uint8Array>; readonly acknowledged: Acknowledged }[] = [];
  const look = (): void => {
    const acknowledged = devices.flatMap((device) => device.acknowledged());
    checks.push({ content: files.afterPowerFailure(), acknowledged });
  };
  // The power may fail at the very moment in which a device is told.
  for (const miner of miners) {
    const send = miner.sendFrame.bind(miner);
    miner.sendFrame = (frame) => {
      send(frame);
      if (miner.sent.at(-1)?.type === 'SubmitSharesSuccess') look();
    };
  }
  for (const burst of bursts) {
    for (const index of burst) devices[index]?.submit();
    await turns(2);
    clock.advance(1000);
    journalClock.advance(1000);
    await turns(2);
  }
  look();
  await journal.close().catch(() => {});
  return checks;
}

const anyLife: fc.Arbitrary<Life> = fc.record({
  bursts: fc.array(fc.array(fc.nat({ max: 2 }), { maxLength: 10 }), { minLength: 3, maxLength: 10 }),
  powerFailsAt: fc.integer({ min: 1, max: 60 }),
  faults: fc.array(fc.record({ at: fc.integer({ min: 1, max: 40 }), length: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 2,
  }),
});

const SOME: Life['bursts'] = [[0], [1, 2], [0, 0, 1], [2], [0, 1, 2, 0, 1, 2], [1], [0, 2], [1, 1, 1, 1]];
const AT_EVERY_OPERATION = Array.from({ length: 40 }, (_, i) => i + 1);

test.each(AT_EVERY_OPERATION)(
  'a power failure at operation %i of the disk takes back no share that was acknowledged (§5.3.13)',
  async (powerFailsAt) => {
    for (let seed = 1; seed <= 5; seed++) {
      const checks = await live({ bursts: SOME, powerFailsAt, faults: [] }, seed);
      for (const { content, acknowledged } of checks) await expectOnceEach(content, acknowledged);
    }
  },
);

test('without a failure every share is acknowledged, so that the tests above are about something', async () => {
  const checks = await live({ bursts: SOME, powerFailsAt: Number.POSITIVE_INFINITY, faults: [] }, 1);
  expect(checks.at(-1)?.acknowledged).toHaveLength(SOME.flat().length);
  expect(checks.length).toBeGreaterThan(8);
});

test('no failing disk, and no power failure at the moment of a Success, takes back what it acknowledges', async () => {
  let acknowledgements = 0;
  await fc.assert(
    fc.asyncProperty(anyLife, fc.integer(), async (life, seed) => {
      const checks = await live(life, seed);
      for (const { content, acknowledged } of checks) await expectOnceEach(content, acknowledged);
      acknowledgements += checks.at(-1)?.acknowledged.length ?? 0;
    }),
    { numRuns: 100 },
  );
  expect(acknowledgements).toBeGreaterThan(0);
});
