import { compareTargets, targetFromDifficulty } from '@sv2kit/bitcoin';
import { REQUIRES_STANDARD_JOBS, REQUIRES_WORK_SELECTION } from '@sv2kit/codec';
import type { ChannelClient } from '@sv2kit/mining';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_TARGET, NOW, NTIME, rig, solve, TARGETS, template, tip, type TestMiner } from './support.ts';

const brief = (miner: TestMiner) =>
  miner.take().map((message) => `${message.type} ${'channelId' in message ? message.channelId : ''}`);

describe('fan-out', () => {
  test('is one message per group and step, whatever the number of channels (§5.2.3)', async () => {
    const { server, connect, settle } = rig();
    const miner = connect();
    const clients = Array.from({ length: 20 }, (_, i) =>
      miner.open(i % 2 === 0 ? 'standard' : 'extended', { minExtranonceSize: 2 }),
    );
    const group = clients[0]?.channel?.groupChannelId;
    miner.take();
    const prepared = template(2);
    server.prepare(prepared);
    await settle();
    server.activate(prepared, tip(2));
    await settle();
    server.update(template(3));
    await settle();
    expect(brief(miner)).toEqual([
      `NewExtendedMiningJob ${group}`,
      `SetNewPrevHash ${group}`,
      `NewExtendedMiningJob ${group}`,
    ]);
    for (const client of clients) expect(client.currentWork()?.prevHash).toEqual(tip(2).prevHash);
  });

  test('gives header-only miners jobs of their own, each with its merkle root (§5.2.1)', async () => {
    const { server, connect, settle } = rig();
    const miner = connect(REQUIRES_STANDARD_JOBS);
    const clients = [miner.open('standard'), miner.open('standard')];
    miner.take();
    server.update(template(2));
    await settle();
    expect(brief(miner)).toEqual(clients.map(({ channel }) => `NewMiningJob ${channel?.channelId}`));
    const [a, b] = clients.map((client) => client.currentWork()?.space);
    expect(a).not.toEqual(b);
    for (const client of clients) miner.says(solve(client));
    expect(miner.of('SubmitSharesError')).toEqual([]);
  });

  test('serves those that share frames before those that need a merkle root each', async () => {
    const order: number[] = [];
    const { server, connect, settle } = rig();
    const miners = [connect(REQUIRES_STANDARD_JOBS), connect(), connect(REQUIRES_STANDARD_JOBS), connect()];
    for (const miner of miners) {
      miner.open('standard');
      miner.flush = () => void order.push(miner.id);
    }
    server.update(template(2));
    await settle();
    expect(order).toEqual([2, 4, 1, 3]);
  });

  test('lets the event loop turn every few hundred connections, and still reaches all', async () => {
    const { server, connect, settle } = rig({ config: { limits: { fanOutSlice: 10 } } });
    await settle();
    const order: ('served' | 'turn')[] = [];
    const miners = Array.from({ length: 25 }, () => connect());
    const clients = miners.map((miner) => miner.open('standard'));
    for (const miner of miners) miner.flush = () => void order.push('served');
    const turn = (): void => {
      order.push('turn');
      if (order.filter((each) => each === 'served').length < miners.length) setImmediate(turn);
    };
    server.activate(template(2), tip(2));
    setImmediate(turn);
    await settle();
    for (const client of clients) expect(client.currentWork()?.prevHash).toEqual(tip(2).prevHash);
    const slices = order
      .join(' ')
      .split(/(?: ?turn ?)+/)
      .map((slice) => slice.split(' ').filter(Boolean).length);
    expect(slices.filter((length) => length > 0)).toEqual([10, 10, 5]);
  });

  test('puts a template and its tip that come together into one round', async () => {
    const rounds: number[] = [];
    const { noMiningMetrics } = await import('../src/index.ts');
    const metrics = { ...noMiningMetrics, fanOut: { record: (ms: number) => void rounds.push(ms) } };
    const { server, connect, settle } = rig({ deps: { metrics } });
    connect().open('standard');
    await settle();
    rounds.length = 0;
    const prepared = template(2);
    server.prepare(prepared);
    server.activate(prepared, tip(2));
    server.update(template(3));
    await settle();
    expect(rounds).toHaveLength(1);
  });

  test('is not stopped by a connection that fails', async () => {
    const { server, connect, settle } = rig();
    const [bad, good] = [connect(), connect()];
    bad.open('standard');
    const client = good.open('standard');
    bad.sendFrame = () => {
      throw new Error('a bug');
    };
    server.activate(template(2), tip(2));
    await settle();
    expect(bad.ended).toBe('internal-error');
    expect(client.currentWork()?.prevHash).toEqual(tip(2).prevHash);
  });
});

