import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { describe, expect, test } from 'vitest';
import { V2Device } from './to-v1-device.ts';
import { V1PoolHere, type V1PoolOptions } from './to-v1-pool.ts';
import { eventually, startTranslator, working } from './to-v1-support.ts';

async function mining(options?: V1PoolOptions, toml?: readonly string[]) {
  const pool = await V1PoolHere.listen(options);
  const translator = await startTranslator([pool.url], { ...(toml && { toml }) });
  return { pool, translator, device: await working(translator) };
}

describe('a pool that goes', () => {
  test('and comes back with another extranonce1 keeps its devices; shares found meanwhile are lost, and counted', async () => {
    const { pool, translator, device } = await mining();
    const { work } = device;
    await pool.away();
    await eventually(() => translator.facts().pool.inUse).toBeNull();
    device.mine(3);
    await eventually(() => device.acknowledged).toBe(3);
    expect(translator.facts().shares).toMatchObject({ held: 3, relayed: { count: 0 } });
    await pool.back();
    await eventually(() => translator.facts().shares.lostBy).toMatchObject({ 'pool-away': { count: 3 } });
    await eventually(() => device.work.jobId).not.toBe(work.jobId);
    expect([...device.prefix.subarray(0, 2)]).toEqual([0xe1, 2]);
    device.mine(2);
    device.mine(1, { work });
    await eventually(() => pool.accepted.length).toBe(2);
    expect(device.closed).toBeUndefined();
    expect(device.refusals).toEqual(['stale-share']);
    expect(pool.refused).toEqual([]);
  });

  test('and goes on with the same session gets the shares found meanwhile, and takes those of jobs that it still knows', async () => {
    const { pool, translator, device } = await mining({ resumes: true });
    pool.keepsJobs = true;
    await pool.away();
    await eventually(() => translator.facts().pool.inUse).toBeNull();
    device.mine(3);
    await eventually(() => translator.facts().shares.held).toBe(3);
    await pool.back();
    await eventually(() => pool.accepted.length).toBe(3);
    expect(pool.refused).toEqual([]);
    expect(device.ofType('SetExtranoncePrefix')).toEqual([]);
    await eventually(() => translator.facts().shares).toMatchObject({
      held: 0,
      lostBy: {},
      acceptedByPool: { count: 3 },
    });
  });

  test('leaves the verdicts that it owes: those shares are lost, and counted', async () => {
    const { pool, translator, device } = await mining();
    pool.overrule = () => 'silence';
    device.mine(4);
    await eventually(() => translator.facts().shares.unanswered).toBe(4);
    for (const peer of pool.peers) peer.hangUp();
    await eventually(() => translator.facts().shares).toMatchObject({
      unanswered: 0,
      lostBy: { unanswered: { count: 4 } },
    });
  });

  test('for long has devices sent away and refused, so that their own fail-over works; then serves them again', async () => {
    const { pool, translator, device } = await mining({}, ['[outage]', 'keep_working = 0.3']);
    await pool.away();
    await eventually(() => device.closed).toBeDefined();
    expect(device.ofType('CloseChannel').map(({ reasonCode }) => reasonCode)).toEqual(['no-work-available']);
    await expect(V2Device.connect(translator)).rejects.toThrow('no-work-available');
    expect(translator.facts().suspensions).toBe(1);
    expect(translator.health.report()).toMatchObject({ state: 'degraded', serving: false });
    await pool.back();
    const again = await working(translator);
    again.mine(2);
    await eventually(() => pool.accepted.length).toBe(2);
    await eventually(() => translator.health.report().state).toBe('ok');
  });

  test('is replaced by the next, and is gone back to', async () => {
    const [primary, backup] = [await V1PoolHere.listen(), await V1PoolHere.listen({ extranonce2Size: 4 })];
    const translator = await startTranslator([primary.url, backup.url], {
      deps: {
        poolPolicy: { backoffMs: 20, maxBackoffMs: 50, benchMs: 20, maxBenchMs: 50, stableMs: 20, probeMs: 100 },
      },
    });
    const device = await working(translator);
    await primary.away();
    await eventually(() => translator.facts().pool.extranonce?.bytesToRoll).toBe(2);
    await eventually(() => device.work.jobId).toBeGreaterThan(1);
    device.mine(2);
    await eventually(() => backup.accepted.length).toBe(2);
    await primary.back();
    await eventually(() => translator.facts().pool.extranonce?.bytesToRoll).toBe(6);
    await eventually(() => device.prefix.length).toBeGreaterThan(4);
    await eventually(() => {
      if (primary.accepted.length === 0) device.mine();
      return primary.accepted.length;
    }).toBeGreaterThan(0);
    expect([...primary.refused, ...backup.refused]).toEqual([]);
    expect(device.refusals).toEqual([]);
  });
});

describe('a pool that stays but is of no use is left for the next', () => {
  test.each([
    ['shares-unanswered', 'answer = 0.3'],
    ['no-jobs', 'jobs = 0.5'],
  ])('%s', async (reason, setting) => {
    const [pool, other] = [await V1PoolHere.listen(), await V1PoolHere.listen()];
    const translator = await startTranslator([pool.url, other.url], { toml: ['[outage]', setting] });
    const device = await working(translator);
    pool.overrule = () => 'silence';
    device.mine(1);
    await eventually(() => translator.facts().poolFailures[reason] ?? 0).toBeGreaterThan(0);
    await eventually(() => other.connections).toBeGreaterThan(0);
  });

  test('no-jobs, from one that lets us in and gives none at all', async () => {
    const [pool, other] = [await V1PoolHere.listen({ silent: true }), await V1PoolHere.listen()];
    const translator = await startTranslator([pool.url, other.url], { toml: ['[outage]', 'jobs = 0.5'] });
    await working(translator);
    expect(translator.facts().poolFailures['no-jobs']).toBeGreaterThan(0);
  });

  test('denied: the next one serves, and health names it', async () => {
    const [pool, other] = [await V1PoolHere.listen({ knows: () => false }), await V1PoolHere.listen()];
    const translator = await startTranslator([pool.url, other.url]);
    const device = await working(translator);
    device.mine(1);
    await eventually(() => other.accepted.length).toBe(1);
    expect(translator.health.report().reason).toContain(`mining on ${new URL(other.url).host}`);
  });
});

test('client.reconnect to the same host is obeyed without a device noticing more than a new prefix', async () => {
  const { pool, translator, device } = await mining();
  const before = device.work.jobId;
  for (const peer of pool.peers) peer.says('client.reconnect', []);
  await eventually(() => pool.connections).toBe(2);
  await eventually(() => device.work.jobId).not.toBe(before);
  device.mine(2);
  await eventually(() => pool.accepted.length).toBe(2);
  expect(device.closed).toBeUndefined();
  expect(translator.facts().poolFailures).toEqual({});
});

test('devices whose shares would flood get harder targets than the pool asks for, from the first job on', async () => {
  const { translator } = await mining();
  const device = await working(translator, { nominalHashRate: 1e15 });
  expect(difficultyFromTarget(device.work.target)).toBeGreaterThanOrEqual(1e15 / 2 ** 32 / 250);
  const small = await working(translator);
  expect(difficultyFromTarget(small.work.target)).toBeLessThan(1e-6);
});
