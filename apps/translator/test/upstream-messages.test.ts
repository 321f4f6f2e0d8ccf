import { meetsTarget, targetFromDifficulty } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { NTIME, ScriptedUpstream, startUpstream, type UpstreamScript } from './scripted-upstream.ts';
import { EASY, openSite, type Site, type SiteOptions } from './site.ts';
import { V1Miner } from './v1-miner.ts';

async function scripted(
  script: UpstreamScript = {},
  options: SiteOptions = {},
): Promise<{ upstream: ScriptedUpstream; site: Site }> {
  const upstream = await startUpstream(script);
  return { upstream, site: await openSite({ ...options, urls: [upstream.url] }) };
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the prefix is at the end of coinb1, behind it zeros up to extranonce1 (§5.2.2)', async () => {
  const { upstream, site } = await scripted({ extranonceSize: 10 });
  const miner = await site.miner();
  expect(miner.extranonce1).toBe('0000');
  expect(miner.extranonce2Size).toBe(4);
  expect(miner.job.coinb1.endsWith('aa0000010000' + '0000')).toBe(true);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(1);
  expect(hex(upstream.of('SubmitSharesExtended')[0]?.extranonce ?? new Uint8Array())).toBe(
    '00000000' + '0000' + '00000001',
  );
});

test.for([false, true])(
  'SetExtranoncePrefix binds jobs sent later; shares of earlier ones keep the old prefix, aggregated: %s (§5.3.10)',
  async (aggregate) => {
    const { upstream, site } = await scripted({}, { aggregate });
    const miner = await site.miner();
    const before = miner.job;
    upstream.says({ type: 'SetExtranoncePrefix', channelId: 1, extranoncePrefix: Uint8Array.of(0xbb, 1, 2, 3) });
    upstream.job(1);
    const after = await miner.nextJob();
    expect(before.coinb1).toContain('aa000001');
    expect(after.coinb1).toContain('bb010203');
    expect(after.clean).toBe(false);
    expect(await miner.submit(miner.solve(before))).toMatchObject({ result: true });
    expect(await miner.submit(miner.solve(after))).toMatchObject({ result: true });
    await expect.poll(() => upstream.of('SubmitSharesExtended').map(({ jobId }) => jobId)).toEqual([1, 2]);
  },
);

test('jobs of a group come to each of its channels, also after SetGroupChannel (§5.3.22)', async () => {
  const { upstream, site } = await scripted();
  const miners = [await site.miner(), await site.miner()];
  const jobs = miners.map((miner) => miner.nextJob());
  upstream.job(1_000);
  const [one, other] = await Promise.all(jobs);
  expect(one?.id).toBe(other?.id);
  expect([one?.coinb1.includes('aa000001'), other?.coinb1.includes('aa000002')]).toEqual([true, true]);

  upstream.says({ type: 'SetGroupChannel', groupChannelId: 2_000, channelIds: [2] });
  const second = miners[1]?.nextJob();
  const jobId = upstream.job(2_000);
  upstream.job(1_000);
  await miners[0]?.nextJob();
  await second;
  expect(miners[0]?.jobs.length).toBe(3);
  expect(miners[1]?.jobs.length).toBe(3);
  expect(await miners[1]?.submit(miners[1].solve())).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended').at(-1)).toMatchObject({ channelId: 2, jobId });
});

test('SetTarget binds jobs that are activated later; easier shares are judged here and not sent on (§5.3.21)', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  const hard = targetFromDifficulty(EASY * 16);
  upstream.says({ type: 'SetTarget', channelId: 1, maximumTarget: hard });
  expect(await miner.submit(miner.solve(miner.job, (hash) => !meetsTarget(hash, hard)))).toMatchObject({
    result: true,
  });
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(1);

  upstream.job(1);
  const job = await miner.nextJob();
  expect(await miner.submit(miner.solve(job, (hash) => !meetsTarget(hash, hard)))).toMatchObject({ result: true });
  expect(await miner.submit(miner.solve(job, (hash) => meetsTarget(hash, hard)))).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(2);
});

