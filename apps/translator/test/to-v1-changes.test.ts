import { targetFromDifficulty } from '@sv2kit/bitcoin';
import { REQUIRES_VERSION_ROLLING } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import type { V2Device } from './to-v1-device.ts';
import { oneIn, type Peer, V1PoolHere, type V1PoolOptions } from './to-v1-pool.ts';
import { eventually, type Started, startTranslator, working } from './to-v1-support.ts';

async function mining(options?: V1PoolOptions, toml?: readonly string[]) {
  const pool = await V1PoolHere.listen(options);
  const translator = await startTranslator([pool.url], { ...(toml && { toml }) });
  // It could do much, so that its target is the pool's own.
  return { pool, translator, device: await working(translator, { nominalHashRate: 100 }) };
}

function peerOf(pool: V1PoolHere): Peer {
  const [peer] = pool.peers;
  if (peer === undefined) throw new Error('nobody is there');
  return peer;
}

/** The device mines another job than before. */
async function another(device: V2Device, give: () => void): Promise<void> {
  const before = device.work.jobId;
  give();
  await eventually(() => device.work.jobId).not.toBe(before);
}

async function poolSaw(pool: V1PoolHere, shares: number): Promise<void> {
  await eventually(() => pool.shares.length).toBe(shares);
}

describe('a difficulty', () => {
  test('that comes between jobs counts for the jobs after it; shares of older jobs go by their own', async () => {
    const { pool, translator, device } = await mining({ difficulty: oneIn(2) });
    const old = device.work;
    pool.difficulty = oneIn(16);
    await another(device, () => pool.notify());
    const [easy, hard] = [targetFromDifficulty(oneIn(2)), targetFromDifficulty(oneIn(16))];
    device.mine(3, { work: old, target: easy, notBelow: hard });
    await poolSaw(pool, 3);
    device.mine(3, { target: hard });
    device.mine(5, { target: easy, notBelow: hard });
    await poolSaw(pool, 6);
    await eventually(() => device.acknowledged).toBe(11);
    expect(translator.facts().shares.withheld).toBe(5);
    expect(pool.refused).toEqual([]);
    pool.difficulty = oneIn(2);
    await another(device, () => pool.notify());
    expect(device.work.target).toEqual(easy);
    device.mine(2, { notBelow: hard });
    await poolSaw(pool, 8);
    expect(pool.refused).toEqual([]);
    expect(translator.facts().shares.refusedByPool).toEqual({});
  });

  test('raised again and again under load has no share refused', async () => {
    const { pool, device } = await mining({ difficulty: oneIn(2) });
    let jobs = [device.work];
    let found = 0;
    for (let round = 0; round < 12; round += 1) {
      pool.difficulty = oneIn(2 ** (1 + ((round * 5) % 4)));
      await another(device, () => pool.notify());
      jobs = [...jobs.slice(-3), device.work];
      for (const work of jobs) device.mine(3, { work });
      found += 3 * jobs.length;
    }
    await eventually(() => device.acknowledged).toBe(found);
    expect(device.refusals).toEqual([]);
    expect(pool.refused).toEqual([]);
  });

  test('that a pool applies to jobs which are out already costs one refusal, and no pool', async () => {
    const { pool, translator, device } = await mining({ difficulty: oneIn(2) });
    pool.appliesAtOnce = true;
    pool.difficulty = oneIn(64);
    const old = device.work;
    await another(device, () => pool.notify());
    const search = { work: old, notBelow: targetFromDifficulty(oneIn(64)) };
    device.mine(1, search);
    await eventually(() => translator.facts().shares.refusedByPool).toMatchObject({ 'low-difficulty': { count: 1 } });
    const { withheld } = translator.facts().shares;
    device.mine(30, search);
    device.mine(1, { target: targetFromDifficulty(oneIn(64)) });
    await eventually(() => pool.accepted.length).toBe(1);
    expect(pool.refused).toHaveLength(1);
    expect(translator.facts().shares.withheld).toBe(withheld + 30);
  });
});

