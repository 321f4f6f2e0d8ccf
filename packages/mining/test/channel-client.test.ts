import { mining, type MiningFromServer } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { ChannelClient, CLIENT_FUTURE_JOBS, type ClientAction, ownMessage } from '../src/index.ts';
import { bytes, job, MAX_TARGET, NETWORK_TARGET, NOW, NTIME, SHARE_TARGET, tip, VERSION } from './support.ts';

const OWN = 5;
const GROUP = 4;
const OTHER = 6;
const REQUEST = 77;
type Kind = 'standard' | 'extended';
type State = 'opening' | 'open' | 'mining' | 'closed';

function client(kind: Kind, state: State, maxTarget = MAX_TARGET): ChannelClient {
  const channel = kind === 'standard' ? { kind } : { kind, minExtranonceSize: 4 };
  const made = new ChannelClient({
    requestId: REQUEST,
    userIdentity: bytes(3, 65),
    nominalHashRate: 1e6,
    maxTarget,
    channel,
  });
  if (state === 'opening') return made;
  made.receive(opened(kind), NOW);
  if (state === 'mining') {
    made.receive(future(kind, 1), NOW);
    made.receive(prevHash(1), NOW);
  }
  if (state === 'closed') made.close();
  return made;
}

function opened(
  kind: Kind,
  change: { requestId?: number; target?: Uint8Array; extranonceSize?: number } = {},
): MiningFromServer {
  const { requestId = REQUEST, target = SHARE_TARGET, extranonceSize = 4 } = change;
  const common = { requestId, channelId: OWN, target, groupChannelId: GROUP };
  return kind === 'standard'
    ? { type: 'OpenStandardMiningChannelSuccess', ...common, extranoncePrefix: bytes(10, 7) }
    : { type: 'OpenExtendedMiningChannelSuccess', ...common, extranoncePrefix: bytes(6, 7), extranonceSize };
}

function newJob(kind: Kind, jobId: number, minNtime: number | undefined, channelId = OWN): MiningFromServer {
  if (kind === 'extended') return job(jobId).message(channelId, minNtime);
  return { type: 'NewMiningJob', channelId, jobId, minNtime, version: VERSION, merkleRoot: bytes(32, jobId) };
}
/** Every buffer of a message is used for something else. */
function overwrite(message: MiningFromServer): void {
  for (const value of Object.values(message).flat()) if (value instanceof Uint8Array) value.fill(0xee);
}
const future = (kind: Kind, jobId: number, channelId = OWN) => newJob(kind, jobId, undefined, channelId);
const prevHash = (jobId: number, channelId = OWN): MiningFromServer => ({
  type: 'SetNewPrevHash',
  channelId,
  jobId,
  prevHash: tip(2).prevHash,
  minNtime: NTIME,
  nbits: 0x1d00ffff,
});
const setTarget = (channelId: number, maximumTarget = NETWORK_TARGET): MiningFromServer => ({
  type: 'SetTarget',
  channelId,
  maximumTarget,
});
const setPrefix = (channelId: number): MiningFromServer => ({
  type: 'SetExtranoncePrefix',
  channelId,
  extranoncePrefix: bytes(6, 8),
});
const close = (channelId: number): MiningFromServer => ({ type: 'CloseChannel', channelId, reasonCode: 'bye' });
const success = (channelId: number): MiningFromServer => ({
  type: 'SubmitSharesSuccess',
  channelId,
  lastSequenceNumber: 3,
  newSubmitsAcceptedCount: 2,
  newSharesSum: 9n,
});
const refused = (channelId: number): MiningFromServer => ({
  type: 'SubmitSharesError',
  channelId,
  sequenceNumber: 3,
  errorCode: 'stale-share',
});

interface Row {
  readonly message: MiningFromServer;
  /** The kinds of action on an open channel without a tip, and on one that mines; a violation by its code. */
  readonly open: readonly string[];
  readonly mining: readonly string[];
}

