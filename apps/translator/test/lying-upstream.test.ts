import { targetFromDifficulty } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { TRANSLATOR_LIMITS } from '../src/to-v2/limits.ts';
import { scripted } from './scripted-site.ts';
import { NTIME, startUpstream } from './scripted-upstream.ts';
import { EASY, openSite } from './site.ts';
import { V1Miner } from './v1-miner.ts';

/** Many turns of the loop, on a machine that may be busy. */
const PATIENT = { timeout: 30_000 };
const prevHash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

test('a prev-hash for a job that was never sent makes the job after it a clean one (§5.3.17)', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  upstream.says({
    type: 'SetNewPrevHash',
    channelId: 1,
    jobId: 99,
    prevHash: prevHash(7),
    minNtime: NTIME,
    nbits: 0x1d00ffff,
  });
  const next = miner.nextJob();
  upstream.job(1);
  expect(await next).toMatchObject({ clean: true, prevHash: '07'.repeat(32) });
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('an answer to one request twice does not cost the channel (§5.3.5)', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  const [open] = upstream.of('OpenExtendedMiningChannel');
  upstream.says({
    type: 'OpenExtendedMiningChannelSuccess',
    requestId: open?.requestId ?? 0,
    channelId: 1,
    target: targetFromDifficulty(EASY),
    extranonceSize: 8,
    extranoncePrefix: Uint8Array.of(0xbb, 0, 0, 1),
    groupChannelId: 1_000,
  });
  const next = miner.nextJob();
  upstream.tip(1, 2);
  expect((await next).coinb1).toContain('aa000001');
  expect(upstream.of('CloseChannel')).toEqual([]);
});

test('an upstream whose new prefix leaves no room is left: its jobs cannot be mined as it reads them (§5.3.10)', async () => {
  const [first, second] = [await startUpstream(), await startUpstream()];
  const site = await openSite({ urls: [first.url, second.url], identities: ['alice', 'bob'] });
  const miner = await site.miner();
  const next = miner.nextJob();
  first.says({ type: 'SetExtranoncePrefix', channelId: 1, extranoncePrefix: new Uint8Array(25) });
  expect(await next).toMatchObject({ clean: true });
  expect(second.of('OpenExtendedMiningChannel').length).toBe(1);
});

test.for([false, true])(
  'many rejections before the acceptance of what was sent earlier leave no share uncounted, aggregated: %s',
  PATIENT,
  async (aggregate) => {
    const { upstream, site } = await scripted(
      { share: 'silent' },
      { aggregate, miners: ['shares_per_minute = 1000000'] },
    );
    const miner = await site.miner();
    await Promise.all(Array.from({ length: 300 }, () => miner.submit(miner.solve())));
    await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(300);
    for (let sequenceNumber = 21; sequenceNumber <= 290; sequenceNumber += 1) {
      upstream.says({ type: 'SubmitSharesError', channelId: 1, sequenceNumber, errorCode: 'stale-share' });
    }
    upstream.says({
      type: 'SubmitSharesSuccess',
      channelId: 1,
      lastSequenceNumber: 295,
      newSubmitsAcceptedCount: 25,
      newSharesSum: 25n,
    });
    const counts = { forwarded: 300, accepted: 25, rejected: 270 };
    await expect.poll(() => site.status()['upstreamShares']).toMatchObject(counts);
    expect(site.status()['miners']).toMatchObject([{ forwarded: 300, credited: 25, rejected: { 'stale-share': 270 } }]);
    await upstream.away();
    await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ ...counts, lost: 5 });
    expect(site.status()['miners']).toMatchObject([{ forwarded: 300, credited: 25, lost: 5 }]);
  },
);

