import { encodeCountedOutputs, MAX_TARGET, targetFromBigint, workOfTarget } from '@sv2kit/bitcoin';
import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import { HashrateMeter } from '../src/hashrate-meter.ts';
import { MARKER, PAYOUT } from './neighbours.ts';
import { isBlock, Miner, nameOf, Site, startPair } from './site.ts';
import { transactions } from './templates.ts';

describe('a template provider that is away', () => {
  test('is not blamed on the pool: nobody here knows whether the tip still stands (§6.2)', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair], { fallback: ['rejected_shares = 3', 'of_last = 5'] });
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    await site.provider.away();
    await site.until(() => site.health.report().conditions.some(({ name, ok }) => name === 'templates' && !ok));
    pool.shareAnswer = { code: 'stale-share' };
    for (let n = 0; n < 6; n += 1) miner.find();
    await site.until(() => site.status.shares.rejectedByPool['stale-share'] === 6);
    site.clock.advance(20_000);
    expect(site.status.work).toMatchObject({ kind: 'pooled', upstream: nameOf(pair) });
    pool.shareAnswer = 'yes';
    await site.provider.listen();
    site.provider.newTip(2, 101);
    await site.until(() => site.status.declarations.acknowledged === 2);
    site.clock.advance(20_000);
    expect(site.status.work).toMatchObject({ kind: 'pooled', upstream: nameOf(pair) });
  });

  test('does not save a pool that rejects shares of the tip that still stands when it is back', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair], { fallback: ['rejected_shares = 3', 'of_last = 5'] });
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    await site.provider.away();
    await site.until(() => site.health.report().conditions.some(({ name, ok }) => name === 'templates' && !ok));
    pool.shareAnswer = { code: 'stale-share' };
    for (let n = 0; n < 6; n += 1) miner.find();
    await site.until(() => pool.shares.length === 6);
    await site.provider.listen();
    await site.until(() => site.status.work.reason === 'shares-rejected');
  });

  test('does not make a refusal count until it can be told whether the tip has moved', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair]);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1);
    pool.jobAnswer = 'silent';
    site.provider.newTip(2, 101);
    const job = await site.until(() => pool.jobs[1]);
    await site.provider.away();
    await site.until(() => site.health.report().conditions.some(({ name, ok }) => name === 'templates' && !ok));
    const { requestId } = job ?? { requestId: 0 };
    pool.says({ type: 'SetCustomMiningJobError', channelId: 7, requestId, errorCode: 'stale-chain-tip' });
    await site.until(() => site.status.declarations.latest === 'contested');
    site.clock.advance(20_000);
    expect(site.status.work.kind).toBe('pooled');
    pool.jobAnswer = 'yes';
    site.provider.newTip(3, 102);
    await site.provider.listen();
    await site.until(() => site.status.declarations.acknowledged === 2);
    expect(site.status.declarations.refused).toEqual({});
  });
});

describe('transactions that do not come', () => {
  test('leave devices mining solo, not for a pool that will never pay for it', async () => {
    const pair = await startPair();
    const site = await Site.start([pair], { fallback: ['declare = 2', 'pass_over = 1'] });
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pair.pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    site.provider.refuses = true;
    site.provider.newTip(2, 101, transactions(3));
    await site.until(() => site.status.work.reason === 'no-transactions');
    site.provider.refuses = false;
    site.provider.newTip(3, 102, transactions(3));
    await site.pooled();
  });
});

describe('a pool or server that is never content', () => {
  test('moves devices by ever new extranonce prefixes a few times, then loses them', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair]);
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    for (let n = 0; n < 500; n += 1) {
      pool.says({ type: 'SetExtranoncePrefix', channelId: 7, extranoncePrefix: Uint8Array.of(1, 2, n >> 8, n) });
    }
    await site.until(() => site.status.work.reason === 'restless');
    expect(miner.closed).toBe(false);
    expect(pool.jobs.length).toBeLessThan(20);
  });

  test('changes its outputs with every token a few times, then loses the devices', async () => {
    const pair = await startPair();
    const { declarator, pool } = pair;
    const site = await Site.start([pair]);
    let n = 0;
    Object.defineProperty(declarator, 'outputs', {
      get: () => encodeCountedOutputs([{ ...PAYOUT, script: Uint8Array.of(0x51, 0x01, (n += 1) & 0xff) }, MARKER]),
    });
    await site.until(() => site.status.upstreams[0]?.failure?.reason === 'restless');
    expect(pool.jobs.length).toBeLessThan(20);
  });
});

describe('a target', () => {
  test('that no hash meets is no channel to mine on', async () => {
    const pair = await startPair();
    pair.pool.target = new Uint8Array(32);
    const site = await Site.start([pair]);
    await site.solo();
    expect(site.status.work).toMatchObject({ reason: 'channel-refused' });
  });

  test('that no hash meets, set later, is a reason to leave', async () => {
    const pair = await startPair();
    const site = await Site.start([pair]);
    await site.pooled();
    pair.pool.says({ type: 'SetTarget', channelId: 7, maximumTarget: new Uint8Array(32) });
    await site.until(() => site.status.work.reason === 'channel-refused');
  });

  test('that is ever another one does not have devices change their work all the time', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair]);
    const miner = await Miner.connect(site, 1e6);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    const before = miner.told.length;
    for (let n = 0; n < 300; n += 1) {
      const maximumTarget = targetFromBigint(1n << (n % 2 === 0 ? 254n : 230n));
      pool.says({ type: 'SetTarget', channelId: 7, maximumTarget });
      await site.until(() => true);
    }
    expect(miner.told.length - before).toBeLessThan(40);
  });
});