/** Every message of a server, on its own channel, its group and another's. */
function table(kind: Kind): Record<string, Row> {
  const other: Kind = kind === 'standard' ? 'extended' : 'standard';
  const same = (message: MiningFromServer, ...actions: string[]): Row => ({ message, open: actions, mining: actions });
  return {
    'its open success, again': same(opened(kind)),
    'the open success of another request': same(opened(other, { requestId: 1 })),
    'an open error': same({ type: 'OpenMiningChannelError', requestId: REQUEST, errorCode: 'x' }),
    'a future job': same(future(kind, 2), 'future-job'),
    'a future job of another channel': same(future(kind, 2, OTHER)),
    'a future job of its group': same(future('extended', 2, GROUP), 'future-job'),
    'an active job': { message: newJob(kind, 2, NTIME), open: ['job-without-prev-hash'], mining: ['work'] },
    'an active job of its group': {
      message: newJob('extended', 2, NTIME, GROUP),
      open: ['job-without-prev-hash'],
      mining: ['work'],
    },
    'a job of the other kind': same(newJob(other, 2, NTIME), 'wrong-job-kind'),
    'a standard job for its group': same(newJob('standard', 2, NTIME, GROUP), 'wrong-job-kind'),
    'a prev-hash for an unknown job': same(prevHash(9), 'unknown-future-job'),
    'a prev-hash for the job it mines': same(prevHash(1), 'unknown-future-job'),
    'a prev-hash of another channel': same(prevHash(1, OTHER)),
    'a target': same(setTarget(OWN), 'target'),
    'a target for its group': same(setTarget(GROUP), 'target'),
    'a target of another channel': same(setTarget(OTHER)),
    'a prefix': same(setPrefix(OWN), 'prefix'),
    'a prefix for its group': same(setPrefix(GROUP), 'prefix-for-group'),
    'a prefix of another channel': same(setPrefix(OTHER)),
    'another group': same({ type: 'SetGroupChannel', groupChannelId: 99, channelIds: [OTHER, OWN] }, 'regrouped'),
    'another group for other channels': same({ type: 'SetGroupChannel', groupChannelId: 99, channelIds: [OTHER] }),
    'the end': same(close(OWN), 'closed'),
    'the end of its group': same(close(GROUP), 'closed'),
    'the end of another channel': same(close(OTHER)),
    'accepted shares': same(success(OWN), 'accepted'),
    'accepted shares of another channel': same(success(OTHER)),
    'a rejected share': same(refused(OWN), 'rejected'),
    'a rejected share of another channel': same(refused(OTHER)),
    'a refused update': same({ type: 'UpdateChannelError', channelId: OWN, errorCode: 'x' }, 'update-refused'),
    'an accepted custom job': same(
      { type: 'SetCustomMiningJobSuccess', channelId: OWN, requestId: 1, jobId: 2 },
      'custom-job-accepted',
    ),
    'a refused custom job': same(
      { type: 'SetCustomMiningJobError', channelId: OWN, requestId: 1, errorCode: 'x' },
      'custom-job-refused',
    ),
    'setup accepted': same({ type: 'SetupConnectionSuccess', usedVersion: 2, flags: 0 }),
    'setup refused': same({ type: 'SetupConnectionError', flags: 0, errorCode: 'x' }),
    'a request to reconnect': same({ type: 'Reconnect', newHost: '', newPort: 0 }),
    'a changed endpoint': same({ type: 'ChannelEndpointChanged', channelId: OWN }),
    'accepted extensions': same({ type: 'RequestExtensionsSuccess', requestId: 1, supportedExtensions: [] }),
    'refused extensions': same({
      type: 'RequestExtensionsError',
      requestId: 1,
      unsupportedExtensions: [],
      requiredExtensions: [],
    }),
  };
}

const names = (actions: ClientAction[]) =>
  actions.map((action) => (action.kind === 'violation' ? action.code : action.kind));