describe('jobs', () => {
  test('that come in a row reach devices as the last of them', async () => {
    const { pool, device } = await mining();
    const before = device.told.length;
    await another(device, () => {
      pool.notify();
      pool.notify();
      pool.newTip();
      pool.notify();
    });
    await eventually(() => device.work.prevHash).toEqual(pool.prevHash);
    const types = device.told.slice(before).map(({ type }) => type);
    expect(types.filter((type) => type === 'SetNewPrevHash')).toHaveLength(1);
    device.mine(2);
    await eventually(() => pool.accepted.length).toBe(2);
    expect(pool.refused).toEqual([]);
  });

  test('of the same tip leave earlier ones good unless they are clean (§5.3.17)', async () => {
    const { pool, device } = await mining();
    const first = device.work;
    await another(device, () => pool.notify());
    device.mine(1, { work: first });
    await poolSaw(pool, 1);
    await another(device, () => pool.notify({ cleanJobs: true }));
    device.mine(1, { work: first });
    device.mine(1);
    await poolSaw(pool, 2);
    expect(device.refusals).toEqual(['stale-share']);
    expect(pool.refused).toEqual([]);
  });

  test('on another prev-hash are a new tip whether they say clean or not', async () => {
    const { pool, device } = await mining();
    const first = device.work;
    await another(device, () => pool.newTip({ cleanJobs: false }));
    device.mine(1, { work: first });
    device.mine(1);
    await eventually(() => pool.accepted.length).toBe(1);
    expect(device.refusals).toEqual(['stale-share']);
    expect(device.work.prevHash).toEqual(pool.prevHash);
  });

  test('never have a min_ntime below the ntime of their notify: pools refuse what is older', async () => {
    const { pool, device } = await mining();
    const ahead = Math.floor(Date.now() / 1000) + 600;
    await another(device, () => pool.notify({ ntime: ahead }));
    expect(device.work.minNtime).toBe(ahead);
    device.mine(2);
    await eventually(() => pool.accepted.length).toBe(2);
    await another(device, () => pool.newTip({ ntime: ahead - 300 }));
    expect(device.work.minNtime).toBe(ahead - 300);
  });

  test('are given out anew before devices run dry, as the same job to the pool', async () => {
    const { pool, device } = await mining({}, ['[mining]', 'min_difficulty = 1e-12', 'refresh_interval = 1']);
    const first = device.work;
    await another(device, () => {});
    expect(device.work.minNtime).toBeGreaterThan(first.minNtime);
    device.mine(2);
    device.mine(1, { work: first });
    await eventually(() => pool.accepted.length).toBe(3);
    expect(new Set(pool.shares.map(({ submit }) => submit.jobId)).size).toBe(1);
  });

  test('that make no sense are passed over, and the pool is left after a row of them', async () => {
    const { pool, translator, device } = await mining();
    const bad = { coinb1: new Uint8Array(3) };
    for (let count = 0; count < 7; count += 1) pool.notify(bad);
    await another(device, () => pool.notify());
    for (let count = 0; count < 7; count += 1) pool.notify(bad);
    expect(translator.facts().poolFailures).toEqual({});
    pool.notify(bad);
    await eventually(() => translator.facts().poolFailures).toEqual({ 'unusable-jobs': 1 });
    await eventually(() => pool.connections).toBe(2);
  });
});

describe('set_extranonce', () => {
  test('moves prefixes with the next job, not before; shares of older jobs keep theirs (§5.3.10)', async () => {
    const { pool, translator, device } = await mining();
    const old = device.work;
    peerOf(pool).setExtranonce(Uint8Array.of(0xf0, 0xf1, 0xf2), 7);
    device.mine(1);
    await poolSaw(pool, 1);
    expect(device.ofType('SetExtranoncePrefix')).toEqual([]);
    await another(device, () => pool.notify());
    expect(device.ofType('SetExtranoncePrefix')).toHaveLength(1);
    expect([...device.prefix.subarray(0, 3)]).toEqual([0xf0, 0xf1, 0xf2]);
    device.mine(3);
    await poolSaw(pool, 4);
    expect(device.refusals).toEqual([]);
    expect(pool.refused).toEqual([]);
    // The notify that brings an extranonce is clean: what is of the old one is stale here, and no refusal there.
    device.mine(1, { work: old });
    await eventually(() => device.refusals).toEqual(['stale-share']);
    expect(translator.facts().shares).toMatchObject({ refusedByPool: {}, lostBy: {} });
  });

  test('with fewer bytes closes the channels that roll more, and serves the others (§5.3.10)', async () => {
    const { pool, translator, device } = await mining();
    const wide = await working(translator, { minExtranonceSize: 6 });
    peerOf(pool).setExtranonce(Uint8Array.of(0xf0), 4);
    await another(device, () => pool.notify());
    await eventually(() => wide.ofType('CloseChannel').map(({ reasonCode }) => reasonCode)).toEqual([
      'extranonce-too-small',
    ]);
    device.mine(3);
    await eventually(() => pool.accepted.length).toBe(3);
    expect(pool.refused).toEqual([]);
  });

  test('with too few bytes for channels has the pool left', async () => {
    const { pool, translator } = await mining();
    peerOf(pool).setExtranonce(Uint8Array.of(0xf0), 1);
    pool.notify();
    await eventually(() => translator.facts().poolFailures).toMatchObject({ 'extranonce-too-small': 1 });
    await eventually(() => pool.connections).toBe(2);
  });
});

