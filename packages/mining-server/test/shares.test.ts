import { difficultyFromTarget, hashHeader } from '@sv2kit/bitcoin';
import { ExtranonceAllocator, type ChannelClient, payTo } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import { CLOSE_REASONS, MINING_SERVER_LIMITS } from '../src/index.ts';
import {
  bytes,
  FakeJournal,
  NETWORK_TARGET,
  NOW,
  NTIME,
  rig,
  solve,
  template,
  tip,
  type TestMiner,
} from './support.ts';

const errors = (miner: TestMiner) => miner.of('SubmitSharesError').map(({ errorCode }) => errorCode);

/** A connected miner with one channel and a clean slate. */
function mining(kind: 'standard' | 'extended' = 'extended', options: Parameters<typeof rig>[0] = {}) {
  const made = rig(options);
  const miner = made.connect();
  const client = miner.open(kind);
  miner.take();
  return { ...made, miner, client };
}

describe('an accepted share', () => {
  test.each(['standard', 'extended'] as const)(
    'of a %s channel is in the journal before it is acknowledged (§5.3.13)',
    (kind) => {
      const { miner, client, journal, clock } = mining(kind);
      const share = solve(client);
      miner.says(share);
      expect(journal.of('ShareAccepted')).toMatchObject([
        {
          timeMs: NOW,
          channelKey: 1,
          sequenceNumber: 1,
          jobId: share.jobId,
          nonce: share.nonce,
          isBlock: false,
          difficulty: difficultyFromTarget(client.currentWork()?.target ?? bytes(32, 0)),
        },
      ]);
      clock.advance(10_000);
      expect(miner.sent).toEqual([]);
      journal.sync();
      expect(miner.sent).toMatchObject([
        { type: 'SubmitSharesSuccess', lastSequenceNumber: 1, newSubmitsAcceptedCount: 1 },
      ]);
    },
  );

  test('waits for others, but not for long', () => {
    const { miner, client, journal, clock } = mining();
    miner.says(solve(client));
    journal.sync();
    expect(miner.sent).toEqual([]);
    clock.advance(5);
    miner.says(solve(client, { from: 1_000 }));
    journal.sync();
    clock.advance(5);
    expect(miner.sent).toMatchObject([{ lastSequenceNumber: 2, newSubmitsAcceptedCount: 2 }]);
  });

  test('does not wait when its batch is full', () => {
    const { miner, client, journal } = mining('extended', { config: { batch: { count: 2, delayMs: 60_000 } } });
    for (const from of [0, 1_000, 2_000]) miner.says(solve(client, { from }));
    journal.sync(journal.records.length - 1);
    expect(miner.sent).toMatchObject([{ lastSequenceNumber: 2, newSubmitsAcceptedCount: 2 }]);
  });

  test('names its worker in the journal (extension 0x0002)', () => {
    const { miner, client, journal } = mining();
    miner.says({ ...solve(client), userIdentity: bytes(3, 66) } as never);
    expect(journal.of('ShareAccepted')).toMatchObject([{ userIdentity: bytes(3, 66) }]);
  });

  test('is acknowledged when its channel ends, if it is on disk by then', () => {
    const { miner, client, journal } = mining('extended', { config: { batch: { count: 9, delayMs: 60_000 } } });
    miner.says(solve(client));
    journal.sync();
    miner.says({ type: 'CloseChannel', channelId: client.channel?.channelId ?? 0, reasonCode: 'bye' });
    expect(miner.of('SubmitSharesSuccess')).toHaveLength(1);
    journal.sync();
    expect(miner.sent).toHaveLength(1);
  });
});