describe('answers that nobody asked for', () => {
  test('count for nothing: rejections of shares that were never sent (§5.3.14)', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair], { fallback: ['rejected_shares = 3', 'of_last = 5'] });
    await site.pooled();
    await site.until(() => pool.jobs.length === 1);
    for (let n = 0; n < 50; n += 1) {
      pool.says({ type: 'SubmitSharesError', channelId: 7, sequenceNumber: 1000 + n, errorCode: 'stale-share' });
    }
    site.clock.advance(10_000);
    expect(site.status.work.kind).toBe('pooled');
  });

  test('answer everything up to a number that was refused before (§5.3.13)', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair], { fallback: ['share_acknowledgement = 5'] });
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    pool.shareAnswer = 'silent';
    for (let n = 0; n < 3; n += 1) miner.find();
    await site.until(() => pool.shares.length === 3);
    pool.says({ type: 'SubmitSharesError', channelId: 7, sequenceNumber: 3, errorCode: 'duplicate-share' });
    pool.says({
      type: 'SubmitSharesSuccess',
      channelId: 7,
      lastSequenceNumber: 3,
      newSubmitsAcceptedCount: 2,
      newSharesSum: 2n,
    });
    await site.until(() => site.status.shares.credited.count === 2);
    site.clock.advance(10_000);
    expect(site.status.work.kind).toBe('pooled');
  });
});

test('a block on a job that waits for a token is declared and pushed when there is one (§6.4.9)', async () => {
  const pair = await startPair();
  const { pool, declarator } = pair;
  declarator.tokens = 1;
  const site = await Site.start([pair], { fallback: ['token = 3600'] });
  const miner = await Miner.connect(site);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
  site.provider.newTip(2, 101);
  await site.until(() => miner.outputs[0]?.value === 625_000_002n);
  miner.find(isBlock);
  await site.until(() => site.provider.solutions.length === 1);
  expect(declarator.of('PushSolution')).toEqual([]);
  declarator.allow(3);
  await site.until(() => declarator.of('PushSolution').length === 1);
  await site.until(() => pool.shares.length === 1);
});

test('a pool that sends its clients to reconnect keeps them: no other pool, no solo mining in between (§3.6.5)', async () => {
  const [first, second] = [await startPair(), await startPair()];
  const { pool } = first;
  const site = await Site.start([first, second]);
  const miner = await Miner.connect(site);
  await site.pooled(nameOf(first));
  await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
  pool.says({ type: 'Reconnect', newHost: '', newPort: 0 });
  await site.until(() => pool.received.filter(({ type }) => type === 'OpenExtendedMiningChannel').length === 2);
  await site.until(() => pool.jobs.length === 2);
  miner.find();
  await site.until(() => pool.shares.length === 1);
  expect(site.status.fallbacks).toEqual({});
  expect(site.status.shares.lost).toBe(0);
});

test('a pool that asks for far too many shares does not have devices flood us', async () => {
  const pair = await startPair();
  pair.pool.target = MAX_TARGET;
  const site = await Site.start([pair]);
  const first = await Miner.connect(site, 1e12);
  await site.pooled();
  await site.until(() => pair.pool.jobs.length === 1 && first.prefix[0] === 0xaa);
  site.clock.advance(1_000);
  const second = await Miner.connect(site, 1e12);
  expect(1e12 / workOfTarget(second.client.currentWork()?.target ?? MAX_TARGET)).toBeLessThan(300);
});

describe('a clock that jumps', () => {
  test('ahead, as for a process that was paused, makes nobody late whose answer is there (§6.2)', async () => {
    const pair = await startPair();
    const { declarator, pool } = pair;
    const site = await Site.start([pair], { fallback: ['declare = 2'] });
    await site.pooled();
    await site.until(() => pool.jobs.length === 1);
    declarator.declareAnswer = 'silent';
    site.provider.newTip(2, 101);
    const declared = await site.until(() => declarator.declared[1]);
    if (declared === undefined) throw new Error('nothing declared');
    site.clock.jump(30_000);
    declarator.accept(declared);
    site.clock.advance(250);
    const acknowledged = (): number => {
      site.clock.advance(1);
      return site.status.declarations.acknowledged;
    };
    await expect.poll(acknowledged).toBe(2);
    site.clock.advance(5_000);
    expect(site.status.fallbacks).toEqual({});
  });

  test('back does not have the pool told of more hashrate than there is', () => {
    const meter = new HashrateMeter();
    const stated = { hashrate: 7e6, channels: 1 };
    for (let ms = 0; ms < 60_000; ms += 500) meter.add(1e-6, 3_600_000 + ms);
    for (let ms = 0; ms < 600_000; ms += 500) meter.add(1e-6, ms);
    meter.hashrate(stated, 600_000);
    for (let ms = 600_000; ms < 660_000; ms += 500) meter.add(1e-6, ms);
    expect(meter.hashrate(stated, 659_999)).toBeCloseTo(2e-6 * HASHES_PER_DIFFICULTY, -2);
  });
});
