import { meetsTarget, targetFromNbits } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { startUpstream } from './scripted-upstream.ts';
import { EASY, openSite } from './site.ts';
import { V1Miner } from './v1-miner.ts';

test.for([false, true])(
  'a short outage: miners stay, are answered, and go on with a clean job; what could not be sent on is counted, aggregated: %s',
  async (aggregate) => {
    const site = await openSite({ aggregate });
    const miner = await site.miner();
    const before = miner.job;
    await site.pool.away();
    await expect.poll(() => site.status()['upstream']).toMatchObject({ channels: 0 });
    expect(site.health.report().reason).toContain('upstream');
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
    expect(site.status()['upstreamShares']).toMatchObject({ lost: 1, lostBy: { 'no-upstream': 1 } });
    expect(site.status()['miners']).toMatchObject([{ phase: 'adrift', lost: 1 }]);

    await site.pool.back();
    const again = miner.nextJob();
    await site.pass(30_000);
    expect(await again).toMatchObject({ clean: true });
    expect(miner.job.coinb1).not.toBe(before.coinb1);
    expect(await miner.submit({ ...miner.solve(before) })).toMatchObject({ error: [21, expect.any(String), null] });
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
    await expect.poll(() => site.pool.shares.length).toBe(1);
    expect(miner.lines.some(({ method }) => method === 'mining.set_extranonce')).toBe(false);
    expect(site.health.report().conditions.find(({ name }) => name === 'upstream')).toMatchObject({ ok: true });
  },
);

test('a long outage: miners are let go and others turned away, until an upstream is there', async () => {
  const site = await openSite({ tables: ['[outage]', 'keep_working = 20', 'retry = 5'] });
  const miner = await site.miner();
  await site.pool.away();
  await expect.poll(() => site.status()['upstream']).toMatchObject({ channels: 0 });
  await site.pass(15_000);
  expect(miner.closed).toBe(false);
  await site.pass(8_000);
  await miner.ended();
  const refused = await V1Miner.connect(site.port);
  await refused.ended();

  await site.pool.back();
  await expect
    .poll(async () => {
      await site.pass(2_000);
      return site.status()['upstream'];
    })
    .toMatchObject({ state: 'connected' });
  const later = await site.miner();
  expect(await later.submit(later.solve())).toMatchObject({ result: true });
});

test.for([false, true])(
  'the next upstream takes over, and the first again when it is back, aggregated: %s',
  async (aggregate) => {
    const site = await openSite({
      aggregate,
      pools: 2,
      identities: ['alice', 'bob'],
      tables: ['[outage]', 'probe = 5', 'pass_over = 5', 'retry = 2'],
    });
    const [first, second] = site.pools;
    const miner = await site.miner({ username: 'x.rig' });
    await first?.away();
    await expect
      .poll(async () => {
        await site.pass(1_000);
        return second?.identities;
      })
      .toEqual([aggregate ? 'bob.translator' : 'bob.rig']);
    await miner.until(() => miner.jobs.length > 1);
    expect(miner.job.clean).toBe(true);
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
    await expect.poll(() => second?.shares.length).toBe(1);

    await first?.back();
    const jobs = miner.jobs.length;
    await expect
      .poll(async () => {
        await site.pass(1_000);
        return first?.identities.length;
      })
      .toBe(2);
    await miner.until(() => miner.jobs.length > jobs && miner.job.clean);
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
    await expect.poll(() => first?.shares.length).toBe(1);
    expect(site.status()['upstreamShares']).toMatchObject({ lost: 0, rejected: 0 });
  },
);

test('a miner that asks while no upstream is there waits for one', async () => {
  const site = await openSite();
  await site.pool.away();
  await expect.poll(() => site.status()['upstream']).not.toMatchObject({ state: 'connected' });
  const miner = await V1Miner.connect(site.port);
  const answer = miner.handshake();
  await miner.until(() => miner.extranonce1 !== '' || miner.lines.length > 0);
  await site.pool.back();
  await site.pass(20_000);
  expect(await answer).toMatchObject({ result: true });
  await miner.until(() => miner.jobs.length > 0);
  miner.close();
});

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