test('no difficulty is above that of the upstream, so that no paid share is withheld', async () => {
  const { upstream, site } = await scripted({ difficulty: EASY / 3 }, { miners: [] });
  const miner = await site.miner({ password: `d=${EASY}` });
  expect(miner.job.difficulty).toBe(EASY / 4);
  upstream.says({ type: 'SetTarget', channelId: 1, maximumTarget: targetFromDifficulty(EASY / 64) });
  upstream.job(1);
  expect((await miner.nextJob()).difficulty).toBe(EASY / 64);
});

test('an upstream that closes a channel has it opened again once; then the miner is let go (§5.3.9)', async () => {
  const { upstream, site } = await scripted();
  const [miner, other] = [await site.miner(), await site.miner()];
  upstream.says({ type: 'CloseChannel', channelId: 1, reasonCode: 'because' });
  const job = await miner.nextJob();
  expect(job).toMatchObject({ clean: true });
  expect(job.coinb1).toContain('aa000003');
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  upstream.says({ type: 'CloseChannel', channelId: 3, reasonCode: 'because' });
  await miner.ended();
  expect(await other.submit(other.solve())).toMatchObject({ result: true });
});

test('an upstream that closes the channel of all miners is left for the next (§5.3.9)', async () => {
  const [first, second] = [await startUpstream(), await startUpstream()];
  const site = await openSite({ aggregate: true, urls: [first.url, second.url], identities: ['alice', 'bob'] });
  const miner = await site.miner();
  first.says({ type: 'CloseChannel', channelId: 1, reasonCode: 'because' });
  const job = await miner.nextJob();
  expect(job.clean).toBe(true);
  expect(
    second.of('OpenExtendedMiningChannel').map(({ userIdentity }) => Buffer.from(userIdentity).toString()),
  ).toEqual(['bob.translator']);
});

const USELESS: readonly (readonly [string, UpstreamScript])[] = [
  ['an id twice', { ids: () => ({ channelId: 5, groupChannelId: 6 }) }],
  ["a channel with its group's id", { ids: (count: number) => ({ channelId: count, groupChannelId: 2 }) }],
  ['too small an extranonce', { extranonceSize: 5 }],
  ['no such extranonce', { open: () => ({ code: 'min-extranonce-size-too-large' }) }],
  ['no answer to a request', { open: () => 'silent' as const }],
  ['a channel without work', { work: false }],
];

test.for(USELESS)('an upstream that gives %s is left for the next', async ([, script]) => {
  const [first, second] = [await startUpstream(script), await startUpstream()];
  const site = await openSite({ urls: [first.url, second.url], identities: ['alice', 'bob'] });
  const miners = [site.miner(), site.miner()];
  await expect.poll(() => first.of('OpenExtendedMiningChannel').length).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      await site.pass(2_000);
      return second.of('OpenExtendedMiningChannel').length;
    })
    .toBe(2);
  for (const miner of await Promise.all(miners))
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('what an upstream rejects is seen by miner and reason', async () => {
  const { upstream, site } = await scripted({ share: { code: 'stale-share' } });
  const miner = await site.miner({ username: 'acc.one' });
  const other = await site.miner({ username: 'acc.two' });
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(1);
  upstream.share = 'yes';
  expect(await other.submit(other.solve())).toMatchObject({ result: true });
  await expect
    .poll(() => site.status()['upstreamShares'])
    .toMatchObject({
      forwarded: 2,
      accepted: 1,
      rejected: 1,
      rejectedBy: { 'stale-share': 1 },
    });
  expect(site.status()['miners']).toMatchObject([
    { name: 'acc.one', rejected: { 'stale-share': 1 }, credited: 0 },
    { name: 'acc.two', rejected: {}, credited: 1 },
  ]);
});

test('on a shared channel the miner behind a rejected share is found by its sequence number (§5.3.14)', async () => {
  const { upstream, site } = await scripted({ share: 'silent' }, { aggregate: true });
  const miners = [await site.miner({ username: 'acc.one' }), await site.miner({ username: 'acc.two' })];
  for (const miner of [...miners, ...miners]) expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(4);
  upstream.says(
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 2, errorCode: 'difficulty-too-low' },
    { type: 'SubmitSharesSuccess', channelId: 1, lastSequenceNumber: 4, newSubmitsAcceptedCount: 3, newSharesSum: 3n },
  );
  await expect
    .poll(() => site.status()['miners'])
    .toMatchObject([
      { name: 'acc.one', rejected: {}, credited: 2 },
      { name: 'acc.two', rejected: { 'difficulty-too-low': 1 }, credited: 1 },
    ]);
});