describe('a peer that does not drain', () => {
  test('is sent nothing until it does, then the latest state by the shortest way', async () => {
    const { server, connect, settle } = rig();
    const miner = connect();
    const client = miner.open('extended');
    miner.take();
    miner.congested = true;
    for (let id = 2; id < 6; id += 1) {
      server.prepare(template(id * 10));
      server.activate(template(id), tip(id));
      server.update(template(id * 100));
      await settle();
    }
    expect(miner.sent).toEqual([]);
    miner.congested = false;
    miner.handler?.onDrain?.();
    const group = client.channel?.groupChannelId;
    expect(brief(miner)).toEqual([`NewExtendedMiningJob ${group}`, `SetNewPrevHash ${group}`]);
    expect(client.currentWork()?.prevHash).toEqual(tip(5).prevHash);
  });

  test('is still judged by the tip that it has been sent: a channel switches when its own SetNewPrevHash is', async () => {
    const { server, connect, settle, journal } = rig();
    const miner = connect();
    const client = miner.open('extended');
    miner.congested = true;
    server.activate(template(2), tip(2));
    await settle();
    miner.says(solve(client));
    expect(journal.of('ShareAccepted')).toHaveLength(1);
  });

  test('may open a channel all the same, whose group is brought up first', async () => {
    const { server, connect, settle } = rig();
    const miner = connect();
    const early = miner.open('extended');
    miner.congested = true;
    const prepared = template(2);
    server.prepare(prepared);
    await settle();
    server.activate(prepared, tip(2));
    await settle();
    const late = miner.open('extended');
    miner.congested = false;
    server.update(template(3));
    await settle();
    for (const client of [early, late]) expect(client.currentWork()?.prevHash).toEqual(tip(2).prevHash);
  });
});

describe('jobs', () => {
  test('are made anew after a while, so that new targets bind, with a min_ntime that moves on', async () => {
    const { connect, clock, settle } = rig();
    const client = connect().open('extended');
    const first = client.currentWork();
    clock.advance(30_000);
    await settle();
    const second = client.currentWork();
    expect(second?.jobId).not.toBe(first?.jobId);
    expect(second?.minNtime).toBe(NTIME + 30);
    clock.advance(29_000);
    await settle();
    expect(client.currentWork()).toBe(second);
  });

  test('of an older template of the same tip stay good', async () => {
    const { server, connect, settle, journal } = rig();
    const miner = connect();
    const client = miner.open('standard');
    const share = solve(client);
    server.update(template(2));
    await settle();
    miner.says(share);
    expect(journal.of('ShareAccepted')).toHaveLength(1);
  });

  test('and duplicates survive another provider with the same tip and another time', async () => {
    const { server, connect, settle, journal } = rig();
    const miner = connect();
    const client = miner.open('standard');
    const share = solve(client);
    miner.says(share);
    server.forgetPrepared();
    server.activate(template(1), tip(1, { minNtime: NTIME + 3 }));
    await settle();
    miner.says(share);
    miner.says(solve(client, { from: share.nonce + 1 }));
    expect(journal.of('ShareAccepted')).toHaveLength(2);
    expect(miner.of('SubmitSharesError')).toMatchObject([{ errorCode: 'duplicate-share' }]);
  });
});

