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

test('an upstream that says nothing once shares were sent is left for the next', async () => {
  const [dead, alive] = [await startUpstream({ share: 'silent' }), await startUpstream()];
  const site = await openSite({
    urls: [dead.url, alive.url],
    identities: ['alice', 'bob'],
    tables: ['[outage]', 'answer = 100'],
  });
  const miner = await site.miner({ password: `d=${EASY},fixed` });
  await site.pass(200_000, 5_000);
  await miner.submit(miner.solve());
  await site.pass(90_000, 5_000);
  dead.job(1);
  await miner.nextJob();
  await site.pass(90_000, 5_000);
  await miner.submit(miner.solve());
  await site.pass(95_000, 5_000);
  expect(alive.connections).toEqual([]);
  await site.pass(10_000, 5_000);
  await expect.poll(() => alive.of('OpenExtendedMiningChannel').length).toBe(1);
});