describe('a refused share', () => {
  test('is answered at once, recorded and counted by its code (§5.3.14)', () => {
    const { miner, client, journal, server } = mining();
    miner.says(solve(client, { wanted: 'miss' }));
    expect(miner.sent).toEqual([
      {
        type: 'SubmitSharesError',
        channelId: client.channel?.channelId,
        sequenceNumber: 1,
        errorCode: 'difficulty-too-low',
      },
    ]);
    expect(journal.of('ShareRejected')).toMatchObject([{ code: 'difficulty-too-low', sequenceNumber: 1 }]);
    expect(server.status()).toMatchObject({ shares: { accepted: 0, rejected: { 'difficulty-too-low': 1 } } });
  });

  test('for a channel that is not there, or for a group, is an error and not the end', () => {
    const { miner, client } = mining();
    const share = solve(client);
    for (const channelId of [99, client.channel?.groupChannelId ?? 0]) miner.says({ ...share, channelId });
    expect(errors(miner)).toEqual(['invalid-channel-id', 'invalid-channel-id']);
    expect(miner.ended).toBeUndefined();
  });

  test('never counts towards difficulty', () => {
    const { miner, client, clock, server } = mining('extended', {
      config: { limits: { badSharesBeforeSendAway: 1e9 } },
    });
    for (let i = 0; i < 100; i += 1) miner.says(solve(client, { wanted: 'miss', from: i * 100 }));
    clock.advance(31_000);
    expect(miner.of('SetTarget')).toEqual([]);
    expect(server.status().hashrate).toBe(0);
  });

  test('in a row gets the channel its work anew, then its end with a reason', () => {
    const limits = { badSharesBeforeNewWork: 3, badSharesBeforeSendAway: 5 };
    const { miner, client, server } = mining('extended', { config: { limits } });
    const other = miner.open('standard');
    miner.take();
    const share = solve(client, { wanted: 'miss' });
    for (let i = 0; i < 3; i += 1) miner.says(share);
    expect(miner.sent.at(-1)).toMatchObject({
      type: 'NewExtendedMiningJob',
      channelId: client.channel?.channelId,
      minNtime: NTIME,
    });
    for (let i = 0; i < 2; i += 1) miner.says(share);
    expect(miner.sent.at(-1)).toMatchObject({ type: 'CloseChannel', reasonCode: 'too-many-refused-shares' });
    expect([client.phase, other.phase, miner.ended]).toEqual(['closed', 'open', undefined]);
    expect(server.status().channels).toBe(1);
  });

  test('for unknown channels without end is the end of the connection', () => {
    const { miner, client } = mining('extended', { config: { limits: { strayShares: 5 } } });
    const stray = { ...solve(client), channelId: 99 };
    for (let i = 0; i < 6; i += 1) miner.says(stray);
    expect(miner.ended).toBe('too-many-refused-shares');
  });
});

test('a flood of shares is the end of its connection alone', () => {
  const limits = { sharesPerSecond: 10, floodFactor: 1, floodBurstSeconds: 2, strayShares: 1e9 };
  const { miner, client, connect } = mining('extended', { config: { limits } });
  const other = connect();
  other.open('standard');
  const share = solve(client, { wanted: 'miss' });
  for (let i = 0; i < 21; i += 1) miner.says(share);
  expect(miner.ended).toBe('share-flood');
  expect(Object.keys(CLOSE_REASONS)).toContain('share-flood');
  expect(other.ended).toBeUndefined();
});

test('shares at the rate that a server with small targets asks for are no flood', () => {
  const targets = { sharesPerMinute: 60_000, minDifficulty: 1e-9, maxDifficulty: 1e15, assumedHashrate: 1 };
  const { miner, client, clock } = mining('extended', {
    config: { targets, limits: { badSharesBeforeSendAway: 1e9 } },
  });
  const share = solve(client);
  for (let second = 0; second < 5; second += 1) {
    for (let i = 0; i < 2_000; i += 1) miner.says(share);
    clock.advance(1_000);
  }
  expect(miner.ended).toBeUndefined();
});