describe.each(['standard', 'extended'] as const)('an open %s channel', (kind) => {
  test.each(Object.entries(table(kind)))('does the right thing on %s', (_, { message, open, mining: whenMining }) => {
    expect(names(client(kind, 'open').receive(message, NOW))).toEqual(open);
    expect(names(client(kind, 'mining').receive(message, NOW))).toEqual(whenMining);
  });

  test.each(Object.entries(table(kind)))('ignores %s while it is closed', (_, { message }) => {
    expect(client(kind, 'closed').receive(message, NOW)).toEqual([]);
  });

  test.each(Object.entries(table(kind)))(
    'takes only the answer to its request while it is opening: %s',
    (_, { message }) => {
      const answers = ['its open success, again', 'an open error'].map((name) => table(kind)[name]?.message.type);
      const actions = names(client(kind, 'opening').receive(message, NOW));
      expect(actions.length > 0).toBe(
        answers.includes(message.type) && 'requestId' in message && message.requestId === REQUEST,
      );
    },
  );
});

test('the table has a row for every message of a server (§5.3, §3.6, extension 0x0001)', () => {
  const rows = [...Object.values(table('standard')), ...Object.values(table('extended'))].map(
    ({ message }) => message.type,
  );
  expect(new Set(rows)).toEqual(new Set(mining.fromServer.definitions.map(({ name }) => name)));
});

describe('opening', () => {
  test.each([
    ['wrong-channel-kind', 'standard', opened('extended')],
    ['wrong-channel-kind', 'extended', opened('standard')],
    ['extranonce-too-small', 'extended', opened('extended', { extranonceSize: 3 })],
    ['target-above-maximum', 'standard', opened('standard', { target: MAX_TARGET })],
  ] as const)('ends with %s when the server breaks that rule', (code, kind, message) => {
    const made = client(kind, 'opening', SHARE_TARGET);
    expect(made.receive(message, NOW)).toEqual([{ kind: 'violation', code }]);
    expect(made.phase).toBe('closed');
  });

  test('asks for what it was told to ask for (§5.3.2, §5.3.4)', () => {
    expect(client('extended', 'opening').openMessage()).toEqual({
      type: 'OpenExtendedMiningChannel',
      requestId: REQUEST,
      userIdentity: bytes(3, 65),
      nominalHashRate: 1e6,
      maxTarget: MAX_TARGET,
      minExtranonceSize: 4,
    });
    expect(client('standard', 'opening').openMessage()).not.toHaveProperty('minExtranonceSize');
  });
});

