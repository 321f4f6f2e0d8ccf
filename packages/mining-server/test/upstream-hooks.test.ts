import { compareTargets, difficultyFromTarget, targetFromBigint, targetFromDifficulty } from '@sv2kit/bitcoin';
import { REQUIRES_STANDARD_JOBS } from '@sv2kit/codec';
import { payTo } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import type { Authorisation, BlockPath } from '../src/index.ts';
import {
  HASHRATE,
  MAX_TARGET,
  NETWORK_TARGET,
  NTIME,
  rig,
  solve,
  TARGETS,
  template,
  tip,
  type TestMiner,
  UNREACHABLE,
} from './support.ts';

const types = (messages: readonly { type: string }[]) => messages.map(({ type }) => type);
const errors = (miner: TestMiner) => miner.of('SubmitSharesError').map(({ errorCode }) => errorCode);
/** Of a target that lets one hash in 2^bits pass. */
const difficulty = (bits: number) => 2 ** bits / 2 ** 32;

describe('demand()', () => {
  test('sums what clients state until their shares say more, and finds the hardest target (§5.3.7)', () => {
    const { connect, server, clock } = rig();
    expect(server.demand()).toEqual({ hashrate: 0, nominal: 0, hardestTarget: undefined, channels: 0 });
    const miner = connect();
    const fast = miner.open('extended', { nominalHashRate: HASHRATE * 4 });
    miner.open('standard', { nominalHashRate: 0 });
    expect(server.demand()).toMatchObject({ nominal: server.demand().hashrate, channels: 2 });
    expect(server.demand().hashrate).toBeCloseTo(HASHRATE * 4, 5);
    const targets = miner.clients.map(({ channel }) => channel?.target ?? MAX_TARGET);
    const hardest = targets.reduce((a, b) => (compareTargets(a, b) < 0 ? a : b));
    expect(server.demand().hardestTarget).toEqual(hardest);
    for (let i = 0; i < 200; i += 1) {
      clock.advance(1_000);
      miner.says(solve(fast, { from: i * 1_000 }));
    }
    expect(server.demand().nominal).toBeCloseTo(HASHRATE * 4, 5);
    expect(server.demand().hashrate).toBeGreaterThan(HASHRATE * 8);
    miner.close();
    expect(server.demand().channels).toBe(0);
  });
});

describe('setUsefulDifficulty()', () => {
  test.each([
    ['of a group', 0],
    ['with jobs of its own', REQUIRES_STANDARD_JOBS],
  ])(
    'gives a channel %s that is beyond it another target and a job that it binds, at once (§5.3.21)',
    async (_, flags) => {
      const { connect, server, settle } = rig();
      const miner = connect(flags);
      const client = miner.open('standard', { nominalHashRate: HASHRATE * 256 });
      miner.take();
      server.setUsefulDifficulty(difficulty(3));
      await settle();
      expect(types(miner.sent)).toEqual(['SetTarget', flags === 0 ? 'NewExtendedMiningJob' : 'NewMiningJob']);
      expect(difficultyFromTarget(client.currentWork()?.target ?? MAX_TARGET)).toBeCloseTo(difficulty(3), 12);
      miner.says(solve(client));
      expect(errors(miner)).toEqual([]);
    },
  );

  test('says nothing to channels within it, or when it is said again', async () => {
    const { connect, server, settle } = rig();
    const miner = connect();
    miner.open('extended', { nominalHashRate: HASHRATE * 256 });
    const easy = connect();
    easy.open('extended');
    server.setUsefulDifficulty(difficulty(6));
    await settle();
    easy.take();
    miner.take();
    for (const bits of [6, 10]) {
      server.setUsefulDifficulty(difficulty(bits));
      await settle();
    }
    expect([...easy.sent, ...miner.sent]).toEqual([]);
  });

  test('holds for channels that open later, but not below what a client can do', () => {
    const { connect, server } = rig();
    server.setUsefulDifficulty(difficulty(3));
    const miner = connect();
    const of = (maxTarget: Uint8Array) =>
      difficultyFromTarget(miner.open('standard', { nominalHashRate: 1e6, maxTarget }).channel?.target ?? MAX_TARGET);
    expect(of(MAX_TARGET)).toBeCloseTo(difficulty(3), 12);
    expect(of(targetFromDifficulty(difficulty(7)))).toBeCloseTo(difficulty(7), 12);
    server.setUsefulDifficulty(undefined);
    expect(of(MAX_TARGET)).toBeGreaterThan(difficulty(20));
  });

  test('may be below the server’s own least difficulty: the upstream’s word counts', () => {
    const targets = { sharesPerMinute: 6, minDifficulty: 1, maxDifficulty: 1e15, assumedHashrate: 1e12 };
    const { connect, server } = rig({ config: { targets } });
    server.setUsefulDifficulty(difficulty(3));
    const { channel } = connect().open('standard');
    expect(difficultyFromTarget(channel?.target ?? MAX_TARGET)).toBeCloseTo(difficulty(3), 12);
  });
});