describe('a block', () => {
  const network = { config: {}, working: false } as const;
  const solo = (kind: 'standard' | 'extended') => {
    const made = rig(network);
    made.server.activate(template(1), tip(1, { target: NETWORK_TARGET }));
    const miner = made.connect();
    const client = miner.open(kind, { user: 'bob' });
    miner.take();
    const block = (work = client.currentWork()) =>
      solve(client, { wanted: 'block', blockTarget: NETWORK_TARGET, ...(work && { work }) });
    return { ...made, miner, client, block };
  };

  test.each(['standard', 'extended'] as const)(
    'of a %s channel goes out before it is recorded, then is acknowledged without delay',
    (kind) => {
      const { miner, block, blocks, journal } = solo(kind);
      miner.says(block());
      expect(blocks).toMatchObject([
        {
          via: `sv2-${kind}`,
          height: 800_000,
          device: 'Maker X1',
          userIdentity: new TextEncoder().encode('bob'),
          foundAtMs: NOW,
        },
      ]);
      const [found] = journal.of('BlockFound');
      expect(hashHeader(found?.header ?? bytes(80, 0))).toEqual(found?.hash);
      expect(journal.of('ShareAccepted')).toMatchObject([{ isBlock: true, hash: found?.hash }]);
      journal.sync();
      expect(miner.sent).toMatchObject([{ type: 'SubmitSharesSuccess', newSubmitsAcceptedCount: 1 }]);
    },
  );

  test('goes out although its job is stale', async () => {
    const { miner, block, blocks, server, settle } = solo('extended');
    const share = block();
    server.activate(template(2), tip(2));
    await settle();
    miner.says(share);
    expect(blocks).toHaveLength(1);
  });

  test('goes out although the journal is broken; only its credit is refused', () => {
    const { miner, block, blocks, journal } = solo('standard');
    journal.become({ kind: 'failed', reason: 'disk full', retrying: true });
    miner.says(block());
    expect(blocks).toHaveLength(1);
    expect(errors(miner)).toEqual(['ledger-unavailable']);
  });

  test.each(['failed', 'behind'] as const)(
    'is recorded once when the journal, which was %s, writes again, also when its channel has ended by then',
    (kind) => {
      const { miner, block, journal } = solo('extended');
      journal.become({ kind, reason: 'the disk', retrying: true });
      miner.says(block());
      miner.close();
      expect(journal.of('BlockFound')).toEqual([]);
      journal.become({ kind: 'ok' });
      journal.become({ kind, reason: 'the disk', retrying: true });
      journal.become({ kind: 'ok' });
      expect(journal.of('BlockFound')).toMatchObject([{ channelKey: 1, via: 'sv2-extended', height: 800_000 }]);
    },
  );

  test('goes out once, however often it is submitted', () => {
    const { miner, block, blocks } = solo('standard');
    const share = block();
    miner.says(share);
    miner.says(share);
    expect(blocks).toHaveLength(1);
    expect(errors(miner)).toEqual(['duplicate-share']);
  });

  test('is recorded and acknowledged although the way out throws', () => {
    const made = rig({
      ...network,
      deps: {
        onBlock: () => {
          throw new Error('a bug');
        },
      },
    });
    made.server.activate(template(1), tip(1, { target: NETWORK_TARGET }));
    const miner = made.connect();
    const client = miner.open('standard');
    miner.says(solve(client, { wanted: 'block', blockTarget: NETWORK_TARGET }));
    expect(made.journal.of('BlockFound')).toHaveLength(1);
    expect(miner.ended).toBeUndefined();
  });
});

