import { targetFromDifficulty, targetFromNbits } from '@sv2kit/bitcoin';
import {
  jobDeclaration,
  type Protocol,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
  templateDistribution,
} from '@sv2kit/codec';
import { readJournal } from '@sv2kit/ledger';
import { connect } from '@sv2kit/net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { V2Device } from './to-v1-device.ts';
import { oneIn, REGTEST_NBITS, V1PoolHere, type V1PoolOptions } from './to-v1-pool.ts';
import { eventually, type Started, startTranslator, working } from './to-v1-support.ts';

async function poolAndTranslator(options?: V1PoolOptions, toml?: readonly string[]) {
  const pool = await V1PoolHere.listen(options);
  return { pool, translator: await startTranslator([pool.url], { ...(toml && { toml }) }) };
}

async function hasWork(translator: Started): Promise<void> {
  await eventually(() => translator.facts().pool.job).not.toBeNull();
}

describe('shares', () => {
  test.each(['standard', 'extended'] as const)(
    'of a %s channel are what the pool makes of their submits',
    async (kind) => {
      const { pool, translator } = await poolAndTranslator();
      const device = await working(translator, { kind });
      device.mine(20);
      await eventually(() => pool.shares.length).toBe(20);
      expect(pool.refused).toEqual([]);
      await eventually(() => device.acknowledged).toBe(20);
      await eventually(() => translator.facts().shares.acceptedByPool.count).toBe(20);
      expect(translator.facts()).toMatchObject({
        channels: 1,
        shares: { accepted: 20, withheld: 0, relayed: { count: 20 }, refusedByPool: {}, lostBy: {}, unanswered: 0 },
        users: [{ user: 'account', accepted: { count: 20 } }],
      });
      const text = await translator.metricsText();
      expect(text).toContain('sv2_translator_to_v1_pool_shares_total{outcome="accepted"} 20');
    },
  );

  test('of a group of standard channels with jobs of their own go to the pool too (REQUIRES_STANDARD_JOBS)', async () => {
    const { pool, translator } = await poolAndTranslator();
    const device = await working(translator, { kind: 'standard', flags: REQUIRES_STANDARD_JOBS });
    device.mine(3);
    await eventually(() => pool.accepted.length).toBe(3);
    expect(pool.refused).toEqual([]);
  });

  test('easier than the pool asks for are acknowledged and stay here', async () => {
    const { pool, translator } = await poolAndTranslator({ difficulty: oneIn(8) });
    const device = await working(translator, { nominalHashRate: 0.0001 });
    const poolTarget = targetFromDifficulty(oneIn(8));
    device.mine(5, { notBelow: poolTarget });
    device.mine(3, { target: poolTarget });
    await eventually(() => device.acknowledged).toBe(8);
    await eventually(() => pool.accepted.length).toBe(3);
    expect(translator.facts().shares).toMatchObject({ accepted: 8, withheld: 5, relayed: { count: 3 } });
  });

  test('no channel gets a harder target than the pool pays for', async () => {
    const { pool, translator } = await poolAndTranslator({ difficulty: oneIn(4) });
    const device = await working(translator, { nominalHashRate: 100 });
    expect(device.work.target).toEqual(targetFromDifficulty(oneIn(4)));
    device.mine(4);
    await eventually(() => pool.accepted.length).toBe(4);
  });

  test('found twice are refused here, and the pool hears of them once', async () => {
    const { pool, translator } = await poolAndTranslator();
    const device = await working(translator);
    const share = device.solve();
    device.says(share);
    device.says(share);
    device.mine();
    await eventually(() => pool.shares.length).toBe(2);
    expect(device.refusals).toEqual(['duplicate-share']);
    expect(pool.refused).toEqual([]);
  });

  test('of two devices with the same rolled part are two: their prefixes differ and begin with extranonce1', async () => {
    const { pool, translator } = await poolAndTranslator();
    const devices = await Promise.all([
      working(translator),
      working(translator),
      working(translator, { kind: 'standard' }),
    ]);
    const prefixes = devices.map(({ prefix }) => Buffer.from(prefix).toString('hex'));
    expect(new Set(prefixes.map((prefix) => prefix.slice(0, 8))).size).toBe(3);
    for (const prefix of prefixes) expect(prefix.slice(0, 4)).toBe('e101');
    for (const device of devices) device.mine(5);
    await eventually(() => pool.accepted.length).toBe(15);
    expect(pool.refused).toEqual([]);
  });

  test('of a named worker go under account.worker once the pool knows that name, and under the account until then', async () => {
    const pool = await V1PoolHere.listen({ knows: (name) => name !== 'account.stranger' });
    const translator = await startTranslator([pool.url], {
      user: 'account.main',
      toml: ['[pool]', 'name_workers = true'],
    });
    const [rig, stranger] = [
      await working(translator, { identity: 'alice.rig7' }),
      await working(translator, { identity: 'stranger' }),
    ];
    await eventually(() => translator.facts().pool.workers).toBe(1);
    expect(pool.usernames).toEqual(['account.main', 'account.rig7']);
    rig.mine(2);
    stranger.mine(1);
    await eventually(() => pool.shares.map(({ submit }) => submit.username).sort()).toEqual([
      'account.main',
      'account.rig7',
      'account.rig7',
    ]);
    expect(pool.refused).toEqual([]);
  });
});

