// What comes of a miner whose shares are bad, and that nobody beside it notices.
import type { Pool } from '@sv2kit/pool';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, Lab, type RoleHere, type TestChannel, TestMiner } from '../src/index.ts';
import { EASY } from './translating.ts';

const SECOND = 1000;
const BAN_SECONDS = 120;
const LADDER = [
  '[bad_shares]',
  'new_work = 4',
  'send_away = 10',
  'forgiven = 2',
  'ban_after = 2',
  `ban = ${BAN_SECONDS}`,
].join('\n');
const EASY_CHANNEL = { nominalHashRate: 1000 };

let lab: Lab;
let pool: RoleHere<Pool>;
beforeEach(async () => {
  lab = await Lab.open('regtest');
  const templateProviders = [lab.url(await lab.templateProvider())];
  pool = await lab.workingPool({ ...EASY, templateProviders, more: LADDER });
});
afterEach(() => lab?.[Symbol.asyncDispose]());

const connect = (): Promise<TestMiner> => {
  const { address, authorityPublicKey: authority } = pool.service;
  return TestMiner.connect({ port: address.port, authority });
};

const steps = async (): Promise<Record<string, number>> => {
  const counters = Object.entries(await pool.counters());
  const named = counters.flatMap(([name, count]) => {
    const step = /^sv2_pool_bad_share_steps_total\{step="(.+)"\}$/.exec(name)?.[1];
    return step === undefined ? [] : [[step, count] as const];
  });
  return Object.fromEntries(named);
};

/** Sends shares of jobs that never were, until the channel is closed. */
async function misbehave(channel: TestChannel, miner: TestMiner): Promise<void> {
  const { channelId } = channel.opened;
  const share = await channel.solve({ wanted: 'share' });
  for (let sent = 0; sent < 10; sent += 1) miner.send({ ...share, sequenceNumber: sent, jobId: 0xffff_0000 + sent });
  await miner.next('CloseChannel', (message) => message.channelId === channelId);
}

/** Comes, misbehaves, and is sent away. */
async function visit(user: string): Promise<TestMiner> {
  const miner = await connect();
  await misbehave(await miner.open('extended', { user, ...EASY_CHANNEL }), miner);
  return miner;
}

async function refusalOf(user: string): Promise<string> {
  await using miner = await connect();
  miner.ask('extended', { user, ...EASY_CHANNEL });
  const { errorCode } = await miner.next('OpenMiningChannelError');
  return errorCode;
}

describe('a device whose shares are bad', () => {
  test('gets new work, is told to reconnect, and is banned when it comes back no better: others of its address mine on', async () => {
    const neighbour = await connect();
    const honest = await neighbour.open('extended', { user: 'honest.rig', ...EASY_CHANNEL });
    expect(await honest.mine({ wanted: 'share' })).toBe('accepted');

    const first = await visit('broken.rig');
    const jobs = first.messages.items.filter(({ type }) => type === 'NewExtendedMiningJob');
    expect(jobs.length).toBeGreaterThan(1);
    expect(await first.next('Reconnect')).toMatchObject({ newHost: '', newPort: 0 });
    await first.closed();
    expect(await steps()).toMatchObject({ 'new-work': 1, reconnect: 1 });
    expect(await honest.mine({ wanted: 'share' })).toBe('accepted');

    await (await visit('broken.rig')).closed();
    expect(await refusalOf('broken.rig')).toBe('banned-for-bad-shares');
    expect(await steps()).toMatchObject({ reconnect: 2, ban: 1, refused: 1 });
    expect(await honest.mine({ wanted: 'share' })).toBe('accepted');
    const newcomer = await connect();
    const other = await newcomer.open('standard', { user: 'other.rig', ...EASY_CHANNEL });
    expect(await other.mine({ wanted: 'share' })).toBe('accepted');

    lab.clock.skip(BAN_SECONDS * SECOND);
    await using repaired = await connect();
    const again = await repaired.open('extended', { user: 'broken.rig', ...EASY_CHANNEL });
    expect(await again.mine({ wanted: 'share' })).toBe('accepted');
    expect(pool.failures).toEqual([]);
  });

  test('on a proxy’s connection loses its channel alone, though the proxy sends its shares on', async () => {
    const proxy = await connect();
    const channels = [];
    for (let index = 0; index < 5; index += 1) {
      channels.push(await proxy.open('extended', { user: `farm.rig${index}`, ...EASY_CHANNEL }));
    }
    const [bad, ...good] = channels as [TestChannel, ...TestChannel[]];
    const share = await bad.solve({ wanted: 'share' });
    await misbehave(bad, proxy);
    for (let round = 0; round < 20; round += 1) {
      for (let sent = 0; sent < 200; sent += 1) proxy.send(share);
      for (const channel of good) expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
      lab.clock.skip(SECOND);
    }
    expect(proxy.messages.items.filter(({ type }) => type === 'Reconnect')).toEqual([]);
    expect(proxy.messages.items.filter(({ type }) => type === 'CloseChannel')).toHaveLength(1);
    expect(await steps()).toMatchObject({ 'close-channel': 1 });
    const api = pool.service.api?.();
    const rows = await api?.channels?.({ offset: 0, limit: 10 });
    expect(rows?.items.map(({ user, worker, accepted }) => [user, worker, accepted])).toEqual(
      good.map((_, index) => ['farm', `rig${index + 1}`, 20]),
    );
    expect(await api?.peers?.({ offset: 0, limit: 10 })).toMatchObject({ total: 1, items: [{ channels: 4 }] });
  });

  test('is no reason to ban a user who has good ones at the same address', async () => {
    const farm = await connect();
    const good = await farm.open('extended', { user: 'farm', ...EASY_CHANNEL });
    expect(await good.mine({ wanted: 'share' })).toBe('accepted');
    for (let time = 0; time < 3; time += 1) await (await visit('farm')).closed();
    await using newcomer = await connect();
    const channel = await newcomer.open('extended', { user: 'farm', ...EASY_CHANNEL });
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    expect(await good.mine({ wanted: 'share' })).toBe('accepted');
    expect(await steps()).not.toHaveProperty('ban');
  });
});

test('stale shares after a new tip are nobody’s fault while word of it is under way', async () => {
  const miner = await connect();
  const channel = await miner.open('extended', EASY_CHANNEL);
  const before = await channel.work();
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  await channel.workOn(
    await eventually('a tip', async () => ((await lab.node.height()) > 0 ? lab.node.bestHash() : undefined)),
  );
  for (let share = 0; share < 30; share += 1) {
    expect(await channel.mine({ wanted: 'share', work: before })).toEqual({ errorCode: 'stale-share' });
  }
  expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
  expect(await steps()).toEqual({});
});
