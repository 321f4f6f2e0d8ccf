import { compareTargets, difficultyFromTarget, heightPush, targetFromDifficulty } from '@sv2kit/bitcoin';
import {
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from '@sv2kit/codec';
import { payTo } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import { MAX_TAG_SIZE, type Authorisation, MINING_SERVER_LIMITS } from '../src/index.ts';
import { bytes, FakeJournal, MAX_TARGET, NOW, rig, solve, template, tip } from './support.ts';

const types = (messages: readonly { type: string }[]) => messages.map(({ type }) => type);

describe('a channel that opens', () => {
  test.each([
    ['standard', 0, 'OpenStandardMiningChannelSuccess', 'NewMiningJob'],
    ['standard', REQUIRES_STANDARD_JOBS, 'OpenStandardMiningChannelSuccess', 'NewMiningJob'],
    ['extended', 0, 'OpenExtendedMiningChannelSuccess', 'NewExtendedMiningJob'],
  ] as const)(
    'gets Success, a future job and its prev-hash, on its own id (%s, flags %i, §5.3.15)',
    (kind, flags, success, job) => {
      const miner = rig().connect(flags);
      const client = miner.open(kind);
      expect(types(miner.sent)).toEqual([success, job, 'SetNewPrevHash']);
      const { channelId } = client.channel ?? {};
      expect(miner.sent.slice(1)).toMatchObject([
        { channelId, minNtime: undefined },
        { channelId, prevHash: tip(1).prevHash },
      ]);
      expect(client.currentWork()).toBeDefined();
      expect(miner.inUse).toBe(true);
    },
  );

  test('gets what waits for the next tip after that, so that the next SetNewPrevHash may name it (§5.3.17)', async () => {
    const { server, connect, settle } = rig();
    const early = connect();
    early.open('extended', { minExtranonceSize: 2 });
    const prepared = template(2);
    server.prepare(prepared);
    await settle();
    const late = early.open('standard');
    server.activate(prepared, tip(2));
    await settle();
    expect(late.currentWork()?.prevHash).toEqual(tip(2).prevHash);
    expect(types(early.sent).filter((type) => type === 'SetNewPrevHash')).toHaveLength(3);
  });

  test('has the extranonce that it asked for and no more, behind a prefix of boot epoch, front end and index', () => {
    const { connect } = rig({ journal: new FakeJournal(0x0a0b0c), config: { frontEnd: 7 } });
    const client = connect().open('extended', { minExtranonceSize: 6 });
    expect(client.channel).toMatchObject({
      extranonceSize: 6,
      extranoncePrefix: Uint8Array.of(0x0a, 0x0b, 0x0c, 7, 0, 0, 0),
    });
  });

  test('never shares an id with a group of its connection (§5.2.3)', () => {
    const miner = rig().connect();
    const clients = [miner.open('standard'), miner.open('extended'), miner.open('extended', { minExtranonceSize: 8 })];
    const ids = clients.map(({ channel }) => channel?.channelId);
    const groups = clients.map(({ channel }) => channel?.groupChannelId);
    expect(new Set([...ids, ...groups]).size).toBe(3 + new Set(groups).size);
  });

  test('is in a group with those of its full extranonce size, and in no other (§5.2.3)', () => {
    const miner = rig().connect();
    const group = (kind: 'standard' | 'extended', minExtranonceSize: number) =>
      miner.open(kind, { minExtranonceSize }).channel?.groupChannelId;
    expect(group('extended', 2)).toBe(group('standard', 2));
    expect(group('extended', 4)).not.toBe(group('extended', 2));
  });

  test('is in a group with those of its payout only', () => {
    const authorise = ({ userIdentity }: { userIdentity: Uint8Array }): Authorisation => ({
      kind: 'admitted',
      payout: payTo(userIdentity, String(userIdentity[0])),
    });
    const miner = rig({ deps: { authorise } }).connect();
    const [a, b, c] = ['a', 'b', 'a'].map((user) => miner.open('extended', { user }).channel?.groupChannelId);
    expect(a).toBe(c);
    expect(a).not.toBe(b);
  });

  test('starts at the wanted share rate, never above what the client can do (§5.3.2)', () => {
    const miner = rig().connect();
    const target = (maxTarget = MAX_TARGET) =>
      miner.open('standard', { nominalHashRate: 1e12, maxTarget }).channel?.target ?? bytes(32, 0);
    expect(difficultyFromTarget(target())).toBeCloseTo(1e13 / 2 ** 32, -1);
    const bound = targetFromDifficulty(1e6);
    expect(compareTargets(target(bound), bound)).toBe(0);
  });

  test('is in the journal with its user, device and address', () => {
    const { connect, journal } = rig();
    const client = connect().open('standard', { user: 'alice.rig1' });
    expect(journal.of('ChannelOpened')).toEqual([
      {
        type: 'ChannelOpened',
        timeMs: NOW,
        channelKey: 1,
        connection: 1,
        channelId: client.channel?.channelId,
        kind: 'standard',
        userIdentity: new TextEncoder().encode('alice.rig1'),
        extranoncePrefix: client.channel?.extranoncePrefix,
        remote: '192.0.2.1:50000',
        device: 'Maker X1',
      },
    ]);
  });
});

describe('a channel is refused', () => {
  const code = (miner: ReturnType<ReturnType<typeof rig>['connect']>) =>
    miner.of('OpenMiningChannelError').at(-1)?.errorCode;

  test('as extended where only standard jobs can be processed', () => {
    const miner = rig().connect(REQUIRES_STANDARD_JOBS);
    miner.open('extended');
    expect(code(miner)).toBe('extended-channels-not-supported-for-standard-jobs');
  });

  test('as standard where the client selects its work, and told so at set-up (§5.3.1)', () => {
    const miner = rig().connect(REQUIRES_WORK_SELECTION);
    miner.open('standard');
    expect(miner.flags).toBe(REQUIRES_EXTENDED_CHANNELS);
    expect(code(miner)).toBe('standard-channels-not-supported-for-custom-work');
  });

  test.each([Number.NaN, Infinity, -1])('with a hashrate of %d, while 0 is fine', (nominalHashRate) => {
    const miner = rig().connect();
    miner.open('standard', { nominalHashRate });
    expect(code(miner)).toBe('invalid-nominal-hashrate');
    expect(miner.open('standard', { nominalHashRate: 0 }).phase).toBe('open');
  });

  test('with a maximum target that is harder than any that the server assigns', () => {
    const miner = rig().connect();
    miner.open('standard', { maxTarget: bytes(32, 0) });
    expect(code(miner)).toBe('max-target-out-of-range');
  });

  test('with more extranonce than there is room for', () => {
    const miner = rig().connect();
    miner.open('extended', { minExtranonceSize: 26 });
    expect(code(miner)).toBe('min-extranonce-size-too-large');
    expect(miner.open('extended', { minExtranonceSize: 25 }).phase).toBe('open');
  });

  test('when the connection has as many as it may, those being authorised included', () => {
    const limits = { channelsPerConnection: 2 };
    const miner = rig({ config: { limits }, deps: { authorise: () => new Promise(() => {}) } }).connect();
    for (let i = 0; i < 3; i += 1) miner.open('standard');
    expect(miner.of('OpenMiningChannelError')).toMatchObject([{ errorCode: 'channel-limit-reached' }]);
  });

  test.each(['unknown-user', 'invalid-user-identity'] as const)('when the hook says %s', (answer) => {
    const miner = rig({ deps: { authorise: () => ({ kind: 'refused', code: answer }) } }).connect();
    miner.open('standard');
    expect(code(miner)).toBe(answer);
  });

  test('when the hook fails, without harm to the connection', async () => {
    const miner = rig({ deps: { authorise: () => Promise.reject(new Error('no database')) } }).connect();
    miner.open('standard');
    await Promise.resolve();
    await Promise.resolve();
    expect(code(miner)).toBe('authorisation-unavailable');
    expect(miner.ended).toBeUndefined();
  });

  test('when every prefix is taken: a code for the client, never the end of the process', () => {
    const { connect } = rig({ config: { extranonceLayout: { epochBytes: 3, frontEndBytes: 1, indexBytes: 1 } } });
    const miner = connect();
    const clients = Array.from({ length: 256 }, () => miner.open('standard'));
    expect(new Set(clients.map(({ channel }) => String(channel?.extranoncePrefix))).size).toBe(256);
    connect().open('standard');
    const last = connect();
    last.open('extended');
    expect(code(last)).toBe('channel-capacity-exhausted');
    expect(last.ended).toBeUndefined();
  });

  test('when a connection opens and closes them without end: each rests for two tips', () => {
    const limits = { channelsPerConnection: 5, opensPerSecond: 1 };
    const { connect, clock } = rig({ config: { limits } });
    const miner = connect();
    const openAndClose = () => {
      const channelId = miner.open('standard').channel?.channelId;
      if (channelId !== undefined) miner.says({ type: 'CloseChannel', channelId, reasonCode: '' });
      return channelId !== undefined;
    };
    const opened = Array.from({ length: 8 }, openAndClose);
    expect(opened).toEqual([true, true, true, true, true, false, false, false]);
    expect(code(miner)).toBe('channel-limit-reached');
    clock.advance(1_000);
    expect(openAndClose()).toBe(true);
  });
});

describe('authorisation that takes time', () => {
  test('keeps nobody else waiting, and is answered by request id (§5.3.2)', async () => {
    const answers: ((verdict: Authorisation) => void)[] = [];
    const payout = payTo(Uint8Array.of(0x51), 'p');
    const { connect } = rig({ deps: { authorise: () => new Promise((resolve) => void answers.push(resolve)) } });
    const miner = connect();
    const [first, second] = [miner.open('standard'), miner.open('extended')];
    answers[1]?.({ kind: 'admitted', payout });
    await Promise.resolve();
    expect([first.phase, second.phase]).toEqual(['opening', 'open']);
    answers[0]?.({ kind: 'admitted', payout });
    await Promise.resolve();
    expect(first.phase).toBe('open');
  });

  test('comes to nothing when the miner has left', async () => {
    let answer: (verdict: Authorisation) => void = () => {};
    const { connect, server } = rig({ deps: { authorise: () => new Promise((resolve) => (answer = resolve)) } });
    const miner = connect();
    miner.open('standard');
    miner.close();
    answer({ kind: 'admitted', payout: payTo(Uint8Array.of(0x51), 'p') });
    await Promise.resolve();
    expect(server.status().channels).toBe(0);
  });
});

describe('set-up', () => {
  test('is refused while there is nothing to mine, not left hanging', () => {
    const { connect, server } = rig({ working: false });
    expect(connect().refused).toEqual({ kind: 'refuse', errorCode: 'no-work-available' });
    server.activate(template(1), tip(1));
    expect(connect().refused).toBeUndefined();
  });

  test('says when versions may not roll, and refuses who needs to roll them (§5.3.1)', () => {
    const { connect } = rig({ config: { versionMask: 0 } });
    expect(connect().flags).toBe(REQUIRES_FIXED_VERSION);
    const errorCode = 'unsupported-feature-flags';
    expect(connect(REQUIRES_VERSION_ROLLING).refused).toMatchObject({ errorCode, flags: REQUIRES_VERSION_ROLLING });
    const miner = connect();
    const client = miner.open('extended');
    expect(client.currentWork()?.versionRollingAllowed).toBe(false);
  });

  test("Success flags are the server's own, not an echo", () => {
    expect(rig().connect(REQUIRES_STANDARD_JOBS | REQUIRES_VERSION_ROLLING).flags).toBe(0);
  });
});

test('clients that select their own work are refused at set-up where the server says so (§5.3.1)', () => {
  const flags = (workSelection?: boolean) =>
    rig({ config: workSelection === undefined ? {} : { workSelection } }).server.service.flags ?? 0;
  expect(flags() & REQUIRES_WORK_SELECTION).not.toBe(0);
  expect(flags(false) & REQUIRES_WORK_SELECTION).toBe(0);
});

test('a client that selects its own work may take its time to open a channel, as nobody else may', () => {
  const { connect } = rig();
  expect(connect(REQUIRES_WORK_SELECTION).inUse).toBe(true);
  expect(connect(REQUIRES_STANDARD_JOBS).inUse).toBe(false);
});

test('a translator of ours may wait for its miners before it opens a channel (§10.4.4)', () => {
  const { connect } = rig();
  expect(connect(0, { vendor: 'sv2kit', hardwareVersion: 'translator' }).inUse).toBe(true);
  expect(connect(0, { vendor: 'sv2kit', hardwareVersion: 'CPU' }).inUse).toBe(false);
});

test('a client that selects its own work gets none, and is told that its own is not taken (§5.3.18)', async () => {
  const { connect, server, settle } = rig();
  const miner = connect(REQUIRES_WORK_SELECTION);
  const client = miner.open('extended');
  expect(types(miner.take())).toEqual(['OpenExtendedMiningChannelSuccess']);
  server.activate(template(2), tip(2));
  await settle();
  expect(miner.sent).toEqual([]);
  const custom = {
    requestId: 5,
    miningJobToken: bytes(1, 1),
    version: 1,
    prevHash: bytes(32, 1),
    minNtime: 1,
    nbits: 1,
    coinbaseTxVersion: 1,
  };
  const coinbase = {
    coinbasePrefix: bytes(1, 1),
    coinbaseTxInputNSequence: 0,
    coinbaseTxOutputs: bytes(1, 0),
    coinbaseTxLocktime: 0,
    merklePath: [],
  };
  for (const channelId of [client.channel?.channelId ?? 0, 99])
    miner.says({ type: 'SetCustomMiningJob', channelId, ...custom, ...coinbase });
  expect(miner.of('SetCustomMiningJobError').map(({ errorCode }) => errorCode)).toEqual([
    'jd-not-supported',
    'invalid-channel-id',
  ]);
});

test('a tag that leaves no room for the extranonce is refused before anything runs', () => {
  expect(() => rig({ config: { tag: bytes(MAX_TAG_SIZE + 1, 65) } })).toThrow(`${MAX_TAG_SIZE} bytes`);
  const miner = rig({ config: { tag: bytes(MAX_TAG_SIZE, 65) } }).connect();
  const client = miner.open('extended', { minExtranonceSize: 25 });
  miner.says(solve(client));
  expect(miner.of('SubmitSharesError')).toEqual([]);
});

test('a prefix is not leased again before two tips have passed', () => {
  const { connect, server } = rig();
  const first = connect().open('standard').channel?.extranoncePrefix;
  const again = () => {
    const miner = connect();
    const prefix = miner.open('standard').channel?.extranoncePrefix;
    miner.close();
    return prefix;
  };
  const seen = [first];
  for (let height = 2; height < 4; height += 1) {
    const prefix = again();
    expect(seen).not.toContainEqual(prefix);
    seen.push(prefix);
    server.activate(template(height, { coinbasePrefix: heightPush(800_000 + height) }), tip(height));
  }
  expect(MINING_SERVER_LIMITS.channelsPerConnection).toBeGreaterThan(1_000);
  expect(seen).toContainEqual(again());
});