describe('on a network that is easier than shares (§5.3.21)', () => {
  /** One hash in 2 is a block, as on regtest. */
  const EASY = targetFromBigint((1n << 255n) - 1n);
  const easyRig = () => {
    const made = rig({ working: false });
    made.server.activate(template(1), tip(1, { target: EASY }));
    return made;
  };
  const activeTarget = (client: ReturnType<TestMiner['open']>) => client.currentWork()?.target ?? MAX_TARGET;

  test.each([
    ['of a group', 0],
    ['with jobs of its own', REQUIRES_STANDARD_JOBS],
  ])('a channel %s sends every block, from its opening and after UpdateChannel', (_, flags) => {
    const { connect, journal } = easyRig();
    const miner = connect(flags);
    const client = miner.open('standard');
    expect(activeTarget(client)).toEqual(client.channel?.target);
    expect(compareTargets(activeTarget(client), EASY)).toBeGreaterThanOrEqual(0);
    expect(difficultyFromTarget(activeTarget(client))).toBeCloseTo(difficulty(1), 12);
    const { channelId = 0 } = client.channel ?? {};
    miner.says({ type: 'UpdateChannel', channelId, nominalHashRate: HASHRATE / 1.1, maximumTarget: MAX_TARGET });
    expect(compareTargets(miner.of('SetTarget').at(-1)?.maximumTarget ?? MAX_TARGET, EASY)).toBeGreaterThanOrEqual(0);
    miner.says(solve(client, { blockTarget: EASY, wanted: 'block' }));
    expect(journal.of('ShareAccepted')).toMatchObject([{ isBlock: true }]);
  });

  test.each([
    ['of a group', 0],
    ['with jobs of its own', REQUIRES_STANDARD_JOBS],
  ])('a channel %s is eased as soon as blocks are, and back again', async (_, flags) => {
    const { connect, server, settle } = rig();
    const miner = connect(flags);
    const client = miner.open('standard');
    const before = difficultyFromTarget(activeTarget(client));
    expect(before).toBeGreaterThan(difficulty(3.9));
    const next = template(2);
    server.prepare(next);
    await settle();
    server.activate(next, tip(2, { target: EASY }));
    await settle();
    expect(compareTargets(activeTarget(client), EASY)).toBeGreaterThanOrEqual(0);
    server.activate(template(3), tip(3));
    await settle();
    expect(difficultyFromTarget(activeTarget(client)) / before).toBeCloseTo(1, 9);
  });

  test('a channel is opened with what holds once its user is authorised', async () => {
    const { promise, resolve } = Promise.withResolvers<Authorisation>();
    const { connect, server } = rig({ deps: { authorise: () => promise } });
    const client = connect().open('standard');
    server.activate(template(2), tip(2, { target: EASY }));
    resolve({ kind: 'admitted', payout: payTo(Uint8Array.of(0x51), 'pool') });
    await promise;
    await server.settled();
    expect(compareTargets(activeTarget(client), EASY)).toBeGreaterThanOrEqual(0);
    expect(client.currentWork()).toBeDefined();
  });

  test('a fast channel is eased to two blocks a second, and what its shares say of its hashrate still counts', async () => {
    const { connect, server, clock } = easyRig();
    const miner = connect();
    const client = miner.open('extended', { nominalHashRate: 64 });
    expect(difficultyFromTarget(activeTarget(client))).toBeCloseTo(difficulty(5), 12);
    for (let i = 0; i < 60; i += 1) {
      clock.advance(1_000);
      miner.says(solve(client, { from: i * 1_000 }));
    }
    expect(server.demand().hashrate).toBeGreaterThan(16);
    expect(server.demand().hashrate).toBeLessThan(256);
    expect(miner.of('SetTarget').length).toBeLessThan(4);
  });

  test.each(['block', 'share'] as const)(
    'a device that sends every %s and no other hash is measured alike, and gets two a second (§5.3.21)',
    async (wanted) => {
      const { connect, server, clock, settle } = easyRig();
      const miner = connect();
      const client = miner.open('extended', { nominalHashRate: 64 });
      for (let second = 0; second < 100; second += 1) {
        clock.advance(1_000);
        await settle();
        const options = { wanted, blockTarget: wanted === 'block' ? EASY : UNREACHABLE };
        const end = (second + 1) * 64;
        for (let from = second * 64; ; ) {
          const share = solve(client, { ...options, from });
          if (share.nonce >= end) break;
          miner.says(share);
          from = share.nonce + 1;
        }
      }
      expect(errors(miner)).toEqual([]);
      expect(server.demand().hashrate).toBeGreaterThan(64 / 1.3);
      expect(server.demand().hashrate).toBeLessThan(64 * 1.3);
      expect(server.status().hashrate / 64).toBeCloseTo(1, 0);
      expect(difficultyFromTarget(activeTarget(client)) / difficulty(5)).toBeCloseTo(1, 0);
    },
  );

  test('the configured least difficulty comes first, and a network harder than shares changes nothing', async () => {
    const { connect, server, settle } = rig({ config: { targets: { ...TARGETS, minDifficulty: difficulty(3) } } });
    const miner = connect();
    const client = miner.open('extended');
    miner.take();
    server.activate(template(2), tip(2, { target: NETWORK_TARGET }));
    await settle();
    expect(miner.of('SetTarget')).toEqual([]);
    server.activate(template(3), tip(3, { target: EASY }));
    await settle();
    expect(difficultyFromTarget(activeTarget(client))).toBeCloseTo(difficulty(3), 12);
  });
});