test.for([0, 0xff])('targets of nothing but bytes %i break nothing (§5.3.21)', async (byte) => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  upstream.says({ type: 'SetTarget', channelId: 1, maximumTarget: new Uint8Array(32).fill(byte) });
  const next = miner.nextJob();
  upstream.tip(1, 2);
  const { difficulty } = await next;
  expect(difficulty).toBeGreaterThan(0);
  expect(Number.isFinite(difficulty)).toBe(true);
  upstream.says({ type: 'SetTarget', channelId: 1, maximumTarget: targetFromDifficulty(EASY) });
  const again = miner.nextJob();
  upstream.tip(1, 3);
  await again;
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('one whose name the upstream does not know does not take it from the others on a shared channel', async () => {
  const known = (userIdentity: Uint8Array): boolean => Buffer.from(userIdentity).toString().startsWith('good');
  const upstream = await startUpstream({
    open: ({ userIdentity }) => (known(userIdentity) ? 'yes' : { code: 'unknown-user' }),
  });
  const site = await openSite({ aggregate: true, urls: [upstream.url], identities: [undefined] });
  await expect.poll(() => site.status()['upstream']).toMatchObject({ state: 'connected' });
  const bad = await V1Miner.connect(site.port, 'bad.rig');
  const answer = bad.handshake();
  const good = await site.miner({ username: 'good.rig' });
  expect(await answer).toMatchObject({ error: [24, 'The upstream refuses: unknown-user', null] });
  expect(await good.submit(good.solve())).toMatchObject({ result: true });
  expect(upstream.connections.length).toBe(1);
  bad.close();
});

test.for([false, true])(
  'an upstream that has no work for a moment is waited for, aggregated: %s (§5.3.6)',
  PATIENT,
  async (aggregate) => {
    const { upstream, site } = await scripted(
      { open: (_, count) => (count < 3 ? { code: 'no-work-available' } : 'yes') },
      { aggregate },
    );
    const connecting = site.miner();
    await expect
      .poll(async () => {
        await site.pass(1_000);
        return upstream.of('OpenExtendedMiningChannel').length;
      }, PATIENT)
      .toBe(3);
    expect(upstream.connections.length).toBe(1);
    const miner = await connecting;
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  },
);

test.for([false, true])(
  'an upstream that never has work is left for the next, aggregated: %s',
  PATIENT,
  async (aggregate) => {
    const [idle, busy] = [await startUpstream({ open: () => ({ code: 'no-work-available' }) }), await startUpstream()];
    const site = await openSite({ aggregate, urls: [idle.url, busy.url], identities: ['alice', 'bob'] });
    const connecting = site.miner();
    await expect.poll(() => idle.of('OpenExtendedMiningChannel').length).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await site.pass(2_000);
        return busy.of('OpenExtendedMiningChannel').length;
      }, PATIENT)
      .toBe(1);
    const miner = await connecting;
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  },
);

test('answers for shares and requests that were never sent, and jobs for nobody, change nothing', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  const before = miner.jobs.length;
  for (const lastSequenceNumber of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
    const common = { type: 'SubmitSharesSuccess', channelId: 1, newSharesSum: 2n ** 64n - 1n } as const;
    upstream.says({ ...common, lastSequenceNumber, newSubmitsAcceptedCount: 2 ** 32 - 1 });
    upstream.says({ type: 'SubmitSharesError', channelId: 1, sequenceNumber: lastSequenceNumber, errorCode: 'no' });
  }
  upstream.says({ type: 'OpenMiningChannelError', requestId: 1, errorCode: 'late' });
  upstream.says({ type: 'UpdateChannelError', channelId: 1, errorCode: 'no' });
  upstream.says({ type: 'CloseChannel', channelId: 55, reasonCode: 'nobody' });
  upstream.says({ type: 'SetGroupChannel', groupChannelId: 2_000, channelIds: [1, 1, 55] });
  upstream.job(1_000);
  upstream.job(1_000, { future: true });
  upstream.job(55);
  const next = miner.nextJob();
  upstream.tip(2_000, 3);
  await next;
  expect(miner.jobs.length).toBe(before + 1);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect
    .poll(() => site.status()['upstreamShares'])
    .toMatchObject({ forwarded: 1, accepted: 1, rejected: 0, lost: 0 });
});

test('an upstream whose nbits no target has is left', async () => {
  const [first, second] = [await startUpstream(), await startUpstream()];
  const site = await openSite({ urls: [first.url, second.url], identities: ['alice', 'bob'] });
  const miner = await site.miner();
  const next = miner.nextJob();
  const jobId = first.job(1, { future: true });
  first.says({
    type: 'SetNewPrevHash',
    channelId: 1,
    jobId,
    prevHash: prevHash(7),
    minNtime: NTIME,
    nbits: 0xffffffff,
  });
  await next;
  expect(second.of('OpenExtendedMiningChannel').length).toBe(1);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test.each([0, 0x1d800000, 0x01003456])('nbits %i, which no hash meets, leave shares what they are', async (nbits) => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  const next = miner.nextJob();
  const jobId = upstream.job(1, { future: true });
  upstream.says({ type: 'SetNewPrevHash', channelId: 1, jobId, prevHash: prevHash(7), minNtime: NTIME, nbits });
  await next;
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ forwarded: 1, accepted: 1 });
});

test.each([0, 0xffffffff])('a min_ntime of %i breaks nothing, also when its job is sent again', async (minNtime) => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  const next = miner.nextJob();
  const jobId = upstream.job(1, { future: true });
  upstream.says({ type: 'SetNewPrevHash', channelId: 1, jobId, prevHash: prevHash(7), minNtime, nbits: 0x1d00ffff });
  expect((await next).ntime).toBeGreaterThanOrEqual(minNtime);
  await site.pass(120_000);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  for (const { ntime } of miner.jobs.slice(1)) expect(ntime).toBeGreaterThanOrEqual(minNtime);
  const after = miner.nextJob();
  upstream.tip(1, 9);
  expect(await after).toMatchObject({ clean: true });
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('an upstream that sends no job is a condition that is told once, not every minute', async () => {
  const { site } = await scripted();
  const told: unknown[] = [];
  await site.miner();
  site.health.onChange(({ name, ok, reason }) => told.push({ name, ok, reason }));
  await site.pass(TRANSLATOR_LIMITS.staleWorkMs + 600_000, 10_000);
  expect(told).toEqual([{ name: 'work', ok: false, reason: 'the upstream has sent no job for 15 minutes' }]);
});
