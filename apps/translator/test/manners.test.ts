import { targetFromDifficulty, meetsTarget } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { EASY, openSite } from './site.ts';
import { startUpstream } from './scripted-upstream.ts';
import { V1Miner } from './v1-miner.ts';

test('several names may be authorised on one connection, and only those', async () => {
  const site = await openSite();
  const miner = await site.miner({ username: 'a.one' });
  expect(await miner.ask('mining.authorize', ['a.two', ''])).toMatchObject({ result: true });
  expect(await miner.submit(miner.solve(), 'a.two')).toMatchObject({ result: true });
  expect(await miner.submit(miner.solve(), 'a.three')).toMatchObject({ error: [24, expect.any(String), null] });
});

test('authorize may come before subscribe', async () => {
  const site = await openSite();
  const miner = await V1Miner.connect(site.port);
  expect(await miner.ask('mining.authorize', ['account.rig', 'x'])).toMatchObject({ result: true });
  const { result } = await miner.ask('mining.subscribe', ['test']);
  [, miner.extranonce1, miner.extranonce2Size] = result as [unknown, string, number];
  await miner.until(() => miner.jobs.length > 0);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  miner.close();
});

test('names: account.worker under an account of the operator, as they are without one', async () => {
  const site = await openSite({ identities: [undefined] });
  await site.miner({ username: 'someone.rig' });
  await site.miner({ username: 'bc1qexample' });
  expect(site.pool.identities).toEqual(['someone.rig', 'bc1qexample']);
  const other = await openSite({ identities: ['alice'] });
  await other.miner({ username: 'someone_rig' });
  await other.miner({ username: '' });
  expect(other.pool.identities).toEqual(['alice.rig', 'alice.miner2']);
});

test("the password's difficulty holds, as a power of two, down to the floor and up to the upstream's", async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -20 }, miners: [] });
  expect((await site.miner({ password: `d=${3 * 2 ** -24}` })).job.difficulty).toBe(2 ** -23);
  expect((await site.miner({ password: 'd=1' })).job.difficulty).toBe(2 ** -20);
  expect((await site.miner({ password: `x,md=${2 ** -22}` })).job.difficulty).toBe(2 ** -22);
});

test('a suggestion is heard at once: the job goes out again with it', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -16, config: { refreshMs: 3_600_000 } } });
  const miner = await site.miner({ password: `d=${2 ** -17}` });
  const next = miner.nextJob();
  expect(await miner.ask('mining.suggest_difficulty', [2 ** -26])).toMatchObject({ result: true });
  await site.pass(5_000);
  expect(await next).toMatchObject({ difficulty: 2 ** -26, clean: false });
  expect(miner.jobs.length).toBe(2);
});

test('a session that comes back goes on with its difficulty', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -16 } });
  const miner = await site.miner({ password: `d=${2 ** -20}` });
  const subscribed = miner.lines.find(({ id, result }) => id === 1 && result !== undefined)?.result as [
    [[string, string]],
  ];
  const session = subscribed[0][0][1];
  miner.close();
  await expect.poll(() => site.status()['connections']).toBe(0);
  const again = await V1Miner.connect(site.port);
  const { result } = await again.ask('mining.subscribe', ['test', session]);
  [, again.extranonce1, again.extranonce2Size] = result as [unknown, string, number];
  await again.ask('mining.authorize', ['account.rig', 'x']);
  await again.until(() => again.jobs.length > 0);
  expect(again.job.difficulty).toBe(2 ** -20);
  expect(again.extranonce1).not.toBe(miner.extranonce1);
  again.close();
});

test('extranonce1 is never the one that another miner has just had', async () => {
  const site = await openSite({ aggregate: true });
  const seen = new Set<string>();
  for (let i = 0; i < 4; i += 1) {
    const miner = await site.miner();
    seen.add(miner.extranonce1);
    miner.close();
    await expect.poll(() => site.status()['connections']).toBe(0);
  }
  expect(seen.size).toBe(4);
});

test('a job that does not pay the operator is not mined on: the upstream is left for the next', async () => {
  const script = '51';
  const stranger = Uint8Array.of(0x52);
  const thief = await startUpstream({
    outputs: [
      { value: 90n, script: stranger },
      { value: 10n, script: Uint8Array.of(0x51) },
    ],
  });
  const honest = await startUpstream({
    outputs: [
      { value: 10n, script: stranger },
      { value: 90n, script: Uint8Array.of(0x51) },
    ],
  });
  const site = await openSite({
    urls: [thief.url, honest.url],
    identities: ['alice', 'bob'],
    tables: ['[payout]', `script = "${script}"`, 'share = 0.9'],
  });
  const miner = await site.miner();
  expect(miner.jobs.length).toBe(1);
  expect(thief.of('OpenExtendedMiningChannel').length).toBe(1);
  expect(honest.of('OpenExtendedMiningChannel').length).toBe(1);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('a coinbase larger than the firmware holds, or an extranonce2 that it does not take, is told of in the status', async () => {
  const outputs = Array.from({ length: 30 }, (_, i) => ({ value: 1n, script: new Uint8Array(25).fill(i) }));
  const upstream = await startUpstream({ outputs });
  const site = await openSite({ urls: [upstream.url] });
  await site.miner({ agent: 'bmminer/1.0' });
  await site.miner({ agent: 'NerdQAxe/1.0' });
  expect(site.status()['misfits']).toEqual([
    { family: 'antminer', kind: 'coinbase-too-large', size: expect.any(Number), limit: 750 },
  ]);
  await site.miner({ agent: 'braiins-hashpower/1' });
  expect(site.status()['misfits']).toContainEqual({
    family: 'hashpower-market',
    kind: 'extranonce2-size',
    size: 4,
    least: 7,
    most: 16,
  });
});

test('the difficulty follows the share rate, and no share is refused on the way', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -22 }, miners: ['shares_per_minute = 600'] });
  const miner = await site.miner();
  let refused = 0;
  // Fifty shares a second where ten are wanted.
  for (let i = 0; i < 100; i += 1) {
    const share = miner.solve();
    const { result } = await miner.submit(share);
    if (result !== true) refused += 1;
    await site.pass(20, 20);
  }
  expect(refused).toBe(0);
  expect(miner.job.difficulty).toBeGreaterThan(EASY);
  expect(Number.isInteger(Math.log2(miner.job.difficulty))).toBe(true);
});

test('what is below the upstream target is answered with yes and goes no further', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -20 } });
  const miner = await site.miner();
  const upstream = targetFromDifficulty(2 ** -20);
  for (let i = 0; i < 4; i += 1) {
    expect(await miner.submit(miner.solve(miner.job, (hash) => !meetsTarget(hash, upstream)))).toMatchObject({
      result: true,
    });
  }
  expect(await miner.submit(miner.solve(miner.job, (hash) => meetsTarget(hash, upstream)))).toMatchObject({
    result: true,
  });
  await expect.poll(() => site.pool.shares.length).toBe(1);
  expect(site.status()).toMatchObject({
    shares: { accepted: 5 },
    upstreamShares: { forwarded: 1, accepted: 1, lost: 0, rejected: 0 },
  });
});
