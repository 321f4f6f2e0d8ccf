import { BIP320_MASK, MAX_TARGET, meetsTarget } from '@sv2kit/bitcoin';
import { REQUIRES_EXTENDED_CHANNELS, REQUIRES_FIXED_VERSION, utf8 } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { arrange, CHANNEL, EASY_TARGET, GROUP, HARD_TARGET, job, NTIME, reach, tip } from './arrange.ts';

describe('opening a channel', () => {
  test('a standard device says who it is and what it can do (§5.3.2)', () => {
    const { miner, connection } = arrange('standard');
    miner.open();
    expect(connection.sent).toEqual([
      {
        type: 'OpenStandardMiningChannel',
        requestId: 2,
        userIdentity: utf8('tester.1'),
        nominalHashRate: 5000,
        maxTarget: MAX_TARGET,
      },
    ]);
  });
  test('an extended device asks for room to roll (§5.3.4)', () => {
    const { miner, connection } = arrange('extended');
    miner.open();
    expect(connection.sent).toMatchObject([{ type: 'OpenExtendedMiningChannel', minExtranonceSize: 4 }]);
  });
  test('a standard device leaves a server that takes extended channels only (§5.3.1)', () => {
    const { miner, connection } = arrange('standard', { flags: REQUIRES_EXTENDED_CHANNELS });
    miner.open();
    expect(connection).toMatchObject({ sent: [], ended: 'extended-channels-required' });
  });
});

/** A tip with a negative target. */
const NOWHERE = { prevHash: new Uint8Array(32).fill(4), minNtime: NTIME, nbits: 0x1d80ffff };

describe('a found share', () => {
  test('goes out as SubmitSharesStandard with what was rolled (§5.3.11)', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    const nonce = arranged.engine.find();
    expect(arranged.connection.sent.at(-1)).toEqual({
      type: 'SubmitSharesStandard',
      channelId: CHANNEL,
      sequenceNumber: 1,
      jobId: 1,
      nonce,
      ntime: NTIME,
      version: 0x20000000,
    });
    expect(arranged.shares.totals.submitted).toBe(1);
  });
  test('goes out as SubmitSharesExtended with an extranonce of the granted size (§5.3.12)', () => {
    const arranged = arrange('extended');
    reach(arranged, 'extended', 'mining');
    arranged.engine.find();
    expect(arranged.connection.sent.at(-1)).toMatchObject({
      type: 'SubmitSharesExtended',
      extranonce: new Uint8Array(4),
    });
  });
  test('is no block where nbits stand for no target', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'waiting');
    arranged.miner.onMessage({ type: 'SetNewPrevHash', channelId: CHANNEL, jobId: 1, ...NOWHERE });
    arranged.engine.find();
    expect(arranged.connection.sent.at(-1)).toMatchObject({ type: 'SubmitSharesStandard', jobId: 1 });
    expect(arranged.seen.blocks).toEqual([false]);
  });
  test('is dropped when its tip has gone (§5.3.17)', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    const [old] = arranged.engine.tasks;
    arranged.miner.onMessage(tip(2));
    arranged.engine.listener.onHit(old?.id ?? 0, 7);
    expect(arranged.shares.totals.submitted).toBe(0);
    expect(arranged.failures).toEqual([]);
  });
  test('counts for an older job of the same tip', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    const { engine, miner, connection } = arranged;
    const [old] = engine.tasks;
    miner.onMessage(job('standard', 3, NTIME + 5));
    engine.tasks[0] = old;
    engine.find();
    expect(connection.sent.at(-1)).toMatchObject({ type: 'SubmitSharesStandard', jobId: 1 });
  });
  test('that a thread made up is a failure of the device, not a share', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    const [task] = arranged.engine.tasks;
    const nonces = Array.from({ length: 50 }, (_, nonce) => nonce);
    for (const nonce of nonces) arranged.engine.listener.onHit(task?.id ?? 0, nonce);
    expect(arranged.failures.length).toBeGreaterThan(40);
    expect(arranged.shares.totals.submitted).toBe(50 - arranged.failures.length);
  });
  test("is told from a block by the network's own target", () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    arranged.engine.find();
    expect(arranged.seen.blocks).toEqual([true]);
  });
});

