// A disk that is really full: shares are refused, never acknowledged and lost, and mining goes on when there is room.
import type { MiningFromServer } from '@sv2kit/codec';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findMount, Lab, NO_SMALL_DISK, SmallDisk, type TestChannel, type TestMiner } from '../src/index.ts';
import {
  acknowledgedOf,
  EVERY_HASH,
  expectEveryAcknowledged,
  poolWishes,
  sqliteIn,
  startLoad,
  withWork,
} from './ledger-ground.ts';

const MEGABYTES = 24;
/** Times the disk is full. */
const TIMES = 3;

let lab: Lab;
let templateProvider: string;
beforeAll(async () => {
  lab = await Lab.open('signet');
  templateProvider = lab.url(await lab.templateProvider());
});
afterAll(() => lab?.[Symbol.asyncDispose]());

test('on a full disk shares are refused as ledger-unavailable, none that was acknowledged is lost, and it goes on when there is room (§5.3.14)', async ({
  skip,
}) => {
  const mount = findMount() ?? skip(NO_SMALL_DISK);
  const folder = `${lab.folder}/small`;
  const disk = new SmallDisk(mount, folder, MEGABYTES);
  const process = lab.poolProcess(poolWishes(templateProvider, `${folder}/pool`), disk.through);
  const pool = await withWork(lab, process, `${folder}/pool`);
  const { told } = await startLoad(pool);
  const other = await pool.connect();
  const channel = await other.open('extended', EVERY_HASH);
  using held = disk.hold(process.pid);

  for (let time = 0; time < TIMES; time += 1) {
    await submitUntil(other, channel, 'SubmitSharesSuccess');
    disk.fill(process.pid);
    await submitUntil(other, channel, 'ledger-unavailable');
    const { fields } = process.log.items.findLast(({ message }) => message === 'the ledger takes no records') ?? {};
    expect(fields).toMatchObject({ state: 'failed', reason: 'the disk is full (ENOSPC)' });
    disk.free(process.pid);
  }
  await submitUntil(other, channel, 'SubmitSharesSuccess');
  expect(await process.stop()).toEqual({ kind: 'exit', code: 0 });

  const copy = `${lab.folder}/copy`;
  held.copyTo(copy);
  const all = await told;
  expect(acknowledgedOf(all)).toBeGreaterThan(0);
  const { journals, database } = await expectEveryAcknowledged(`${copy}/pool`, sqliteIn(`${copy}/pool`), all);
  expect(database?.position).toBe(journals[0]?.lastPosition);
});

/** Submits without waiting for answers until one of them says so. */
async function submitUntil(
  miner: TestMiner,
  channel: TestChannel,
  answer: 'SubmitSharesSuccess' | 'ledger-unavailable',
): Promise<void> {
  const from = miner.messages.items.length;
  const says = (message: MiningFromServer): boolean =>
    message.type === answer || (message.type === 'SubmitSharesError' && message.errorCode === answer);
  await expect
    .poll(async () => {
      miner.send(await channel.solve());
      return miner.messages.items.slice(from).some(says);
    })
    .toBe(true);
}
