import type { EventRecord, RoleApi } from '@sv2kit/monitor';
import { expect, test } from 'vitest';
import { openSite, type Site } from './site.ts';
import { V1PoolHere } from './to-v1-pool.ts';
import { eventually, startTranslator, working } from './to-v1-support.ts';

const PAGE = { offset: 0, limit: 100 };

async function open(): Promise<{ site: Site; api: Required<RoleApi>; told: EventRecord[] }> {
  const site = await openSite({ tables: ['[bad_shares]', 'new_work = 100', 'send_away = 200'] });
  const told: EventRecord[] = [];
  site.events.on((event) => told.push(event));
  return { site, api: site.translator.api() as Required<RoleApi>, told };
}

test('miners are channels, peers and workers, with what their shares show', async () => {
  const { site, api } = await open();
  const miner = await site.miner({ username: 'alice.rig1', agent: 'bosminer/2.1' });
  const share = miner.solve();
  await miner.submit(share);
  await miner.submit(share);
  await site.pass(60_000);
  const figures = { accepted: 1, rejected: { duplicate: 1 }, bestDifficulty: expect.any(Number) };
  const { total, items } = await api.channels(PAGE);
  expect(total).toBe(1);
  expect(items[0]).toMatchObject({
    ...figures,
    ...{ kind: 'v1', user: 'alice', worker: 'rig1', device: 'bosminer/2.1', remote: '127.0.0.1' },
    hashrate: { oneMinute: expect.any(Number), oneDay: expect.any(Number) },
  });
  expect(items[0]?.hashrate.oneMinute).toBeGreaterThan(0);
  expect(items[0]?.bestDifficulty).toBeGreaterThanOrEqual(items[0]?.work ?? Infinity);
  expect(await api.peers(PAGE)).toMatchObject({ total: 1, items: [{ protocol: 'v1', channels: 1 }] });
  const workers = await api.workers({ ...PAGE });
  expect(workers).toMatchObject({
    total: 1,
    items: [{ ...figures, name: 'alice.rig1', channels: 1, state: 'active' }],
  });
  expect(workers.items[0]).not.toHaveProperty('declaredHashrate');
  expect(await api.worker('alice.rig1', { hours: 1 })).toMatchObject({ ...figures, history: [] });
  expect(await api.worker('nobody', { hours: 1 })).toBeUndefined();
  expect(await api.shares()).toMatchObject({ accepted: 1, rejected: { duplicate: 1 }, blocks: 0 });
});

test('workers that one connection names are told apart', async () => {
  const { site, api } = await open();
  const miner = await site.miner({ username: 'alice.w0' });
  await miner.ask('mining.authorize', ['alice.w1', 'x']);
  await miner.submit(miner.solve(), 'alice.w0');
  await miner.submit(miner.solve(), 'alice.w1');
  const { items } = await api.workers({ ...PAGE, sort: 'name' });
  expect(items.map(({ name, accepted }) => [name, accepted])).toEqual([
    ['alice.w0', 1],
    ['alice.w1', 1],
  ]);
});

test('jobs and upstreams are told, and how long the upstream takes to answer for a share', async () => {
  const { site, api } = await open();
  const miner = await site.miner();
  await miner.submit(miner.solve());
  expect(await api.jobs(PAGE)).toMatchObject({
    total: 1,
    items: [{ origin: 'upstream', state: 'active', kind: 'v1' }],
  });
  await expect.poll(() => site.latencies.recorder('share-to-upstream-answer').summary().samples).toBe(1);
  const [upstream] = await api.upstreams();
  expect(upstream).toMatchObject({
    kind: 'pool',
    state: 'ok',
    active: true,
    stats: { channels: 1, forwarded: 1, accepted: 1 },
  });
  await site.pool.close();
  await expect
    .poll(async () => {
      await site.pass(1_000);
      return (await api.upstreams())[0];
    })
    .toMatchObject({ active: false, state: 'away', reason: expect.any(String) });
});

test('a worker that is gone for long is told, and so is its return', async () => {
  const { site, told } = await open();
  const miner = await site.miner({ username: 'alice.rig1' });
  await miner.submit(miner.solve());
  miner.close();
  await expect.poll(() => site.status()['connections']).toBe(0);
  await site.pass(700_000, 1_000);
  const again = await site.miner({ username: 'alice.rig1' });
  await again.submit(again.solve());
  const types = told.map(({ type }) => type).filter((type) => type !== 'job' && type !== 'best-share');
  expect(types).toEqual(['channel-opened', 'channel-closed', 'worker-gone', 'channel-opened', 'worker-back']);
  expect(told.find(({ type }) => type === 'worker-gone')).toMatchObject({ user: 'alice', worker: 'rig1' });
});

test('translator-to-v1 tells of its devices, its pools and its ledger', async () => {
  const pool = await V1PoolHere.listen();
  const translator = await startTranslator([pool.url]);
  const api = translator.api() as Required<RoleApi>;
  const device = await working(translator, { kind: 'extended' });
  device.mine(3);
  await eventually(() => translator.facts().shares.acceptedByPool.count).toBe(3);
  expect(await api.channels(PAGE)).toMatchObject({ total: 1, items: [{ kind: 'extended', accepted: 3 }] });
  expect(await api.workers({ ...PAGE })).toMatchObject({ total: 1, items: [{ accepted: 3, state: 'active' }] });
  expect(await api.upstreams()).toMatchObject([
    { kind: 'v1-pool', state: 'ok', active: true, stats: { relayed: 3, accepted: 3, refused: 0 } },
  ]);
  expect((await api.jobs(PAGE)).total).toBeGreaterThan(0);
  expect(await api.ledger()).toMatchObject({ journal: { state: 'ok' }, database: { kind: 'sqlite' } });
  await pool.away();
  await eventually(async () => (await api.upstreams())[0]?.active).toBe(false);
});
