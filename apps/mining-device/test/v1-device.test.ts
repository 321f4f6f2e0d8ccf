import type { VirtualClock } from '@sv2kit/daemon';
import { DEFAULT_POLICY } from '@sv2kit/upstream';
import { describe, expect, test } from 'vitest';
import { job, NTIME, success, tip } from './arrange.ts';
import { closeLater, startDevice, surroundings, until } from './device-here.ts';
import type { FakeEngine } from './fake-engine.ts';
import { ScriptedPool } from './scripted-pool.ts';
import { ScriptedV1Pool } from './scripted-v1-pool.ts';

const EASY = 2 ** -24;
const openPool = async (clock: VirtualClock): Promise<ScriptedV1Pool> => closeLater(await ScriptedV1Pool.open(clock));

/** Waits until the device is let in, and gives it a job. @returns once it is at it */
async function giveWork(pool: ScriptedV1Pool, engine: FakeEngine): Promise<void> {
  await pool.next('mining.authorize');
  pool.say({ id: null, method: 'mining.set_difficulty', params: [EASY] });
  pool.notify('j1', NTIME);
  await until(() => engine.tasks[0] !== undefined);
}

describe('a device at a Stratum V1 pool, over a real socket', () => {
  test('says who it is and what it can, then mines, and counts what the pool answers', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    const { device, engine } = await startDevice([pool], deps, '[device]\nhardware = "toaster"');
    await giveWork(pool, engine);
    const parameters = new Map(pool.heard.map(({ method, params }) => [method, params]));
    expect(parameters.get('mining.configure')).toEqual([
      ['version-rolling'],
      { 'version-rolling.mask': '1fffe000', 'version-rolling.min-bit-count': 2 },
    ]);
    expect(parameters.get('mining.subscribe')).toEqual(['sv2kit-mining-device/toaster']);
    expect(parameters.get('mining.authorize')).toEqual(['tester.1', 'x']);
    engine.find();
    const { id, params } = await pool.next('mining.submit');
    expect(params).toEqual(['tester.1', 'j1', '00000000', NTIME.toString(16), expect.any(String), '00000000']);
    clock.advance(40);
    pool.say({ id, result: true, error: null });
    await until(() => device.status().shares.accepted === 1);
    const { channel, ...status } = device.status();
    expect(channel).toBeUndefined();
    expect(status).toMatchObject({
      protocol: 'sv1',
      phase: 'mining',
      difficulty: EASY,
      shares: { submitted: 1, accepted: 1, acceptedDifficulty: EASY, rejected: {}, unanswered: 0 },
      jobs: 1,
      tips: 1,
      blocks: 1,
    });
    expect(deps.latencies.summary()['share-round-trip']).toMatchObject({ samples: 1, unit: 'ms' });
    expect(deps.health.report().conditions.every(({ ok }) => ok)).toBe(true);
  });

  test('asks for the difficulty that its speed is good for: six shares a minute', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    await startDevice([pool], deps);
    const { params } = await pool.next('mining.suggest_difficulty');
    expect((params as number[])[0]).toBeCloseTo((1000 * 10) / 2 ** 32, 8);
  });

  test('takes up a job that the pool gave before it had let the device in', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    pool.early = [{ id: null, method: 'mining.set_difficulty', params: [EASY] }, ScriptedV1Pool.job('early', NTIME)];
    const { device, engine } = await startDevice([pool], deps);
    await until(() => engine.tasks[0] !== undefined);
    expect(device.status()).toMatchObject({ phase: 'mining', difficulty: EASY });
  });

  test('comes back when the connection is lost, and asks to go on with its session', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    const { device, engine } = await startDevice([pool], deps);
    await giveWork(pool, engine);
    await pool.next('mining.subscribe');
    pool.connections[0]?.end('test');
    await until(() => device.status().upstream.startsWith('waiting'));
    expect(engine.tasks).toEqual([undefined]);
    clock.advance(1000);
    expect((await pool.next('mining.subscribe'))['params']).toEqual(['sv2kit-mining-device/CPU', 'abc']);
    await giveWork(pool, engine);
    expect(device.status().phase).toBe('mining');
  });

  test('leaves a pool that has said nothing for five minutes, for it may hang', async () => {
    const { clock, deps } = surroundings();
    const [first, second] = [await openPool(clock), await openPool(clock)];
    const { device, engine } = await startDevice([first, second], deps);
    await giveWork(first, engine);
    for (let minute = 0; minute < 4; minute += 1) clock.advance(60_000);
    expect(device.status().phase).toBe('mining');
    for (let minute = 0; minute < 2; minute += 1) clock.advance(60_000);
    await until(() => device.status().phase === 'closed');
    expect(deps.health.report().reason).toContain('work: no pool');
  });

  test('goes to the next upstream when the first does not want it, under the name that it has there', async () => {
    const { clock, deps } = surroundings();
    const [first, second] = [await openPool(clock), await openPool(clock)];
    first.welcome = false;
    const named = { url: `${second.url}"\nuser_identity = "other.1"\npassword = "d=4` };
    const { device, engine } = await startDevice([first, named], deps);
    await giveWork(second, engine);
    expect(second.heard.find(({ method }) => method === 'mining.authorize')?.['params']).toEqual(['other.1', 'd=4']);
    expect(device.status().phase).toBe('mining');
  });

  test('goes where the pool sends it on its own host', async () => {
    const { clock, deps } = surroundings();
    const [first, second] = [await openPool(clock), await openPool(clock)];
    const { device, engine } = await startDevice([first], deps);
    await giveWork(first, engine);
    const { port } = new URL(second.url);
    first.say({ id: null, method: 'client.reconnect', params: ['127.0.0.1', Number(port), 0] });
    await second.next('mining.authorize');
    second.notify('k1', NTIME);
    await until(() => device.status().tips === 2);
    expect(first.connections).toHaveLength(1);
  });
});

test('upstreams of both versions may stand in one list: from V1 to V2 and back', async () => {
  const { clock, deps } = surroundings();
  const [v1, v2] = [await openPool(clock), closeLater(await ScriptedPool.open(clock))];
  v1.welcome = false;
  const { device, engine } = await startDevice([v1, v2], deps);
  const { requestId } = await v2.next('OpenStandardMiningChannel');
  v2.send(success('standard', requestId), job('standard', 1, undefined), tip(1));
  await until(() => engine.tasks[0] !== undefined);
  expect(device.status()).toMatchObject({ protocol: 'sv2', channel: 'standard', phase: 'mining' });
  v1.welcome = true;
  // Half of the pause between looks for a better upstream: the least of it.
  clock.advance(DEFAULT_POLICY.probeMs / 2);
  await until(() => device.status().protocol === 'sv1');
  v1.notify('j1', NTIME);
  await until(() => device.status().tips === 2);
  await until(() => v2.closed.length === 1);
  expect(device.status()).toMatchObject({ phase: 'mining', tips: 2 });
});