describe('a version mask that changes', () => {
  async function masks(pool: V1PoolHere, mask: number): Promise<void> {
    pool.versionMask = mask;
    peerOf(pool).session.setVersionMask(mask);
    peerOf(pool).says('client.show_message', ['another mask']);
  }

  test('to none gives devices jobs without rolling at once, and ends those who need it; more bits come with a job (§5.3.1)', async () => {
    const { pool, translator, device } = await mining();
    const needy = await working(translator, { flags: REQUIRES_VERSION_ROLLING });
    await another(device, () => void masks(pool, 0));
    expect(device.work.versionRollingAllowed).toBe(false);
    await eventually(() => needy.closed).toBeDefined();
    device.mine(2);
    await eventually(() => pool.accepted.length).toBe(2);
    expect(pool.refused).toEqual([]);
    await masks(pool, 0x1fffe000);
    await another(device, () => pool.notify());
    expect(device.work.versionRollingAllowed).toBe(true);
    device.mine(2, { versionBits: 0x4000 });
    await eventually(() => pool.accepted.length).toBe(4);
    expect(pool.refused).toEqual([]);
  });
});

describe('refusals', () => {
  const stale = { code: 21, message: 'Job not found' };

  test('in a burst around a new tip are counted and cost no pool', async () => {
    const { pool, translator, device } = await mining({}, ['[outage]', 'tip_grace = 2', 'refused_shares = 3']);
    pool.overrule = () => stale;
    device.mine(20);
    await poolSaw(pool, 20);
    pool.overrule = undefined;
    await another(device, () => pool.newTip());
    device.mine(3);
    await eventually(() => pool.accepted.length).toBe(3);
    await eventually(() => translator.facts().shares.refusedByPool).toMatchObject({ stale: { count: 20 } });
    expect(translator.facts().poolFailures).toEqual({});
    expect(pool.connections).toBe(1);
  });

  test('of jobs that the pool forgot when it gave the next are counted and cost no pool', async () => {
    const { pool, translator, device } = await mining({}, ['[outage]', 'tip_grace = 0.1']);
    const old = device.work;
    await another(device, () => pool.notify());
    pool.overrule = ({ jobId }) => (jobId === '1' ? stale : undefined);
    device.mine(30, { work: old });
    await eventually(() => translator.facts().shares.refusedByPool).toMatchObject({ stale: { count: 30 } });
    device.mine(12);
    await eventually(() => pool.accepted.length).toBe(12);
    expect(translator.facts().poolFailures).toEqual({});
  });

  test('without a tip that explains them have the pool left for the next', async () => {
    const other = await V1PoolHere.listen();
    const pool = await V1PoolHere.listen();
    const toml = ['[outage]', 'tip_grace = 0.1'];
    const translator: Started = await startTranslator([pool.url, other.url], { toml });
    const device = await working(translator);
    pool.overrule = () => ({ code: 20, message: 'Above target' });
    await another(device, () => device.mine(15));
    await eventually(() => translator.facts().poolFailures).toEqual({ 'shares-refused': 1 });
    expect(device.acknowledged).toBe(15);
    device.mine(2);
    await eventually(() => other.accepted.length).toBe(2);
    expect(translator.facts().users).toMatchObject([{ user: 'account', refused: { 'low-difficulty': 15 } }]);
    expect(translator.health.report().reason).toContain('instead of');
  });
});
