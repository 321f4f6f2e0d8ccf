import { createMetrics, Health, silentLogger, systemClock } from '@sv2kit/daemon';
import { Events, openMonitor } from '@sv2kit/monitor';
import { expect, onTestFinished, test } from 'vitest';
import type { Pool } from '../src/index.ts';
import { Miner } from './miner.ts';
import { dataDir, eventually, startPool, startProvider } from './support.ts';

/** A pool's /api/v1 over HTTP, where each answer is held against what is declared of it. */
async function reader(pool: Pool): Promise<(path: string) => Promise<{ status: number; body: Body }>> {
  const health = new Health(systemClock);
  health.started();
  const monitor = await openMonitor({
    address: { host: '127.0.0.1', port: 0 },
    name: 'pool',
    version: '0',
    startedAtMs: 0,
    log: silentLogger,
    clock: systemClock,
    events: new Events(),
    metricsText: () => Promise.resolve(''),
    health: () => health.report(),
    status: () => Promise.resolve({}),
    api: () => pool.api?.() ?? {},
  });
  onTestFinished(() => monitor.close());
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${monitor.address.port}/api/v1/${path}`);
    return { status: response.status, body: (await response.json()) as Body };
  };
}

interface Body {
  readonly total?: number;
  readonly items?: readonly Record<string, unknown>[];
  readonly [key: string]: unknown;
}

test('a pool answers for all of its resources over /api/v1', async () => {
  const { url } = await startProvider();
  const pool = await startPool(url, dataDir('api'));
  onTestFinished(() => pool.close());
  const get = await reader(pool);
  const miner = await Miner.connect(pool, 'standard');
  miner.says(miner.solve('share'));
  await miner.answer('SubmitSharesSuccess');
  miner.says(miner.solve('block'));
  await miner.answer('SubmitSharesSuccess');

  await eventually(async () => (await get('blocks')).body.total).toBe(1);
  expect((await get('blocks')).body.items).toMatchObject([
    { height: 100, user: 'alice', worker: 'rig', via: 'sv2-standard' },
  ]);
  expect((await get('channels')).body.items).toMatchObject([{ user: 'alice', worker: 'rig', accepted: 2 }]);
  expect((await get('workers?sort=work')).body.items).toMatchObject([{ name: 'alice.rig', state: 'active' }]);
  expect((await get('workers?user=bob')).body).toMatchObject({ total: 0, items: [] });
  await eventually(async () => (await get('workers/alice.rig')).body['history']).toMatchObject([{ accepted: 2 }]);
  expect((await get('workers/nobody')).status).toBe(404);
  expect((await get('shares')).body).toMatchObject({ accepted: 2, blocks: 1, effort: expect.any(Number) });
  expect((await get('jobs')).body.items).toMatchObject([{ origin: 'pool', state: 'active', height: 100 }]);
  expect((await get('templates')).body.items).toMatchObject([{ id: '1', state: 'active' }]);
  expect((await get('peers')).body.items).toMatchObject([{ protocol: 'mining', channels: 1, device: 'Maker X1' }]);
  expect((await get('upstreams')).body.items ?? (await get('upstreams')).body).toMatchObject([
    { kind: 'template-provider', state: 'connected' },
  ]);
  expect((await get('payouts')).body).toMatchObject({ mode: 'pool' });
  expect((await get('ledger')).body).toMatchObject({ journal: { state: 'ok' }, database: { kind: 'sqlite' } });
});

test('a pool has series of the workers with most hashrate where that is wanted, and of no more', async () => {
  const { url } = await startProvider();
  const metrics = createMetrics();
  const pool = await startPool(url, dataDir('api-series'), {
    toml: ['[workers]', 'in_metrics = 1'],
    deps: { metrics },
  });
  onTestFinished(() => pool.close());
  const [busy] = [await Miner.connect(pool, 'standard'), await Miner.connect(pool, 'standard', 0.4, 'bob.idle')];
  busy.says(busy.solve('share'));
  await busy.answer('SubmitSharesSuccess');
  const text = await metrics.text();
  expect(text).toContain('# TYPE sv2_pool_worker_accepted_shares_total counter');
  expect(await metrics.text()).toBe(text);
  const lines = text.split('\n').filter((line) => line.startsWith('sv2_pool_worker_'));
  expect(lines).toEqual([
    expect.stringMatching(/^sv2_pool_worker_hashrate\{worker="alice\.rig"\} \d/),
    'sv2_pool_worker_accepted_shares_total{worker="alice.rig"} 1',
    expect.stringMatching(/^sv2_pool_worker_last_share_timestamp_seconds\{worker="alice\.rig"\} \d/),
  ]);
});

test('a pool without a database answers for what is in memory, and knows no payouts', async () => {
  const { url } = await startProvider();
  const pool = await startPool(url, dataDir('api-none'), { toml: ['[ledger]', 'database = "none"'] });
  onTestFinished(() => pool.close());
  const get = await reader(pool);
  const miner = await Miner.connect(pool, 'standard');
  miner.says(miner.solve('block'));
  await miner.answer('SubmitSharesSuccess');
  expect((await get('blocks')).body.items).toMatchObject([{ height: 100, user: 'alice', worker: 'rig' }]);
  expect((await get('workers/alice.rig')).body).toMatchObject({ accepted: 1, history: [] });
  expect((await get('shares')).body).toMatchObject({ accepted: 1 });
  expect((await get('payouts')).status).toBe(404);
  expect((await get('ledger')).body).toMatchObject({ database: { kind: 'none' } });
});