describe('targets', () => {
  const fast = { targets: { ...TARGETS, sharesPerMinute: 60 } };

  /** Sends `count` shares a second for some seconds. */
  function mine(
    miner: TestMiner,
    client: ChannelClient,
    advance: (ms: number) => void,
    seconds: number,
    count: number,
  ) {
    let from = 0;
    for (let second = 0; second < seconds; second += 1) {
      for (let i = 0; i < count; i += 1) {
        const share = solve(client, { from });
        from = share.nonce + 1;
        miner.says(share);
      }
      advance(1_000);
    }
  }

  test('follow the miner: SetTarget goes out just before the job that it binds (§5.3.21)', async () => {
    const { connect, clock, settle } = rig({ config: fast });
    const miner = connect();
    const client = miner.open('standard', { nominalHashRate: 16 });
    const before = client.currentWork()?.target ?? MAX_TARGET;
    miner.take();
    mine(miner, client, (ms) => clock.advance(ms), 30, 2);
    await settle();
    const types = miner.sent.map(({ type }) => type).filter((type) => type !== 'SubmitSharesSuccess');
    expect(types.slice(0, 2)).toEqual(['SetTarget', expect.stringMatching(/^New(Extended)?MiningJob$/)]);
    expect(compareTargets(client.currentWork()?.target ?? MAX_TARGET, before)).toBe(-1);
  });

  test('go out before the future job that they will bind, where tips come faster than jobs are made anew', async () => {
    const { server, connect, clock, settle } = rig({ config: fast });
    const miner = connect();
    const client = miner.open('extended', { nominalHashRate: 1e3 });
    let prepared = template(1);
    for (let height = 2; height < 20; height += 1) {
      server.activate(prepared, tip(height));
      prepared = template(height);
      server.prepare(prepared);
      clock.advance(20_000);
      await settle();
    }
    expect(miner.of('SetTarget').length).toBeGreaterThan(1);
    expect(compareTargets(client.currentWork()?.target ?? MAX_TARGET, targetFromDifficulty(1e3 / 2 ** 32))).toBe(1);
  });

  test('of a channel that floods do not wait for the next broadcast', () => {
    const { connect, clock } = rig({ config: fast });
    const miner = connect();
    const client = miner.open('extended', { nominalHashRate: 4 });
    miner.take();
    mine(miner, client, (ms) => clock.advance(ms), 1, 30);
    expect(miner.sent.slice(0, 2)).toMatchObject([
      { type: 'SetTarget', channelId: client.channel?.channelId },
      { type: 'NewExtendedMiningJob', channelId: client.channel?.channelId },
    ]);
  });

  test('ease when a miner falls silent, never above what it can do', async () => {
    const { connect, clock, settle } = rig({ config: fast });
    const maxTarget = targetFromDifficulty(1e-9);
    const miner = connect();
    const client = miner.open('standard', { nominalHashRate: 1e3, maxTarget });
    for (let i = 0; i < 40; i += 1) {
      clock.advance(30_000);
      await settle();
    }
    expect(miner.of('SetTarget').length).toBeGreaterThan(2);
    expect(client.currentWork()?.target).toEqual(maxTarget);
  });

  test('bound jobs already sent no more than jobs to come: a share on the old target is good (§5.3.21)', () => {
    const { connect, journal } = rig();
    const miner = connect();
    const client = miner.open('extended');
    const share = solve(client);
    miner.says(client.update(1e3, targetFromDifficulty(1e6)));
    miner.says(share);
    expect(journal.of('ShareAccepted')).toHaveLength(1);
  });
});