describe('when the journal fails', () => {
  test('shares are refused with a code of their own until it writes again', () => {
    const { miner, client, journal } = mining();
    journal.become({ kind: 'failed', reason: 'disk full', retrying: true });
    miner.says(solve(client));
    expect(errors(miner)).toEqual(['ledger-unavailable']);
    journal.become({ kind: 'ok' });
    miner.says(solve(client, { from: 1_000 }));
    journal.sync();
    expect(errors(miner)).toHaveLength(1);
  });

  test('a channel that is opened meanwhile is in the journal before anything that it does', () => {
    const { server, connect, journal } = rig();
    server.activate(template(1), tip(1, { target: NETWORK_TARGET }));
    const miner = connect();
    journal.become({ kind: 'failed', reason: 'disk full', retrying: true });
    const wanted = ['share', 'miss', 'block'] as const;
    const clients = wanted.map((user) => miner.open('standard', { user }));
    journal.become({ kind: 'ok' });
    clients.forEach((client, i) => {
      miner.says(solve(client, { wanted: wanted[i] ?? 'share', blockTarget: NETWORK_TARGET }));
      miner.says(solve(client, { blockTarget: NETWORK_TARGET, from: 1_000 }));
    });
    expect(journal.records.map(({ type }) => type)).toEqual([
      ...['ChannelOpened', 'ShareAccepted', 'ShareAccepted'],
      ...['ChannelOpened', 'ShareRejected', 'ShareAccepted'],
      ...['ChannelOpened', 'BlockFound', 'ShareAccepted', 'ShareAccepted'],
    ]);
    const opened = journal.of('ChannelOpened').map(({ userIdentity }) => new TextDecoder().decode(userIdentity));
    expect(opened).toEqual(wanted);
  });

  test('for good, shares that waited for it are refused too; while it retries they wait', () => {
    const { miner, client, journal } = mining();
    miner.says(solve(client));
    journal.become({ kind: 'failed', reason: 'disk full', retrying: true });
    expect(miner.sent).toEqual([]);
    journal.become({ kind: 'failed', reason: 'disk gone', retrying: false });
    expect(miner.sent).toMatchObject([
      { type: 'SubmitSharesError', sequenceNumber: 1, errorCode: 'ledger-unavailable' },
    ]);
  });
});

describe('when the ledger takes nothing for long', () => {
  const FAILED = { kind: 'failed', reason: 'disk full', retrying: true } as const;
  const { ledgerOutageMs } = MINING_SERVER_LIMITS;
  const config = { limits: { ledgerOutageMs } };

  test('a short hiccup scatters no miners, and does not add up with the next', () => {
    const { miner, client, journal, clock } = mining('extended', { config });
    for (let hiccup = 0; hiccup < 3; hiccup += 1) {
      journal.become(FAILED);
      clock.advance(ledgerOutageMs - 1_000);
      journal.become({ kind: 'ok' });
      clock.advance(1_000);
    }
    expect([client.phase, miner.ended]).toEqual(['open', undefined]);
  });

  test('channels are closed and others refused until it writes again; then all works by itself', () => {
    const { miner, client, journal, clock, connect } = mining('extended', { config });
    journal.become(FAILED);
    clock.advance(ledgerOutageMs);
    expect(miner.of('CloseChannel')).toMatchObject([{ reasonCode: 'ledger-unavailable' }]);
    expect([client.phase, miner.ended]).toEqual(['closed', 'ledger-unavailable']);
    expect(connect().refused).toEqual({ kind: 'refuse', errorCode: 'ledger-unavailable' });
    clock.advance(10 * ledgerOutageMs);
    expect(connect().refused).toEqual({ kind: 'refuse', errorCode: 'ledger-unavailable' });
    journal.become({ kind: 'ok' });
    const back = connect();
    const again = back.open('extended');
    expect(again.phase).toBe('open');
    back.says(solve(again));
    expect(errors(back)).toEqual([]);
  });

  test('a channel that waits for its authorisation meanwhile is refused with the same code', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const authorise = async () => {
      await promise;
      return { kind: 'admitted', payout: payTo(Uint8Array.of(0x51), 'pool') } as const;
    };
    const { journal, clock, connect } = rig({ config, deps: { authorise } });
    journal.become(FAILED);
    clock.advance(ledgerOutageMs - 1_000);
    const late = connect();
    late.open('standard');
    clock.advance(1_000);
    expect(late.ended).toBe('ledger-unavailable');
    resolve();
    await promise;
    expect(late.of('OpenStandardMiningChannelSuccess')).toEqual([]);
  });

  test('a disk that hangs without a word is noticed by what it does not write; one that is slow is used', () => {
    const { miner, client, journal, clock } = mining('extended', { config });
    for (let share = 0; share < 4; share += 1) {
      miner.says(solve(client, { from: share * 1_000 }));
      clock.advance(ledgerOutageMs - 1_000);
      if (share < 3) journal.sync();
    }
    expect(miner.ended).toBeUndefined();
    clock.advance(1_000);
    expect(miner.ended).toBe('ledger-unavailable');
  });

  test('a block that comes meanwhile goes out, and is recorded afterwards', () => {
    const { server, connect, blocks, journal, clock } = rig({ config });
    server.activate(template(1), tip(1, { target: NETWORK_TARGET }));
    const miner = connect();
    const client = miner.open('extended');
    journal.become(FAILED);
    clock.advance(ledgerOutageMs - 1_000);
    miner.says(solve(client, { wanted: 'block', blockTarget: NETWORK_TARGET }));
    expect(blocks).toHaveLength(1);
    clock.advance(1_000);
    expect(miner.ended).toBe('ledger-unavailable');
    journal.become({ kind: 'ok' });
    expect(journal.of('BlockFound')).toHaveLength(1);
  });
});