describe('jobs of one coinbase', () => {
  test('have all the same coinbase, and each a later min_ntime than a device can have reached', async () => {
    const { connect, server, settle, clock } = rig({ config: { numbered: false, refreshMs: 5_000 } });
    const miner = connect();
    miner.open('extended');
    miner.take();
    for (let i = 0; i < 4; i += 1) {
      clock.advance(5_000);
      await settle();
    }
    const jobs = miner.of('NewExtendedMiningJob');
    expect(new Set(jobs.map(({ coinbaseTxPrefix }) => coinbaseTxPrefix.join())).size).toBe(1);
    expect(jobs.map(({ minNtime }) => (minNtime ?? 0) - NTIME)).toEqual([7, 14, 21, 28]);
    server.update(template(2));
    await settle();
    expect(miner.of('NewExtendedMiningJob').at(-1)?.minNtime).toBe(NTIME + 20);
  });

  test('are not sent where min_ntime cannot move on, and the channel mines on', async () => {
    const { connect, settle, clock } = rig({ config: { numbered: false, refreshMs: 5_000 } });
    const miner = connect();
    const client = miner.open('extended');
    clock.advance(3_700_000);
    await settle();
    miner.take();
    clock.advance(60_000);
    await settle();
    expect(types(miner.sent)).toEqual([]);
    miner.says(solve(client));
    expect(errors(miner)).toEqual([]);
  });
});

test('a block of a template has the path that the configuration gives it, asked for when it is found', () => {
  let path: BlockPath = 'solo';
  const made = rig({ config: { path: () => path }, working: false });
  made.server.activate(template(1), tip(1, { target: NETWORK_TARGET }));
  const miner = made.connect();
  const client = miner.open('standard');
  const find = (from: number) => miner.says(solve(client, { wanted: 'block', blockTarget: NETWORK_TARGET, from }));
  find(0);
  path = 'coinbase-only';
  find(1_000_000);
  expect(made.blocks.map((block) => block.path)).toEqual(['solo', 'coinbase-only']);
  expect(made.journal.of('BlockFound').map((block) => block.path)).toEqual(['solo', 'coinbase-only']);
});

test('a block is told to who relays shares even when the journal takes nothing', () => {
  const told: boolean[] = [];
  const made = rig({ deps: { onShare: ({ isBlock }) => void told.push(isBlock) }, working: false });
  made.server.activate(template(1), tip(1, { target: NETWORK_TARGET }));
  const miner = made.connect();
  const client = miner.open('standard');
  made.journal.become({ kind: 'behind', reason: 'slow' });
  miner.says(solve(client, { blockTarget: NETWORK_TARGET }));
  miner.says(solve(client, { wanted: 'block', blockTarget: NETWORK_TARGET }));
  expect(told).toEqual([true]);
  expect(errors(miner)).toEqual(['ledger-unavailable', 'ledger-unavailable']);
});

test('a relay that fails costs the share nothing', () => {
  const fail = () => {
    throw new Error('broken');
  };
  const { connect, server } = rig({ deps: { onShare: fail } });
  const miner = connect();
  miner.says(solve(miner.open('standard')));
  expect(errors(miner)).toEqual([]);
  expect(server.status().shares.accepted).toBe(1);
});
