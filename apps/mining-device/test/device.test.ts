import { difficultyFromTarget, encodeHeader, hashHeader, meetsTarget } from '@sv2kit/bitcoin';
import type { VirtualClock } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { createMiningDevice } from '../src/index.ts';
import { CHANNEL, EASY_TARGET, job, NTIME, success, tip } from './arrange.ts';
import { closeLater, configFor, startDevice, surroundings, until } from './device-here.ts';
import type { FakeEngine } from './fake-engine.ts';
import { ScriptedPool } from './scripted-pool.ts';

const openPool = async (clock: VirtualClock): Promise<ScriptedPool> => closeLater(await ScriptedPool.open(clock));

/** Answers an open request and gives the device a job. @returns once the device is at it */
async function giveWork(pool: ScriptedPool, engine: FakeEngine): Promise<void> {
  const { requestId } = await pool.next('OpenStandardMiningChannel');
  pool.send(success('standard', requestId), job('standard', 1, undefined), tip(1));
  await until(() => engine.tasks[0] !== undefined);
}

const PAGE = { offset: 0, limit: 10 };

describe('a device and a pool over a real socket', () => {
  test('mines a valid share and counts the answer with its round trip (§5.3.11, §5.3.13)', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    const { device, engine } = await startDevice([pool], deps);
    await giveWork(pool, engine);
    engine.find();
    const share = await pool.next('SubmitSharesStandard');
    const header = encodeHeader({
      ...share,
      prevHash: new Uint8Array(32).fill(4),
      merkleRoot: new Uint8Array(32).fill(1),
      nbits: 0x207fffff,
    });
    expect(meetsTarget(hashHeader(header), EASY_TARGET)).toBe(true);
    expect(share).toMatchObject({ channelId: CHANNEL, jobId: 1, ntime: NTIME });
    clock.advance(40);
    pool.send({
      type: 'SubmitSharesSuccess',
      channelId: CHANNEL,
      lastSequenceNumber: share.sequenceNumber,
      newSubmitsAcceptedCount: 1,
      newSharesSum: 0n,
    });
    await until(() => device.status().shares.accepted === 1);
    const work = difficultyFromTarget(EASY_TARGET);
    expect(device.status()).toMatchObject({
      channel: 'standard',
      phase: 'mining',
      shares: { submitted: 1, accepted: 1, acceptedDifficulty: work, rejected: {}, unanswered: 0 },
      jobs: 1,
      tips: 1,
      blocks: 1,
    });
    expect(deps.latencies.summary()['share-round-trip']).toMatchObject({ samples: 1, unit: 'ms' });
    expect(device.api().channels?.(PAGE)).toMatchObject({
      total: 1,
      items: [{ channelId: CHANNEL, kind: 'standard', user: 'tester.1', worker: '1', accepted: 1, work, jobId: 1 }],
    });
    expect(device.api().shares?.()).toMatchObject({ accepted: 1, rejected: {}, work, blocks: 1 });
    expect(device.api().jobs?.(PAGE)).toMatchObject({
      items: [{ id: '1', origin: 'upstream', prevHash: '04'.repeat(32) }],
    });
    expect(device.api().upstreams?.()).toMatchObject([{ kind: 'pool', state: 'ok', active: true }]);
    expect(deps.events.since(0)).toMatchObject([{ type: 'job', origin: 'upstream' }]);
    expect(deps.health.report().conditions.every(({ ok }) => ok)).toBe(true);
  });

  test('says which channel it wants in SetupConnection (§5.3.1)', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    await startDevice([pool], deps, '[device]\nvendor = "acme"\ndevice_id = "7"\n');
    await pool.next('OpenStandardMiningChannel');
    expect(pool.connections[0]?.setup).toMatchObject({
      flags: 1,
      vendor: 'acme',
      hardwareVersion: 'CPU',
      deviceId: '7',
    });
  });

  test('comes back when the connection is lost, and mines again', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    const { device, engine } = await startDevice([pool], deps);
    await giveWork(pool, engine);
    pool.connections[0]?.end('test');
    await until(() => device.status().phase === 'closed');
    expect(engine.tasks).toEqual([undefined]);
    expect(deps.health.report().reason).toContain('work: no channel');
    await until(() => device.status().upstream.startsWith('waiting'));
    clock.advance(1000);
    await giveWork(pool, engine);
    expect(device.status().phase).toBe('mining');
  });

  test('goes to the next upstream when the first refuses the channel (§5.3.6)', async () => {
    const { clock, deps } = surroundings();
    const [first, second] = [await openPool(clock), await openPool(clock)];
    const { device, engine } = await startDevice([first, second], deps);
    const { requestId } = await first.next('OpenStandardMiningChannel');
    first.send({ type: 'OpenMiningChannelError', requestId, errorCode: 'unknown-user' });
    await giveWork(second, engine);
    expect(device.status().phase).toBe('mining');
  });

  test('tells the server a hashrate that turns out otherwise (§5.3.7)', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    const { device, engine } = await startDevice([pool], deps);
    const asked = pool.next('OpenStandardMiningChannel');
    expect((await asked).nominalHashRate).toBe(1000);
    pool.send(success('standard', (await asked).requestId), job('standard', 1, undefined), tip(1));
    await until(() => engine.tasks[0] !== undefined);
    for (let second = 0; second < 31; second++) {
      engine.hashes += 3000;
      clock.advance(1000);
    }
    expect((await pool.next('UpdateChannel')).nominalHashRate).toBe(3000);
    expect(device.status()).toMatchObject({ hashrate: 3000, nominalHashrate: 3000, hashes: 93_000 });
  });

  test('closes its channel in good order when it stops (§5.3.9)', async () => {
    const { clock, deps } = surroundings();
    const pool = await openPool(clock);
    const { device, engine } = await startDevice([pool], deps);
    await giveWork(pool, engine);
    await device.close();
    expect(await pool.next('CloseChannel')).toMatchObject({ channelId: CHANNEL, reasonCode: 'shutdown' });
    expect(engine.closed).toBe(true);
  });

  test('ends as failed when a thread breaks', async () => {
    const { clock, deps, failures } = surroundings();
    const pool = await openPool(clock);
    const { engine } = await startDevice([pool], deps);
    engine.listener.onFailure(new Error('broken'));
    expect(failures).toEqual([new Error('broken')]);
  });
});

test('with real threads on an extended channel, rolls what it may and finds shares (§5.3.12)', async () => {
  const { clock, deps } = surroundings();
  const pool = await openPool(clock);
  const config = configFor([pool], 'channel = "extended"\nthreads = 1\nthrottle = 20000');
  closeLater(await createMiningDevice(config, deps));
  const { requestId, nominalHashRate } = await pool.next('OpenExtendedMiningChannel');
  expect(nominalHashRate).toBeLessThanOrEqual(20_000);
  pool.send(success('extended', requestId), job('extended', 1, undefined), tip(1));
  expect(await pool.next('SubmitSharesExtended')).toMatchObject({ jobId: 1, extranonce: new Uint8Array(4) });
});
