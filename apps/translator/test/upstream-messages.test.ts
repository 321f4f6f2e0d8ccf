import { difficultyFromTarget, meetsTarget, targetFromDifficulty } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { scripted } from './scripted-site.ts';
import { EASY } from './site.ts';

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
  const success = { type: 'SubmitSharesSuccess', channelId: 1, newSharesSum: 0n } as const;
  upstream.says(
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 2, errorCode: 'stale-share' },
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 2, errorCode: 'stale-share' },
    { type: 'SubmitSharesError', channelId: 1, sequenceNumber: 77, errorCode: 'stale-share' },
    { ...success, lastSequenceNumber: 3, newSubmitsAcceptedCount: 1_000 },
    { ...success, lastSequenceNumber: 3, newSubmitsAcceptedCount: 1_000 },
  );
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ forwarded: 5, accepted: 2, rejected: 1 });
  const { creditedWork } = site.status()['upstreamShares'] as { readonly creditedWork: number };
  expect(creditedWork / 2 / difficultyFromTarget(targetFromDifficulty(EASY))).toBeCloseTo(1, 6);
  upstream.says({ ...success, lastSequenceNumber: 4, newSubmitsAcceptedCount: 1 });
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ accepted: 3 });
  await upstream.away();
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ accepted: 3, rejected: 1, lost: 1 });
});