test.for([false, true])(
  'Reconnect is followed: miners go on where it leads, aggregated: %s (§3.6.5)',
  async (aggregate) => {
    const [here, there] = [await startUpstream(), await startUpstream()];
    const site = await openSite({ aggregate, urls: [here.url] });
    const miner = await site.miner();
    const next = miner.nextJob();
    const newPort = Number(new URL(there.url.replace('stratum2+tcp', 'http')).port);
    here.says({ type: 'Reconnect', newHost: '', newPort });
    expect(await next).toMatchObject({ clean: true });
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
    await expect.poll(() => there.of('SubmitSharesExtended').length).toBe(1);
  },
);

test('an upstream that closes all channels of a group has each opened again (§5.3.9)', async () => {
  const upstream = await startUpstream();
  const site = await openSite({ urls: [upstream.url] });
  const miners = [await site.miner(), await site.miner()];
  const jobs = miners.map((miner) => miner.nextJob());
  upstream.says({ type: 'CloseChannel', channelId: 1_000, reasonCode: 'all-of-you' });
  for (const job of await Promise.all(jobs)) expect(job.clean).toBe(true);
  for (const miner of miners) expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  expect(upstream.of('OpenExtendedMiningChannel').length).toBe(4);
});

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
  expect(site.status()['miners']).toMatchObject([{ address: '::1' }]);
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

test('an upstream that rejects what was judged good is left for the next', async () => {
  const [thief, honest] = [await startUpstream({ share: { code: 'difficulty-too-low' } }), await startUpstream()];
  const site = await openSite({ urls: [thief.url, honest.url], identities: ['alice', 'bob'] });
  const miner = await site.miner();
  await site.pass(6_000);
  for (let i = 0; i < 60; i += 1) await miner.submit(miner.solve());
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ rejected: 60 });
  await site.pass(30_000);
  await expect.poll(() => honest.of('OpenExtendedMiningChannel').length).toBe(1);
  await miner.until(() => miner.job.coinb1.includes('aa000001') && miner.job.clean && miner.jobs.length > 1);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => honest.of('SubmitSharesExtended').length).toBe(1);
});

test('shares that were on their way when the tip changed are no reason to leave an upstream', async () => {
  const upstream = await startUpstream({ share: { code: 'stale-share' } });
  const site = await openSite({ urls: [upstream.url] });
  const miner = await site.miner();
  for (let height = 2; height < 12; height += 1) {
    for (let i = 0; i < 8; i += 1) await miner.submit(miner.solve());
    const next = miner.nextJob();
    upstream.tip(1, height);
    await next;
    await site.pass(4_000);
  }
  expect(site.status()['upstreamShares']).toMatchObject({ rejected: 80 });
  expect(upstream.connections.length).toBe(1);
});

test('an upstream that is there and gives no work is none: miners are let go', async () => {
  const upstream = await startUpstream({ outputs: [{ value: 1n, script: Uint8Array.of(0x52) }] });
  const site = await openSite({
    urls: [upstream.url],
    tables: ['[payout]', 'script = "51"', '[outage]', 'keep_working = 30', 'pass_over = 10', 'retry = 5'],
  });
  const miner = await V1Miner.connect(site.port);
  void miner.handshake().catch(() => {});
  await expect
    .poll(async () => {
      await site.pass(2_000);
      return miner.closed;
    })
    .toBe(true);
  expect(miner.jobs).toEqual([]);
  expect(upstream.of('OpenExtendedMiningChannel').length).toBeGreaterThan(1);
});

test('the account of a shared channel is cut to what an identity may have', async () => {
  const upstream = await startUpstream();
  const site = await openSite({ aggregate: true, urls: [upstream.url], identities: [undefined] });
  await site.miner({ username: 'ä'.repeat(255) });
  const [open] = upstream.of('OpenExtendedMiningChannel');
  expect(Buffer.from(open?.userIdentity ?? []).toString()).toMatch(/^ä+\.translator$/);
});

test('a miner that waited in vain is told so before it is let go', async () => {
  const upstream = await startUpstream({ open: () => 'silent' });
  const site = await openSite({ urls: [upstream.url], tables: ['[outage]', 'keep_working = 5', 'pass_over = 60'] });
  const miner = await V1Miner.connect(site.port);
  const answer = miner.handshake();
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  await site.pass(30_000);
  expect(await answer).toMatchObject({ error: [24, expect.stringContaining('No upstream'), null] });
  await miner.ended();
});