describe('a share on a tip that the server has not seen yet', () => {
  function ahead() {
    const made = mining();
    const prepared = template(2);
    made.server.prepare(prepared);
    return { ...made, prepared };
  }
  /** The client hears of the tip elsewhere. */
  function hearOf(client: ChannelClient, miner: TestMiner) {
    const job = miner.of('NewExtendedMiningJob').at(-1);
    const channelId = client.channel?.channelId ?? 0;
    client.receive(
      {
        type: 'SetNewPrevHash',
        channelId,
        jobId: job?.jobId ?? 0,
        prevHash: tip(2).prevHash,
        minNtime: NTIME,
        nbits: tip(2).nbits,
      },
      NOW,
    );
    const share = solve(client);
    miner.clients.splice(0);
    return share;
  }

  test('is answered when the tip comes (§5.3.14)', async () => {
    const { miner, client, server, journal, prepared, settle, clock } = ahead();
    await settle();
    miner.says(hearOf(client, miner));
    clock.advance(2_000);
    expect([...errors(miner), ...journal.of('ShareAccepted')]).toEqual([]);
    server.activate(prepared, tip(2));
    await settle();
    expect(journal.of('ShareAccepted')).toHaveLength(1);
  });

  test('is refused when the tip does not come within seconds', async () => {
    const { miner, client, settle, clock } = ahead();
    await settle();
    miner.says(hearOf(client, miner));
    clock.advance(4_000);
    expect(errors(miner)).toEqual([]);
    clock.advance(2_000);
    expect(errors(miner)).toEqual(['job-not-active']);
  });
});

test('shares from before a restart earn nothing after it: the prefix carries the boot epoch', () => {
  const run = (bootEpoch: number) => mining('standard', { journal: new FakeJournal(bootEpoch) });
  const before = run(1);
  const share = solve(before.client);
  before.miner.says(share);
  expect(before.journal.of('ShareAccepted')).toHaveLength(1);
  const after = run(2);
  after.miner.says(share);
  expect(errors(after.miner)).toEqual(['difficulty-too-low']);
  expect(after.client.channel?.extranoncePrefix).not.toEqual(before.client.channel?.extranoncePrefix);
  expect(
    new ExtranonceAllocator({ bootEpoch: 2, frontEnd: 0, epochBytes: 3, frontEndBytes: 1, indexBytes: 3 }).prefixSize,
  ).toBe(7);
});