describe('UpdateChannel (§5.3.7)', () => {
  const setTarget = (miner: TestMiner) => miner.of('SetTarget').at(-1)?.maximumTarget ?? MAX_TARGET;

  test('with a smaller maximum target yields SetTarget', () => {
    const miner = rig().connect();
    const client = miner.open('extended');
    const maximumTarget = targetFromDifficulty(5);
    miner.says(client.update(16 / 10, maximumTarget));
    expect(compareTargets(setTarget(miner), maximumTarget)).toBeLessThanOrEqual(0);
  });

  test.each([
    ['far', 16, 1],
    ['little', 2, 0],
  ])(
    'with a %s larger hashrate yields a job that the new target binds at once, or none: %i times',
    (_, factor, jobs) => {
      const miner = rig().connect();
      const client = miner.open('extended', { nominalHashRate: 1e12 });
      miner.take();
      miner.says(client.update(1e12 * factor, MAX_TARGET));
      expect(miner.of('NewExtendedMiningJob').length).toBe(jobs);
      miner.says(client.update(1e12 * factor, MAX_TARGET));
      expect(miner.of('NewExtendedMiningJob').length).toBe(jobs);
      if (jobs > 0) expect(client.currentWork()?.target).toEqual(setTarget(miner));
    },
  );

  test('with another hashrate moves the target in proportion', () => {
    const miner = rig().connect();
    const client = miner.open('extended', { nominalHashRate: 1e12 });
    const before = client.channel?.target ?? MAX_TARGET;
    miner.says(client.update(4e12, MAX_TARGET));
    const ratio = Number(big(before) / (big(setTarget(miner)) >> 20n)) / 2 ** 20;
    expect(ratio).toBeCloseTo(4, 3);
  });

  test('once a second, as busy proxies send it, does not keep difficulty from finding the true hashrate', async () => {
    const { connect, clock, settle } = rig({ config: { targets: { ...TARGETS, sharesPerMinute: 60 } } });
    const miner = connect();
    const client = miner.open('extended', { nominalHashRate: 16 });
    const before = client.currentWork()?.target ?? MAX_TARGET;
    let from = 0;
    for (let second = 0; second < 60; second += 1) {
      for (let i = 0; i < 3; i += 1) {
        const share = solve(client, { from });
        from = share.nonce + 1;
        miner.says(share);
      }
      miner.says(client.update(second % 2 === 0 ? 16.1 : 16, MAX_TARGET));
      clock.advance(1_000);
      await settle();
    }
    expect(Number(big(before)) / Number(big(client.currentWork()?.target ?? MAX_TARGET))).toBeGreaterThan(1.8);
  });

  test('with nothing new is answered all the same: proxies wait for it', () => {
    const miner = rig().connect();
    const client = miner.open('extended');
    miner.says(client.update(16 / 10, MAX_TARGET));
    expect(setTarget(miner)).toEqual(client.channel?.target);
  });

  test.each([
    ['invalid-nominal-hashrate', Number.NaN, MAX_TARGET],
    ['max-target-out-of-range', 1, new Uint8Array(32)],
  ])('is refused with %s and changes nothing', (errorCode, hashrate, maximumTarget) => {
    const miner = rig().connect();
    const client = miner.open('extended');
    const { channelId = 0 } = client.channel ?? {};
    miner.says({ type: 'UpdateChannel', channelId, nominalHashRate: hashrate, maximumTarget });
    expect(miner.of('UpdateChannelError')).toEqual([{ type: 'UpdateChannelError', channelId, errorCode }]);
    expect(miner.of('SetTarget')).toEqual([]);
  });

  test('for a channel that is not there is refused', () => {
    const miner = rig().connect();
    miner.says({ type: 'UpdateChannel', channelId: 9, nominalHashRate: 1, maximumTarget: MAX_TARGET });
    expect(miner.of('UpdateChannelError')).toMatchObject([{ channelId: 9, errorCode: 'invalid-channel-id' }]);
  });
});

describe('CloseChannel (§5.3.9)', () => {
  test('ends one channel and nothing else', async () => {
    const { server, connect, journal, settle } = rig();
    const miner = connect();
    const [first, second] = [miner.open('extended'), miner.open('extended')];
    miner.says({ type: 'CloseChannel', channelId: first.channel?.channelId ?? 0, reasonCode: 'bye' });
    expect(journal.of('ChannelClosed')).toMatchObject([{ channelKey: 1, reason: 'client' }]);
    miner.says(solve(second));
    expect(journal.of('ShareAccepted')).toHaveLength(1);
    expect([server.status().channels, miner.ended]).toEqual([1, undefined]);
    server.activate(template(2), tip(2));
    await settle();
    expect(second.currentWork()?.prevHash).toEqual(tip(2).prevHash);
  });

  test('for a group ends all its members', () => {
    const { server, connect } = rig();
    const miner = connect();
    const [first, , other] = [
      miner.open('extended'),
      miner.open('extended'),
      miner.open('extended', { minExtranonceSize: 9 }),
    ];
    miner.says({ type: 'CloseChannel', channelId: first.channel?.groupChannelId ?? 0, reasonCode: 'bye' });
    expect(server.status().channels).toBe(1);
    miner.says(solve(other));
    expect(miner.of('SubmitSharesError')).toEqual([]);
  });

  test('for the group of a channel that gets jobs of its own ends that channel', () => {
    const { server, connect } = rig();
    const miner = connect(REQUIRES_STANDARD_JOBS);
    const [first, second] = [miner.open('standard'), miner.open('standard')];
    const channelId = first.channel?.groupChannelId ?? 0;
    miner.says({ type: 'CloseChannel', channelId, reasonCode: 'bye' });
    expect(server.status().channels).toBe(1);
    miner.says(solve(second));
    expect(miner.of('SubmitSharesError')).toEqual([]);
    miner.says({ type: 'CloseChannel', channelId, reasonCode: 'bye' });
    expect(server.status().channels).toBe(1);
  });

  test('for a channel that is not there is ignored', () => {
    const miner = rig().connect();
    miner.says({ type: 'CloseChannel', channelId: 9, reasonCode: 'bye' });
    expect([miner.sent, miner.ended]).toEqual([[], undefined]);
  });

  test('comes from the server when it stops, or when it has no fresh work for too long', () => {
    const { server, connect } = rig();
    const miner = connect();
    const client = miner.open('extended');
    server.suspend();
    expect(miner.of('CloseChannel')).toMatchObject([{ reasonCode: 'no-work-available' }]);
    expect([client.phase, miner.ended]).toEqual(['closed', 'no-work-available']);
    expect(connect().refused).toEqual({ kind: 'refuse', errorCode: 'no-work-available' });
    server.activate(template(2), tip(2));
    expect(connect().open('standard').phase).toBe('open');
  });
});