describe('work', () => {
  test('starts with the future job that SetNewPrevHash names (§5.3.17)', () => {
    expect(client('standard', 'mining').currentWork()).toEqual({
      channelId: OWN,
      jobId: 1,
      version: VERSION,
      versionRollingAllowed: true,
      prevHash: tip(2).prevHash,
      nbits: 0x1d00ffff,
      minNtime: NTIME,
      receivedAtMs: NOW,
      target: SHARE_TARGET,
      space: { kind: 'standard', merkleRoot: bytes(32, 1) },
    });
  });

  test('stops when SetNewPrevHash names a job that is not there: all others are void', () => {
    const made = client('extended', 'mining');
    made.receive(prevHash(9), NOW);
    expect(made.currentWork()).toBeUndefined();
    expect(made.findWork(1)).toBeUndefined();
  });

  test('keeps its target when another is set, and takes it for the next job (§5.3.21)', () => {
    const made = client('extended', 'mining');
    made.receive(setTarget(OWN), NOW);
    expect(made.currentWork()?.target).toEqual(SHARE_TARGET);
    made.receive(newJob('extended', 2, NTIME), NOW);
    expect(made.currentWork()?.target).toEqual(NETWORK_TARGET);
  });

  test('refuses a target above its maximum and goes on', () => {
    const made = client('extended', 'open', SHARE_TARGET);
    expect(names(made.receive(setTarget(OWN, MAX_TARGET), NOW))).toEqual(['target-above-maximum']);
    expect(made.channel?.target).toEqual(SHARE_TARGET);
    expect(made.update(1, MAX_TARGET)).toMatchObject({ type: 'UpdateChannel', channelId: OWN });
    expect(names(made.receive(setTarget(OWN, MAX_TARGET), NOW))).toEqual(['target']);
  });

  test('uses the prefix of the moment its job was sent (§5.3.10)', () => {
    const made = client('extended', 'mining');
    made.receive(future('extended', 2), NOW);
    made.receive(setPrefix(OWN), NOW);
    made.receive(prevHash(2), NOW);
    expect(made.currentWork()?.space).toMatchObject({ extranoncePrefix: bytes(6, 7) });
    made.receive(newJob('extended', 3, NTIME), NOW);
    expect(made.currentWork()?.space).toMatchObject({ extranoncePrefix: bytes(6, 8), extranonceSize: 4 });
  });

  test('of a standard channel comes from a group job by its own prefix (§5.1.2.1)', () => {
    const made = client('standard', 'mining');
    made.receive(newJob('extended', 2, NTIME, GROUP), NOW);
    expect(made.currentWork()?.space).toEqual({ kind: 'standard', merkleRoot: job(2).merkleRoot(bytes(10, 7)) });
  });

  test('is from the last writer when a server uses a job id twice', () => {
    const made = client('standard', 'mining');
    const twice = { ...newJob('standard', 2, undefined), merkleRoot: bytes(32, 99) } as MiningFromServer;
    made.receive(future('standard', 2), NOW);
    made.receive(twice, NOW);
    made.receive(prevHash(2), NOW);
    expect(made.currentWork()?.space).toEqual({ kind: 'standard', merkleRoot: bytes(32, 99) });
  });

  test('survives the reuse of the buffer that its message came in', () => {
    const made = client('standard', 'open');
    const message = future('standard', 1);
    made.receive(message, NOW);
    if (message.type === 'NewMiningJob') message.merkleRoot.fill(0);
    made.receive(prevHash(1), NOW);
    expect(made.currentWork()?.space).toEqual({ kind: 'standard', merkleRoot: bytes(32, 1) });
  });

  test('of channels of a group shares the bytes of messages that the host made its own (§5.2.3)', () => {
    const share = (kind: Kind, id: number) => {
      const channel = kind === 'standard' ? { kind } : ({ kind, minExtranonceSize: 4 } as const);
      const terms = { userIdentity: bytes(3, 65), nominalHashRate: 1e6, maxTarget: MAX_TARGET, channel };
      const made = new ChannelClient({ requestId: REQUEST, ...terms, ownMessages: true });
      made.receive(ownMessage({ ...opened(kind), channelId: id } as MiningFromServer), NOW);
      return made;
    };
    const [first, second, standard] = [share('extended', OWN), share('extended', OTHER), share('standard', 8)];
    const views = [future('extended', 1, GROUP), prevHash(1, GROUP), setTarget(GROUP)];
    const messages = views.map(ownMessage);
    for (const made of [first, second, standard]) for (const message of messages) made.receive(message, NOW);
    const [a, b] = [first.currentWork(), second.currentWork()];
    if (a?.space.kind !== 'extended' || b?.space.kind !== 'extended') throw new Error('no work');
    expect(a.space.coinbasePrefix).toBe(b.space.coinbasePrefix);
    expect(a.space.merklePath).toBe(b.space.merklePath);
    expect(a.prevHash).toBe(b.prevHash);
    expect(first.channel?.target).toBe(second.channel?.target);
    expect(standard.currentWork()?.jobId).toBe(1);
    const before = structuredClone(a);
    for (const view of views) overwrite(view);
    expect(first.currentWork()).toEqual(before);
  });

  test('never has more future jobs than a client keeps; the oldest give way', () => {
    const made = client('standard', 'open');
    for (let id = 1; id <= CLIENT_FUTURE_JOBS + 1; id += 1) made.receive(future('standard', id), NOW);
    expect(names(made.receive(prevHash(1), NOW))).toEqual(['unknown-future-job']);
  });

  test('forbids version rolling on standard jobs when the server said so at set-up (§5.3.1)', () => {
    const made = new ChannelClient({
      requestId: REQUEST,
      userIdentity: bytes(0, 0),
      nominalHashRate: 0,
      maxTarget: MAX_TARGET,
      channel: { kind: 'standard' },
      fixedVersion: true,
    });
    for (const message of [opened('standard'), future('standard', 1), prevHash(1)]) made.receive(message, NOW);
    expect(made.currentWork()?.versionRollingAllowed).toBe(false);
  });

  test('of a channel that was moved comes from its new group', () => {
    const made = client('extended', 'mining');
    made.receive({ type: 'SetGroupChannel', groupChannelId: 99, channelIds: [OWN] }, NOW);
    expect(made.receive(newJob('extended', 2, NTIME, GROUP), NOW)).toEqual([]);
    expect(names(made.receive(newJob('extended', 3, NTIME, 99), NOW))).toEqual(['work']);
  });
});

