import type { RoleApi, UpstreamView } from '@sv2kit/monitor';
import { expect, test } from 'vitest';
import { isBlock, Miner, Site, startPair } from './site.ts';
import { transactions } from './templates.ts';

const PAGE = { offset: 0, limit: 10 };

test('devices, upstreams, jobs and blocks are told, and how long the pool takes to answer for a share', async () => {
  const pairs = [await startPair(), await startPair()];
  const site = await Site.start(pairs);
  const api = site.client.api() as Required<RoleApi>;
  const miner = await Miner.connect(site);
  await site.pooled();
  site.provider.newTip(2, 101, transactions(5));
  await site.until(() => miner.outputs[0]?.value === 625_000_002n);
  miner.find(isBlock);
  await site.until(() => site.latencies.recorder('share-to-upstream-answer').summary().samples === 1);

  expect(await api.channels(PAGE)).toMatchObject({ total: 1, items: [{ accepted: 1 }] });
  expect(await api.workers({ ...PAGE })).toMatchObject({ total: 1, items: [{ accepted: 1, state: 'active' }] });
  expect(await api.shares()).toMatchObject({ accepted: 1, rejected: {} });
  expect((await api.jobs(PAGE)).total).toBeGreaterThan(0);
  const later = { timeout: 20_000 };
  const blocks = async () => {
    site.clock.advance(20);
    return await api.blocks(PAGE);
  };
  await expect
    .poll(blocks, later)
    .toMatchObject({ total: 1, items: [{ path: 'declared-full-template', height: 101 }] });
  const [worker] = (await api.workers({ ...PAGE })).items;
  // A stretch of the history says something of a rate once it is ten seconds old.
  site.clock.advance(11_000);
  await expect
    .poll(() => api.worker(worker?.name ?? '', { hours: 1 }), later)
    .toMatchObject({ accepted: 1, history: [{ accepted: 1 }] });
  expect(await api.ledger()).toMatchObject({ journal: { state: 'ok' }, database: { kind: 'sqlite', state: 'ok' } });
  const upstreams = await api.upstreams();
  expect(upstreams.map(({ kind, active }) => [kind, active])).toEqual([
    ['template-provider', true],
    ['pool', true],
    ['job-declarator', true],
    ['pool', false],
    ['job-declarator', false],
  ]);
  expect(upstreams[1]).toMatchObject({
    state: 'ok',
    url: expect.stringContaining('127.0.0.1'),
    sinceMs: expect.any(Number),
    stats: { relayed: 1, credited: 1 },
  });
});

test('a pool that has gone is told with the reason and since when', async () => {
  const pair = await startPair();
  const site = await Site.start([pair]);
  const api = site.client.api() as Required<RoleApi>;
  await site.pooled();
  const goneMs = site.clock.now();
  await pair.pool.away();
  const pool = await site.until(() => {
    const [, view] = api.upstreams() as readonly UpstreamView[];
    return view?.state === 'away' ? view : undefined;
  });
  expect(pool?.reason).toMatch(/./);
  expect(pool?.sinceMs).toBeGreaterThanOrEqual(Math.floor(goneMs));
  expect(await api.upstreams()).toMatchObject([{}, { active: false }, {}]);
});