test('a connection that ends takes its channels with it, and the status says what there is', async () => {
  const { server, connect, journal, clock } = rig();
  const [stays, leaves] = [connect(), connect(REQUIRES_WORK_SELECTION)];
  const client = stays.open('standard', { user: 'carol' });
  leaves.open('extended');
  clock.advance(60_000);
  stays.says(solve(client));
  leaves.close('silent');
  expect(journal.of('ChannelClosed')).toMatchObject([{ channelKey: 2, reason: 'silent' }]);
  const status = server.status();
  expect(status).toMatchObject({
    connections: 1,
    channels: 1,
    blocks: 0,
    shares: { accepted: 1, rejected: {} },
    work: { height: 800_000, tipSinceMs: NOW },
    channelList: [
      { connection: 1, kind: 'standard', user: 'carol', device: 'Maker X1', accepted: 1, lastShareAtMs: NOW + 60_000 },
    ],
  });
  expect(status.hashrate).toBeCloseTo(
    status.channelList[0] === undefined ? 0 : (status.channelList[0].work * 2 ** 32) / 60,
    1,
  );
  await server.close();
  expect(stays.ended).toBe('shutdown');
  expect(clock.pending).toBe(0);
});

test('whatever happens in whatever order, no client sees a broken rule and every share on current work counts', async () => {
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('prepare', 'tip', 'same tip', 'update', 'tick', 'suspend') },
    {
      weight: 4,
      arbitrary: fc.record({
        open: fc.constantFrom('standard', 'extended'),
        on: fc.nat(3),
        size: fc.constantFrom(2, 6),
      }),
    },
    { weight: 2, arbitrary: fc.record({ close: fc.nat(30) }) },
    { weight: 3, arbitrary: fc.record({ congested: fc.boolean(), on: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.constant('settle') },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      const { server, connect, clock, journal, settle } = rig();
      const flags = [0, REQUIRES_STANDARD_JOBS, 0, REQUIRES_STANDARD_JOBS];
      const miners = flags.map((each) => connect(each));
      let id = 1;
      let height = 1;
      for (const each of events) {
        if (typeof each === 'object' && 'open' in each) {
          const kind = (flags[each.on] ?? 0) === 0 ? each.open : 'standard';
          miners[each.on]?.open(kind, { minExtranonceSize: each.size });
        } else if (typeof each === 'object' && 'close' in each) {
          const miner = miners[each.close % 4];
          const channelId = miner?.clients[each.close % Math.max(1, miner.clients.length)]?.channel?.channelId;
          if (channelId !== undefined) {
            miner?.says({ type: 'CloseChannel', channelId, reasonCode: '' });
            miner?.clients.find(({ channel }) => channel?.channelId === channelId)?.close();
          }
        } else if (typeof each === 'object') {
          const miner = miners[each.on];
          if (miner !== undefined) miner.congested = each.congested;
          if (!each.congested) miner?.handler?.onDrain?.();
        } else if (each === 'prepare') server.prepare(template((id += 1) % 250));
        else if (each === 'update') server.update(template((id += 1) % 250));
        else if (each === 'tip') server.activate(template((id += 1) % 250), tip((height += 1)));
        else if (each === 'same tip') server.activate(template((id += 1) % 250), tip(height));
        else if (each === 'tick') clock.advance(11_000);
        else if (each === 'settle') await settle();
        else server.forgetPrepared();
      }
      for (const miner of miners) {
        miner.congested = false;
        miner.handler?.onDrain?.();
      }
      await settle();
      const open = miners.flatMap((miner) =>
        miner.clients.filter(({ phase }) => phase === 'open').map((client) => ({ miner, client })),
      );
      expect(server.status().channels).toBe(open.length);
      for (const { miner, client } of open) {
        expect(client.currentWork()?.prevHash).toEqual(tip(height).prevHash);
        miner.says(solve(client));
      }
      expect(journal.of('ShareAccepted')).toHaveLength(open.length);
    }),
    { numRuns: 100 },
  );
});

function big(target: Uint8Array): bigint {
  return target.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