test.for([false, true])(
  'each share names its worker once extension 2 is agreed, aggregated: %s (0x0002)',
  async (aggregate) => {
    const { upstream, site } = await scripted({ extensions: [2] }, { aggregate });
    const miner = await site.miner({ username: `account.${'ß'.repeat(20)}` });
    await miner.ask('mining.authorize', ['account.second', 'x']);
    await miner.submit(miner.solve());
    await miner.submit(miner.solve(), 'account.second');
    await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(2);
    const workers = upstream
      .of('SubmitSharesExtended')
      .map(({ userIdentity }) => Buffer.from(userIdentity ?? []).toString());
    expect(workers).toEqual(['ß'.repeat(16), 'second']);
  },
);

test('without extension 2 no share names a worker', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  await miner.submit(miner.solve());
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(1);
  expect(upstream.of('SubmitSharesExtended')[0]).not.toHaveProperty('userIdentity');
});

test('aggregated: one channel, and UpdateChannel with the sum of all miners, 0 when none is left, at most once a second (§10.4.2)', async () => {
  const { upstream, site } = await scripted({}, { aggregate: true });
  expect(upstream.of('OpenExtendedMiningChannel')).toEqual([]);
  const first = await site.miner();
  const one = upstream.of('OpenExtendedMiningChannel')[0]?.nominalHashRate ?? 0;
  expect(one).toBeGreaterThan(0);
  await site.pass(1_000);
  const second = await site.miner();
  await site.pass(1_000);
  await expect.poll(() => upstream.of('UpdateChannel').at(-1)?.nominalHashRate).toBeCloseTo(2 * one);
  first.close();
  second.close();
  await expect.poll(() => site.status()['authorised']).toBe(0);
  await site.pass(2_000);
  await expect.poll(() => upstream.of('UpdateChannel').at(-1)?.nominalHashRate).toBe(0);
  expect(upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  expect(upstream.of('CloseChannel')).toEqual([]);
});

test('a miner that goes has its own channel closed (§5.3.9)', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  miner.close();
  await expect.poll(() => upstream.of('CloseChannel')).toMatchObject([{ channelId: 1, reasonCode: 'miner-gone' }]);
});

test('a channel that is opened for a miner that has gone meanwhile is closed', async () => {
  const { upstream, site } = await scripted({ open: () => 'silent' });
  const miner = await V1Miner.connect(site.port);
  void miner.handshake().catch(() => {});
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  miner.close();
  await expect.poll(() => site.status()['connections']).toBe(0);
  const requestId = upstream.of('OpenExtendedMiningChannel')[0]?.requestId ?? 0;
  upstream.says({
    type: 'OpenExtendedMiningChannelSuccess',
    requestId,
    channelId: 77,
    groupChannelId: 78,
    target: targetFromDifficulty(EASY),
    extranonceSize: 8,
    extranoncePrefix: Uint8Array.of(1),
  });
  await expect.poll(() => upstream.of('CloseChannel')).toMatchObject([{ channelId: 77 }]);
});

test.for([false, true])(
  'an upstream that does not know the user has the miner told so in words, aggregated: %s (§5.3.6)',
  async (aggregate) => {
    const { site } = await scripted({ open: () => ({ code: 'unknown-user' }) }, { aggregate });
    const miner = await V1Miner.connect(site.port);
    expect(await miner.handshake()).toMatchObject({
      result: null,
      error: [24, 'The upstream refuses: unknown-user', null],
    });
    miner.close();
  },
);

test('an upstream that forbids version rolling has miners told so (§5.3.1)', async () => {
  const { upstream, site } = await scripted({ flags: 1 });
  await expect.poll(() => upstream.connections.length).toBe(1);
  await expect.poll(() => site.status()['upstream']).toMatchObject({ state: 'connected' });
  const miner = await site.miner({ mask: 0xffffffff });
  expect(miner.mask).toBe(0);
});

