import { meetsTarget, targetFromNbits } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { startUpstream } from './scripted-upstream.ts';
import { EASY, openSite } from './site.ts';
import { V1Miner } from './v1-miner.ts';

test('a new tip is a clean job, better work on it is not; shares of older jobs count until the tip changes', async () => {
  const site = await openSite();
  const miner = await site.miner();
  const first = miner.job;
  site.pool.newTemplate();
  expect(await miner.nextJob()).toMatchObject({ clean: false });
  expect(await miner.submit(miner.solve(first))).toMatchObject({ result: true });
  site.pool.newTip();
  expect(await miner.nextJob()).toMatchObject({ clean: true });
  expect(await miner.submit(miner.solve(first))).toMatchObject({ error: [21, 'Stale share', null] });
  expect(await miner.submit({ ...miner.solve(), job: { ...miner.job, id: 'ffffffffffff' } })).toMatchObject({
    error: [21, 'Job not found', null],
  });
  const share = miner.solve();
  expect(await miner.submit(share)).toMatchObject({ result: true });
  expect(await miner.submit(share)).toMatchObject({ error: [22, 'Duplicate share', null] });
  expect(new Set(miner.jobs.map(({ id }) => id)).size).toBe(3);
  expect(site.status()['shares']).toMatchObject({
    accepted: 2,
    refusedBy: { 'stale-job': 1, 'unknown-job': 1, duplicate: 1 },
  });
});

test('a quiet upstream: the job goes out again under another id, and its shares reach the upstream', async () => {
  const site = await openSite({ pool: { config: { refreshMs: 3_600_000 } } });
  // Of a fixed difficulty: others would get an easier job when nothing is heard of them.
  const miner = await site.miner({ password: `d=${EASY},fixed` });
  const first = miner.job;
  const next = miner.nextJob();
  await site.pass(46_000);
  const kept = await next;
  expect(kept).toMatchObject({ clean: false, coinb1: first.coinb1 });
  expect(kept.id).not.toBe(first.id);
  expect(kept.ntime - first.ntime).toBeGreaterThanOrEqual(45);
  expect(await miner.submit(miner.solve(kept))).toMatchObject({ result: true });
  expect(await miner.submit(miner.solve(first))).toMatchObject({ result: true });
  await expect.poll(() => site.pool.shares.length).toBe(2);
});

test.for([false, true])(
  'a possible block goes upstream at once, whether its job is stale or not, aggregated: %s',
  async (aggregate) => {
    const nbits = 0x20000fff;
    const network = targetFromNbits(nbits);
    const site = await openSite({ aggregate, pool: { nbits } });
    const miner = await site.miner();
    const isBlock = (hash: Uint8Array): boolean => meetsTarget(hash, network);
    const late = miner.solve(miner.job, isBlock);
    expect(await miner.submit(miner.solve(miner.job, isBlock))).toMatchObject({ result: true });
    await expect.poll(() => site.pool.blocks.length).toBe(1);
    site.pool.newTip();
    await miner.nextJob();
    expect(await miner.submit(late)).toMatchObject({ result: true });
    await expect.poll(() => site.pool.blocks.length).toBe(2);
    expect(site.status()).toMatchObject({ blocksFound: 2 });
  },
);

test('a miner that does not read gets the latest job once it does, not all that it has missed', async () => {
  const outputs = Array.from({ length: 200 }, (_, i) => ({ value: 1n, script: new Uint8Array(34).fill(i) }));
  const upstream = await startUpstream({ outputs });
  const site = await openSite({ urls: [upstream.url] });
  const [slow, other] = [await site.miner(), await site.miner()];
  slow.socket.pause();
  const count = 600;
  for (let i = 0; i < count; i += 1) {
    const next = other.nextJob();
    upstream.job(1_000);
    await next;
  }
  slow.socket.resume();
  await slow.until(() => slow.job.branches[0] === other.job.branches[0]);
  expect(slow.jobs.length).toBeLessThan(count);
  expect(await slow.submit(slow.solve())).toMatchObject({ result: true });
});

test('miners connect over IPv6 too', async () => {
  const site = await openSite({ listen: '[::1]:0' });
  const miner = await V1Miner.connect(site.port, 'account.six', '::1');
  expect(await miner.handshake()).toMatchObject({ result: true });
  await miner.until(() => miner.jobs.length > 0);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  expect(site.status()['miners']).toMatchObject([{ remote: '::1' }]);
  miner.close();
});

test('counters tell what happened', async () => {
  const site = await openSite();
  const miner = await site.miner();
  const share = miner.solve();
  await miner.submit(share);
  await miner.submit(share);
  await expect.poll(() => site.pool.shares.length).toBe(1);
  await expect
    .poll(async () => site.metrics.snapshot())
    .toMatchObject({
      sv2_translator_connections: 1,
      sv2_translator_miners: 1,
      sv2_translator_upstream_channels: 1,
      'sv2_translator_shares_total{outcome="accepted"}': 1,
      'sv2_translator_shares_total{outcome="duplicate"}': 1,
      'sv2_translator_upstream_shares_total{outcome="forwarded"}': 1,
      'sv2_translator_upstream_shares_total{outcome="accepted"}': 1,
      'sv2_translator_upstream_events_total{event="connected"}': 1,
      'sv2_translator_channels_total{event="opened"}': 1,
      'sv2_translator_jobs_total{kind="new-tip"}': 1,
    });
  expect(site.health.report().reason).toBeUndefined();
});