test('a proxy that names the worker of each share has them named at the pool (extension 0x0002)', async () => {
  const { pool, translator } = await poolAndTranslator({}, ['[pool]', 'name_workers = true']);
  const proxy = await working(translator, { identity: 'farm', worker: 'hall.rig3' });
  await eventually(() => {
    proxy.mine();
    return pool.shares.map(({ submit }) => submit.username);
  }).toContain('account.rig3');
  expect(pool.usernames).toEqual(['account', 'account.farm', 'account.rig3']);
  expect(pool.refused).toEqual([]);
});

describe('version rolling', () => {
  const BIP320_BIT = 0x2000;
  const BIP323_ONLY_BIT = 0x20;

  test('of the bits that the pool allows reaches it; of others is refused before it (§5.3.14)', async () => {
    const { pool, translator } = await poolAndTranslator();
    const device = await working(translator, { flags: REQUIRES_VERSION_ROLLING });
    expect(device.work.versionRollingAllowed).toBe(true);
    device.mine(3, { versionBits: 0x1fffe000 });
    device.mine(1, { versionBits: BIP320_BIT | BIP323_ONLY_BIT });
    await eventually(() => device.refusals).toEqual(['invalid-version-bits']);
    await eventually(() => pool.accepted.length).toBe(3);
    expect(pool.refused).toEqual([]);
  });

  test('of all bits of BIP323 is possible where the pool allows them and the operator asks for them', async () => {
    const toml = ['[pool]', 'version_mask = "ffffffff"'];
    const { pool, translator } = await poolAndTranslator({ versionMask: 0xffffffff }, toml);
    const device = await working(translator);
    device.mine(3, { versionBits: BIP323_ONLY_BIT | BIP320_BIT });
    await eventually(() => pool.accepted.length).toBe(3);
    expect(translator.facts().pool.job?.devicesMayRoll).toBe('1fffffe0');
  });

  test.each([
    ['gives a mask of 0', 0],
    ['allows a part of BIP320 only', 0x00ffe000],
    ['does not understand mining.configure', undefined],
  ])(
    'is refused to those who need it when the pool %s, and others are told (§5.3.1, §5.3.16)',
    async (_, versionMask) => {
      const { pool, translator } = await poolAndTranslator({ versionMask });
      const device = await working(translator);
      expect(device.work.versionRollingAllowed).toBe(false);
      device.mine(1, { versionBits: BIP320_BIT });
      device.mine(2);
      await eventually(() => device.refusals).toEqual(['version-rolling-not-allowed']);
      await eventually(() => pool.accepted.length).toBe(2);
      expect(pool.refused).toEqual([]);
      const needy = V2Device.connect(translator, { flags: REQUIRES_VERSION_ROLLING });
      await expect(needy).rejects.toThrow('unsupported-feature-flags');
    },
  );
});

describe('what a V1 pool cannot give is refused with a reason', () => {
  test('jobs of devices of their own: unsupported-feature-flags (§3.6.3)', async () => {
    const { translator } = await poolAndTranslator();
    await hasWork(translator);
    const selecting = V2Device.connect(translator, { flags: REQUIRES_WORK_SELECTION });
    await expect(selecting).rejects.toThrow('unsupported-feature-flags');
  });

  test.each([
    ['job declaration', jobDeclaration],
    ['template distribution', templateDistribution],
  ] as const)('%s: unsupported-protocol (§3.6.3)', async (_, protocol: Protocol) => {
    const { translator } = await poolAndTranslator();
    const handler = () => ({ onMessage() {}, onClose() {} });
    const to = { ...translator.address, authority: translator.authorityPublicKey, protocol, handler };
    await expect(connect(to)).rejects.toThrow('unsupported-protocol');
  });

  test('work before there is any: no-work-available', async () => {
    const { pool, translator } = await poolAndTranslator({ silent: true });
    await eventually(() => pool.peers.size).toBe(1);
    await expect(V2Device.connect(translator)).rejects.toThrow('no-work-available');
    pool.notify({ cleanJobs: true });
    const device = await working(translator);
    device.mine();
    await eventually(() => pool.accepted.length).toBe(1);
  });
});