describe('work', () => {
  test('a later target binds jobs activated later (§5.3.21)', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    const { engine, miner } = arranged;
    miner.onMessage({ type: 'SetTarget', channelId: CHANNEL, maximumTarget: HARD_TARGET });
    expect(engine.tasks[0]?.target).toEqual(EASY_TARGET);
    miner.onMessage(job('standard', 3, NTIME));
    expect(engine.tasks[0]?.target).toEqual(HARD_TARGET);
  });
  test('reaches every thread, each with a stretch of its own', () => {
    const arranged = arrange('standard', { threads: 4 });
    reach(arranged, 'standard', 'mining');
    const headers = arranged.engine.tasks.map((task) => task?.header.join());
    expect(new Set(headers).size).toBe(4);
  });
  test('goes on with the next stretch when a thread is through with one', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    const { engine } = arranged;
    const first = engine.tasks[0];
    engine.listener.onDone(0, first?.id ?? 0);
    expect(engine.tasks[0]?.header).not.toEqual(first?.header);
    arranged.clock.advance(3000);
    engine.listener.onDone(0, engine.tasks[0]?.id ?? 0);
    engine.find();
    expect(arranged.connection.sent.at(-1)).toMatchObject({ ntime: NTIME + 3 });
  });
  test('is not taken anew for a report that crossed it on the way', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    const { engine, miner } = arranged;
    const old = engine.tasks[0]?.id ?? 0;
    miner.onMessage(tip(2));
    const current = engine.tasks[0];
    engine.listener.onDone(0, old);
    expect(engine.tasks[0]).toBe(current);
  });
  test("of a group comes on the group's id (§5.3.16)", () => {
    const arranged = arrange('extended');
    reach(arranged, 'extended', 'waiting');
    arranged.miner.onMessage(job('extended', 8, undefined, GROUP));
    arranged.miner.onMessage(tip(8, GROUP));
    expect(arranged.rig.work?.jobId).toBe(8);
  });
  test("rolls BIP320's bits, and none where the server fixes the version (§5.3.1)", () => {
    for (const flags of [0, REQUIRES_FIXED_VERSION]) {
      const arranged = arrange('standard', { threads: 8, flags });
      reach(arranged, 'standard', 'mining');
      const versions = arranged.engine.tasks.map((task) =>
        new DataView(task?.header.slice().buffer ?? new ArrayBuffer(4)).getUint32(0, true),
      );
      expect(new Set(versions).size).toBe(flags === 0 ? 8 : 1);
      expect(versions.every((version) => ((version ^ 0x20000000) & ~BIP320_MASK) === 0)).toBe(true);
    }
  });
});

describe('a channel that the server closes (§5.3.9)', () => {
  test('is asked for again after a while that doubles, and the connection stays', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'closed');
    const { clock, connection, miner, engine } = arranged;
    expect(engine.tasks).toEqual([undefined]);
    clock.advance(999);
    expect(miner.phase).toBe('closed');
    clock.advance(1);
    expect(connection.sent.at(-1)).toMatchObject({ type: 'OpenStandardMiningChannel', requestId: 3 });
    expect(connection.ended).toBeUndefined();
  });
  test('is not asked for again once the connection has gone', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'closed');
    arranged.miner.onClose({ code: 'peer-closed' });
    arranged.clock.advance(100_000);
    expect(arranged.connection.sent.filter(({ type }) => type === 'OpenStandardMiningChannel')).toHaveLength(1);
  });
});

describe('the end', () => {
  test('of the connection rests the threads and writes off what was not answered', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    arranged.engine.find();
    arranged.miner.onClose({ code: 'peer-closed' });
    expect(arranged.engine.tasks).toEqual([undefined]);
    expect(arranged.shares.totals.unanswered).toBe(1);
  });
  test('of an old connection leaves the threads to the new one', () => {
    const arranged = arrange('standard');
    reach(arranged, 'standard', 'mining');
    arranged.miner.close();
    expect(arranged.connection.sent.at(-1)).toMatchObject({ type: 'CloseChannel', reasonCode: 'shutdown' });
    arranged.engine.search(0, {
      id: 99,
      header: new Uint8Array(80),
      target: EASY_TARGET,
      nonceStart: 0,
      nonceCount: 4,
    });
    arranged.miner.onClose({ code: 'shutdown' });
    expect(arranged.engine.tasks[0]?.id).toBe(99);
  });
});

test('the hashrate is told only on an open channel (§5.3.7)', () => {
  const arranged = arrange('standard');
  arranged.miner.open();
  arranged.miner.tellHashrate();
  expect(arranged.connection.sent).toHaveLength(1);
  const open = arrange('standard');
  reach(open, 'standard', 'mining');
  open.miner.tellHashrate();
  expect(open.connection.sent.at(-1)).toEqual({
    type: 'UpdateChannel',
    channelId: CHANNEL,
    nominalHashRate: 5000,
    maximumTarget: MAX_TARGET,
  });
  expect(meetsTarget(EASY_TARGET, MAX_TARGET)).toBe(true);
});
