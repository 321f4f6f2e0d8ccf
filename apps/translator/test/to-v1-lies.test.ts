import { targetFromDifficulty, targetFromNbits } from '@sv2kit/bitcoin';
import { systemClock } from '@sv2kit/daemon';
import { ChannelClient } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import type { V2Device } from './to-v1-device.ts';
import { oneIn, REGTEST_NBITS, V1PoolHere, type V1PoolOptions } from './to-v1-pool.ts';
import { eventually, QUICK, type StartOptions, startTranslator, working } from './to-v1-support.ts';

async function mining(options: V1PoolOptions = {}, start: StartOptions = {}) {
  const pool = await V1PoolHere.listen(options);
  const translator = await startTranslator([pool.url], start);
  return { pool, translator, device: await working(translator, { nominalHashRate: 100 }) };
}

async function another(device: V2Device, give: () => void): Promise<void> {
  const before = device.work.jobId;
  give();
  await eventually(() => device.work.jobId).not.toBe(before);
}

describe('a pool that lies', () => {
  test.each([
    ['about the time', { ntime: 0xffff_ffff }, 'bad-ntime'],
    ['about the network', { nbits: 0 }, 'bad-nbits'],
  ])('%s costs no device its connection: it mines on', async (_, lie, reason) => {
    const toml = ['[mining]', 'min_difficulty = 1e-12', 'refresh_interval = 1'];
    const { pool, translator, device } = await mining({}, { toml });
    const before = device.work.jobId;
    pool.newTip(lie);
    await eventually(() => translator.logged.map(({ fields }) => fields['reason'])).toContain(reason);
    await eventually(() => device.work.jobId).toBeGreaterThan(before + 1);
    expect(device.closed).toBeUndefined();
    await another(device, () => pool.newTip());
    device.mine(2);
    await eventually(() => pool.accepted.length).toBe(2);
  });

  test('with an id that is taken: shares of the job that had it go nowhere, and are counted', async () => {
    const { pool, translator, device } = await mining({ difficulty: oneIn(16) });
    const { work } = device;
    await another(device, () => pool.notify({ jobId: '1' }));
    device.mine(4, { work, target: targetFromDifficulty(oneIn(16)) });
    await eventually(() => translator.facts().shares.lostBy).toMatchObject({ 'job-replaced': { count: 4 } });
    device.mine(2);
    await eventually(() => pool.accepted.length).toBe(2);
    expect(pool.refused).toEqual([]);
  });

  test('never: a job that is said once more under its id, with another time, is the same job', async () => {
    const { pool, device } = await mining({ difficulty: oneIn(16) });
    const notify = pool.nextJob({ jobId: 'same' }, 10);
    await another(device, () => pool.notify(notify));
    const { work } = device;
    await another(device, () => pool.notify({ ...notify, ntime: notify.ntime + 1 }));
    device.mine(3, { work: { ...work, minNtime: work.minNtime + 1 } });
    await eventually(() => pool.accepted.length).toBe(3);
  });
});

test('a pool that talks without end fills no log', async () => {
  const { pool, translator, device } = await mining();
  const [peer] = pool.peers;
  for (let word = 0; word < 500; word += 1) {
    peer?.setExtranonce(Uint8Array.of(0xf0, word & 0xff), 8);
    peer?.says('client.show_message', ['word']);
  }
  await another(device, () => pool.notify());
  const said = translator.logged.filter(({ message }) => message.startsWith('the pool'));
  expect(said.length).toBeGreaterThan(500);
  expect(said.filter(({ level }) => level !== 'debug').length).toBeLessThanOrEqual(120);
});

describe('a clock that is set', () => {
  function adjustable() {
    let offMs = 0;
    let looks = 0;
    const every = (ms: number, run: () => void) =>
      systemClock.every(ms, () => {
        run();
        looks += 1;
      });
    const clock = { ...systemClock, every, now: () => Date.now() + offMs };
    const set = async (ms: number) => {
      offMs = ms;
      const before = looks;
      await eventually(() => looks).toBeGreaterThan(before + 3);
    };
    return { clock, set };
  }
  const YEAR = 365 * 86_400_000;

  test.each([
    ['ahead', YEAR],
    ['back', -YEAR],
  ])('%s costs neither the pool nor a share', async (_, ms) => {
    const { clock, set } = adjustable();
    const { pool, translator, device } = await mining({}, { deps: { clock } });
    const heard: string[] = [];
    pool.overrule = ({ jobId }) => (heard.push(jobId) === 1 ? 'silence' : undefined);
    device.mine(1);
    await eventually(() => heard).toHaveLength(1);
    await set(ms);
    await another(device, () => pool.notify());
    device.mine(2);
    await eventually(() => pool.accepted.length).toBe(2);
    expect(translator.facts()).toMatchObject({ poolFailures: {} });
    expect(pool.connections).toBe(1);
  });

  test('back during an outage leaves no device with old work for longer than keep_working', async () => {
    const { clock, set } = adjustable();
    const toml = ['[outage]', 'keep_working = 0.3'];
    const { pool, translator, device } = await mining({}, { deps: { clock }, toml });
    await pool.away();
    await eventually(() => translator.facts().pool.inUse).toBeNull();
    await set(-YEAR);
    await eventually(() => device.closed).toBeDefined();
  });
});

test('a block of a pool that another has replaced waits for it, and goes there when it comes back', async () => {
  const [first, second] = [
    await V1PoolHere.listen({ nbits: REGTEST_NBITS, resumes: true }),
    await V1PoolHere.listen({ extranonce1: () => Uint8Array.of(0xb2) }),
  ];
  first.keepsJobs = true;
  const translator = await startTranslator([first.url, second.url], {
    deps: { poolPolicy: { ...QUICK, probeMs: 100 } },
  });
  const device = await working(translator);
  const { work } = device;
  await first.away();
  await eventually(() => device.prefix[0]).toBe(0xb2);
  device.mine(1, { work, target: targetFromNbits(REGTEST_NBITS) });
  await eventually(() => translator.facts().shares.held).toBe(1);
  await first.back();
  await eventually(() => first.accepted.map(({ isBlock }) => isBlock)).toEqual([true]);
  await eventually(() => translator.facts().blocks).toMatchObject([{ state: 'accepted', by: 'v1-pool' }]);
  expect(translator.facts().shares.lostBy).toEqual({});
});

test('of more workers than a pool takes it hears of the latest when it comes back', async () => {
  const { pool, translator, device } = await mining({}, { toml: ['[pool]', 'name_workers = true'] });
  for (let rig = 0; rig < 300; rig += 1) {
    const { channel, maxTarget } = { channel: { kind: 'standard' } as const, maxTarget: new Uint8Array(32).fill(0xff) };
    const userIdentity = new TextEncoder().encode(`farm.rig${rig}`);
    device.says(
      new ChannelClient({ requestId: rig + 2, userIdentity, nominalHashRate: 1, maxTarget, channel }).openMessage(),
    );
  }
  await eventually(() => translator.facts().channels).toBe(301);
  expect(pool.usernames).not.toContain('account.rig299');
  await pool.away();
  await pool.back();
  await eventually(() => pool.usernames).toContain('account.rig299');
});