describe('an extranonce2', () => {
  test.each([
    [3, 256, 2],
    [4, 65_536, 2],
    [8, 65_536, 6],
  ])('of %i bytes holds %i channels with %i bytes to roll', async (extranonce2Size, channelsFit, bytesToRoll) => {
    const { pool, translator } = await poolAndTranslator({ extranonce2Size });
    const [wide, plain] = [
      await working(translator, { minExtranonceSize: bytesToRoll }),
      await working(translator, { kind: 'standard' }),
    ];
    expect(translator.facts().pool.extranonce).toMatchObject({ channelsFit, bytesToRoll });
    wide.mine(3);
    plain.mine(3);
    await eventually(() => pool.accepted.length).toBe(6);
    expect(pool.refused).toEqual([]);
    const greedy = await V2Device.connect(translator, { minExtranonceSize: bytesToRoll + 1 });
    await eventually(() => greedy.ofType('OpenMiningChannelError')[0]?.errorCode).toBe('min-extranonce-size-too-large');
  });

  test.each([1, 2])(
    'of %i bytes holds standard channels where the operator asks for no more',
    async (extranonce2Size) => {
      const { pool, translator } = await poolAndTranslator({ extranonce2Size }, ['[extranonce]', 'room = 0']);
      const devices = [
        await working(translator, { kind: 'standard' }),
        await working(translator, { kind: 'standard' }),
      ];
      for (const device of devices) device.mine(3);
      await eventually(() => pool.accepted.length).toBe(6);
      expect(translator.facts().pool.extranonce).toMatchObject({ channelsFit: 256 ** extranonce2Size, bytesToRoll: 0 });
    },
  );

  test('that is too small has its pool passed over, and health says how many channels would fit', async () => {
    const { translator } = await poolAndTranslator({ extranonce2Size: 2 });
    await eventually(() => translator.facts().pool.failure?.reason).toBe('extranonce-too-small');
    await expect(V2Device.connect(translator)).rejects.toThrow('no-work-available');
    const words = '1 channel rolling 2 bytes, or 256 channels rolling 1 byte, or 65,536 standard channels alone';
    await eventually(() => translator.health.report().reason).toContain(words);
  });
});

describe('a block', () => {
  test('goes to the pool at once, and its verdict and the next tip are recorded', async () => {
    const { pool, translator } = await poolAndTranslator({ nbits: REGTEST_NBITS });
    const device = await working(translator);
    device.mine(1, { target: targetFromNbits(REGTEST_NBITS) });
    await eventually(() => pool.accepted.length).toBe(1);
    const [found] = pool.accepted;
    expect(found?.isBlock).toBe(true);
    await eventually(() => translator.facts().blocks).toMatchObject([
      { path: 'v1-pool', state: 'accepted', by: 'v1-pool' },
    ]);
    pool.newTip({ prevHash: found?.hash ?? new Uint8Array(32) });
    await eventually(() => translator.facts().blocks[0]?.state).toBe('confirmed');
    await translator.close();
    const records = [];
    for await (const { record } of readJournal(join(translator.directory, 'journal'))) records.push(record);
    const statuses = records.filter((record) => record.type === 'BlockStatus').map(({ status }) => status);
    expect(statuses).toEqual(['submitted', 'accepted', 'confirmed']);
    expect(records.filter((record) => record.type === 'BlockFound')).toMatchObject([{ path: 'v1-pool' }]);
  });

  test('that the pool refuses is told loudly', async () => {
    const { pool, translator } = await poolAndTranslator({ nbits: REGTEST_NBITS });
    pool.overrule = () => ({ code: 20, message: 'no such luck' });
    const device = await working(translator);
    device.mine(1, { target: targetFromNbits(REGTEST_NBITS) });
    await eventually(() => translator.facts().blocks[0]?.state).toBe('rejected');
    expect(translator.logged.map(({ message }) => message)).toContain('the pool refuses a block');
  });

  test('of a job that is stale here goes to the pool all the same', async () => {
    const { pool, translator } = await poolAndTranslator({ nbits: REGTEST_NBITS });
    const device = await working(translator);
    const { work } = device;
    pool.newTip();
    await eventually(() => device.work.prevHash).not.toEqual(work.prevHash);
    device.mine(1, { work, target: targetFromNbits(REGTEST_NBITS) });
    await eventually(() => pool.shares.length).toBe(1);
    expect(pool.refused).toMatchObject([{ verdict: { code: 21 } }]);
  });
});