test('a job that forbids version rolling takes the mask away, and the next gives it back (§5.3.16)', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner({ mask: 0xffffffff });
  expect(miner.mask).toBe(0x1fffe000);
  expect(await miner.submit(miner.solve(miner.job, undefined, 0x00002000))).toMatchObject({ result: true });
  upstream.job(1, { versionRollingAllowed: false });
  await miner.nextJob();
  expect(miner.mask).toBe(0);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  upstream.job(1);
  await miner.nextJob();
  expect(miner.mask).toBe(0x1fffe000);
  await expect
    .poll(() => upstream.of('SubmitSharesExtended').map(({ version }) => version))
    .toEqual([0x20002000, 0x20000000]);
});

test('what an upstream has accepted is counted by sequence numbers, whatever it says', async () => {
  const { upstream, site } = await scripted({ share: 'silent' });
  const miner = await site.miner();
  for (let i = 0; i < 5; i += 1) await miner.submit(miner.solve());
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(5);
  const success = { type: 'SubmitSharesSuccess', channelId: 1, newSharesSum: 1n } as const;
  upstream.says(
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 2, errorCode: 'stale-share' },
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 2, errorCode: 'stale-share' },
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 77, errorCode: 'stale-share' },
    { ...success, lastSequenceNumber: 3, newSubmitsAcceptedCount: 1_000 },
    { ...success, lastSequenceNumber: 3, newSubmitsAcceptedCount: 1_000 },
  );
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ forwarded: 5, accepted: 2, rejected: 1 });
  upstream.says({ ...success, lastSequenceNumber: 4, newSubmitsAcceptedCount: 1 });
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ accepted: 3 });
  await upstream.away();
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ accepted: 3, rejected: 1, lost: 1 });
});

test('a channel that is opened anew has its job under another id, so that firmware does not take it for no news', async () => {
  const { upstream, site } = await scripted({ work: false });
  const same = { jobId: 9, merklePath: [new Uint8Array(32).fill(1)] };
  const connecting = site.miner();
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  const tell = (channelId: number): void => {
    upstream.job(channelId, { ...same, future: true });
    const prevHash = new Uint8Array(32).fill(1);
    upstream.says({ type: 'SetNewPrevHash', channelId, jobId: 9, prevHash, minNtime: NTIME, nbits: 0x1d00ffff });
  };
  tell(1);
  const miner = await connecting;
  const first = miner.job;
  const next = miner.nextJob();
  upstream.says({ type: 'CloseChannel', channelId: 1, reasonCode: 'because' });
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(2);
  tell(2);
  const second = await next;
  expect(second).toMatchObject({ clean: true, branches: first.branches });
  expect(second.id).not.toBe(first.id);
  expect(second.coinb1).not.toBe(first.coinb1);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended')).toMatchObject([{ channelId: 2, jobId: 9 }]);
});

test('a channel that gets no work while others do is opened anew', async () => {
  const { upstream, site } = await scripted({ work: false });
  const connecting = [site.miner(), site.miner()];
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(2);
  upstream.tip(1, 1);
  const first = await connecting[0];
  await site.pass(17_000);
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(3);
  expect(upstream.of('CloseChannel')).toMatchObject([{ channelId: 2, reasonCode: 'no-work' }]);
  upstream.tip(3, 1);
  const second = await connecting[1];
  for (const miner of [first, second]) expect(await miner?.submit(miner.solve())).toMatchObject({ result: true });
});

test('a miner waits for an upstream that has no work just now (§5.3.6)', async () => {
  const { upstream, site } = await scripted({
    open: (_, count) => (count < 3 ? { code: 'no-work-available' } : 'yes'),
  });
  const connecting = site.miner();
  await expect
    .poll(async () => {
      await site.pass(1_000);
      return upstream.of('OpenExtendedMiningChannel').length;
    })
    .toBe(3);
  const miner = await connecting;
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('a miner that is refused time and again is let go', async () => {
  const { site } = await scripted({ open: () => ({ code: 'unknown-user' }) });
  const miner = await V1Miner.connect(site.port);
  await miner.handshake();
  for (let i = 0; i < 7; i += 1) await miner.ask('mining.authorize', ['account.rig', 'x']).catch(() => {});
  await miner.ended();
});