describe('a share', () => {
  const found = { jobId: 1, nonce: 2, ntime: NTIME, version: VERSION };

  test('is numbered in sequence (§5.3.11)', () => {
    const made = client('standard', 'mining');
    expect(made.share(found)).toEqual({ type: 'SubmitSharesStandard', channelId: OWN, sequenceNumber: 1, ...found });
    expect(made.share(found).sequenceNumber).toBe(2);
  });

  test('of an extended channel carries its extranonce, and its worker where that was agreed (§5.3.12, extension 0x0002)', () => {
    const made = client('extended', 'mining');
    const extranonce = bytes(4, 1);
    expect(made.share({ ...found, extranonce })).not.toHaveProperty('userIdentity');
    expect(made.share({ ...found, extranonce, userIdentity: bytes(2, 66) })).toMatchObject({
      type: 'SubmitSharesExtended',
      extranonce,
      userIdentity: bytes(2, 66),
    });
    expect(() => made.share(found)).toThrow('extranonce');
  });

  test.each(['opening', 'closed'] as const)('cannot be made while the channel is %s', (state) => {
    expect(() => client('standard', state).share(found)).toThrow(state);
    expect(() => client('standard', state).update(1, MAX_TARGET)).toThrow(state);
  });
});

describe('a job of the client itself (§5.3.18)', () => {
  const acknowledged = (channelId = OWN): MiningFromServer => ({
    type: 'SetCustomMiningJobSuccess',
    channelId,
    requestId: 3,
    jobId: 8,
  });
  const pinned = (open: ChannelClient, channelId = OWN) => {
    const [action] = open.receive(acknowledged(channelId), NOW);
    if (action?.kind !== 'custom-job-accepted') throw new Error(action?.kind);
    expect(action).toMatchObject({ requestId: 3, jobId: 8 });
    return action.pinned;
  };

  test.each([OWN, GROUP])('is pinned to target and prefix when it is acknowledged (§5.3.21), on id %i', (channelId) => {
    const open = client('extended', 'open');
    open.receive(setTarget(OWN), NOW);
    const before = pinned(open, channelId);
    expect(before).toEqual({ target: NETWORK_TARGET, extranoncePrefix: bytes(6, 7), extranonceSize: 4 });
    open.receive(setTarget(OWN, SHARE_TARGET), NOW);
    open.receive({ type: 'SetExtranoncePrefix', channelId: OWN, extranoncePrefix: bytes(9, 1) }, NOW);
    expect(before).toMatchObject({ target: NETWORK_TARGET, extranoncePrefix: bytes(6, 7) });
    expect(pinned(open)).toEqual({ target: SHARE_TARGET, extranoncePrefix: bytes(9, 1), extranonceSize: 4 });
  });

  test('has shares without any job of the server', () => {
    const share = client('extended', 'open').share({
      jobId: 8,
      nonce: 1,
      ntime: 2,
      version: 3,
      extranonce: bytes(4, 5),
    });
    expect(share).toMatchObject({ type: 'SubmitSharesExtended', channelId: OWN, sequenceNumber: 1, jobId: 8 });
  });
});

describe('an extranonce of more than 32 bytes', () => {
  test('ends the channel when it is opened with one (§5.3.5)', () => {
    const opening = client('extended', 'opening');
    expect(names(opening.receive(opened('extended', { extranonceSize: 27 }), NOW))).toEqual(['extranonce-too-large']);
    expect(opening.phase).toBe('closed');
  });

  test('is ignored when the prefix changes (§5.3.10)', () => {
    const open = client('extended', 'open');
    const message: MiningFromServer = { type: 'SetExtranoncePrefix', channelId: OWN, extranoncePrefix: bytes(29, 1) };
    expect(names(open.receive(message, NOW))).toEqual(['extranonce-too-large']);
    expect(open.channel?.extranoncePrefix).toEqual(bytes(6, 7));
  });
});
