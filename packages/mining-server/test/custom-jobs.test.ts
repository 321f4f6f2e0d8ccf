import { difficultyFromTarget, encodeCountedOutputs, targetFromDifficulty } from '@sv2kit/bitcoin';
import { REQUIRES_WORK_SELECTION } from '@sv2kit/codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MINING_SERVER_LIMITS } from '../src/index.ts';
import { draft, selecting, TestJudge, TOKEN, workOf } from './custom-support.ts';
import {
  bytes,
  MAX_TARGET,
  NETWORK_TARGET,
  NOW,
  NTIME,
  rig,
  solve,
  template,
  tip,
  UNREACHABLE,
  type TestMiner,
} from './support.ts';

function served(judge = new TestJudge()) {
  const made = rig({ deps: { customJobs: judge } });
  return { ...made, judge, ...selecting(made) };
}

const errors = (miner: TestMiner) =>
  miner.of('SetCustomMiningJobError').map(({ requestId, errorCode }) => `${requestId} ${errorCode}`);
const accepted = (miner: TestMiner) => miner.of('SetCustomMiningJobSuccess').map(({ requestId }) => requestId);
const NEXT = tip(2);

describe('SetCustomMiningJob', () => {
  test('is answered with a job id, and shares on the job are credited (§5.3.19)', () => {
    const { miner, client, channelId, journal, judge, clock } = served();
    const message = draft(channelId);
    miner.says(message);
    expect(miner.take()).toMatchObject([{ type: 'SetCustomMiningJobSuccess', channelId, requestId: 1 }]);
    expect(judge.requests).toMatchObject([
      { userIdentity: new TextEncoder().encode('someone'), channelKeys: [1], fullExtranonceSize: 11, nowMs: NOW },
    ]);
    miner.says(solve(client, { work: workOf(miner, client, message) }));
    clock.advance(100);
    journal.sync();
    expect(miner.sent).toMatchObject([{ type: 'SubmitSharesSuccess', channelId, newSubmitsAcceptedCount: 1 }]);
  });

  test('is checked in order: channel, flag, judge, and what the judge says (§5.3.20)', () => {
    const judge = new TestJudge();
    const without = rig();
    const plain = without.connect();
    plain.open('extended');
    plain.open('standard');
    const [extended, standard] = plain.clients.map(({ channel }) => channel?.channelId ?? 0);
    for (const id of [extended, standard, 99]) plain.says(draft(id as number));
    expect(errors(plain)).toEqual(['1 work-selection-not-negotiated', '1 invalid-channel-id', '1 invalid-channel-id']);
    const selects = selecting(without);
    for (const id of [selects.channelId, 99]) selects.miner.says(draft(id));
    expect(errors(selects.miner)).toEqual(['1 jd-not-supported', '1 invalid-channel-id']);
    const { miner, channelId } = selecting(rig({ deps: { customJobs: judge } }));
    judge.verdict = { kind: 'refused', code: 'pool-payout-too-low' };
    miner.says(draft(channelId));
    judge.verdict = undefined;
    miner.says(draft(channelId, { overrides: { coinbasePrefix: bytes(3, 3) } }));
    expect(errors(miner)).toEqual(['1 pool-payout-too-low', '1 invalid-coinbase-prefix']);
  });

  test('too large for shares to be hashed with is refused before it is judged or held', () => {
    const { miner, channelId, judge } = served();
    miner.says(draft(channelId, { overrides: { coinbaseTxOutputs: bytes(16_385, 0) } }));
    miner.says(draft(channelId, { overrides: { merklePath: Array(17).fill(bytes(32, 1)) } }));
    expect(errors(miner)).toEqual(['1 invalid-coinbase-tx', '1 invalid-merkle-path']);
    expect(judge.requests).toEqual([]);
  });

  test('sent far faster than templates come is refused, and taken again later', () => {
    const { miner, channelId, clock } = served();
    const { customJobsAtOnce, customJobsPerSecond } = MINING_SERVER_LIMITS;
    for (let i = 0; i <= customJobsAtOnce; i += 1) miner.says(draft(channelId, { requestId: i }));
    expect(accepted(miner)).toHaveLength(customJobsAtOnce);
    expect(errors(miner)).toEqual([`${customJobsAtOnce} too-many-custom-jobs`]);
    clock.advance(1_000);
    for (let i = 0; i <= customJobsPerSecond; i += 1) miner.says(draft(channelId, { requestId: 100 + i }));
    expect(accepted(miner)).toHaveLength(customJobsAtOnce + customJobsPerSecond);
  });

  test('keeps its bytes when the buffer that it arrived in is used again', () => {
    const { miner, client, channelId } = served();
    const message = draft(channelId, { template: template(1, { merklePath: [bytes(32, 7)] }) });
    const arrived = structuredClone(message);
    miner.says(arrived);
    for (const field of [arrived.coinbasePrefix, arrived.coinbaseTxOutputs, arrived.prevHash, ...arrived.merklePath]) {
      field.fill(0);
    }
    miner.says(solve(client, { work: workOf(miner, client, message) }));
    expect(miner.of('SubmitSharesError')).toEqual([]);
  });
});

describe('a job of the client', () => {
  test('is judged by the target that it was set under, which goes out before its Success (§5.3.21)', () => {
    const judge = new TestJudge();
    const targets = { sharesPerMinute: 6, minDifficulty: 1e-12, maxDifficulty: 1e15, assumedHashrate: 1e12 };
    const made = rig({ deps: { customJobs: judge }, config: { targets } });
    const { miner, client, channelId } = selecting(made);
    const first = draft(channelId);
    miner.says(first);
    const work = workOf(miner, client, first);
    for (let i = 0; i < 60; i += 1) {
      made.clock.advance(100);
      miner.says(solve(client, { work, from: i * 1_000 }));
    }
    miner.take();
    const second = draft(channelId, { requestId: 2, template: template(2) });
    miner.says(second);
    const after = workOf(miner, client, second);
    expect(difficultyFromTarget(after.target)).toBeGreaterThan(difficultyFromTarget(work.target) * 2);
    const easy = solve(client, { work, from: 90_000 });
    miner.take();
    miner.says(easy);
    expect(miner.of('SubmitSharesError')).toEqual([]);
  });

  test('set again with an equal coinbase keeps its target, and its client is told so (§5.3.21)', () => {
    const { miner, client, channelId } = served();
    const first = draft(channelId);
    miner.says(first);
    const { target } = workOf(miner, client, first);
    miner.says({ type: 'UpdateChannel', channelId, nominalHashRate: 160, maximumTarget: MAX_TARGET });
    const present = client.channel?.target as Uint8Array;
    expect(difficultyFromTarget(present)).toBeGreaterThan(difficultyFromTarget(target) * 50);
    miner.take();
    const again = draft(channelId, { requestId: 2 });
    miner.says(again);
    expect(miner.take()).toMatchObject([
      { type: 'SetTarget', maximumTarget: target },
      { type: 'SetCustomMiningJobSuccess', requestId: 2 },
      { type: 'SetTarget', maximumTarget: present },
    ]);
    expect(workOf(miner, client, again).target).toEqual(target);
    miner.says(solve(client, { work: workOf(miner, client, again) }));
    expect(miner.of('SubmitSharesError')).toEqual([]);
    miner.says(draft(channelId, { requestId: 3, template: template(2) }));
    expect(miner.of('SetTarget')).toEqual([]);
  });

  test('is credited in the part that it pays, in SubmitShares.Success and in the journal (§6.4.3)', () => {
    const { miner, client, channelId, journal, judge, server } = served();
    judge.credit = 0.75;
    const harder = targetFromDifficulty(1e-9);
    miner.says({ type: 'UpdateChannel', channelId, nominalHashRate: 1.6, maximumTarget: harder });
    const message = draft(channelId);
    miner.says(message);
    const work = workOf(miner, client, message);
    const shares = 40;
    for (let i = 0; i < shares; i += 1) miner.says(solve(client, { work, from: i * 100_000 }));
    const proven = difficultyFromTarget(work.target);
    expect(journal.of('CustomJobAccepted')).toEqual([
      {
        type: 'CustomJobAccepted',
        timeMs: NOW,
        channelKey: 1,
        jobId: work.jobId,
        mode: 'full-template',
        tokenId: TOKEN,
        prevHash: tip(1).prevHash,
        height: 800_000,
        difficulty: proven,
        credit: 0.75,
        payout: 468_750_000n,
        value: 625_000_000n,
      },
    ]);
    for (const share of journal.of('ShareAccepted')) expect(share.difficulty).toBeCloseTo(proven * 0.75, 12);
    const [status] = server.status().channelList;
    expect(status?.work).toBeCloseTo(shares * proven * 0.75, 9);
    expect(status?.hashrate).toBeGreaterThan(0);
  });

  test('is acknowledged with the sum of what is credited (§5.3.13)', () => {
    const { miner, client, channelId, journal, judge, clock } = served();
    // A target that a test can meet proves a billionth of difficulty 1, and the sum is whole.
    judge.credit = 1e12;
    const message = draft(channelId);
    miner.says(message);
    const work = workOf(miner, client, message);
    miner.take();
    for (let i = 0; i < 3; i += 1) miner.says(solve(client, { work, from: i * 100_000 }));
    clock.advance(100);
    journal.sync();
    const newSharesSum = BigInt(Math.floor(3e12 * difficultyFromTarget(work.target)));
    expect(newSharesSum).toBeGreaterThan(100n);
    expect(miner.sent).toMatchObject([{ type: 'SubmitSharesSuccess', newSubmitsAcceptedCount: 3, newSharesSum }]);
  });

  test.each([
    ['full-template', 'declared-full-template'],
    ['coinbase-only', 'coinbase-only'],
  ] as const)('found as a block in %s mode has a path of its own', (mode, path) => {
    const { miner, client, channelId, journal, blocks, judge } = served();
    judge.mode = mode;
    judge.tips[0] = tip(1, { target: NETWORK_TARGET });
    const message = draft(channelId);
    miner.says(message);
    miner.says(solve(client, { work: workOf(miner, client, message), wanted: 'block', blockTarget: NETWORK_TARGET }));
    expect(blocks).toMatchObject([{ path, height: 800_000, via: 'sv2-extended' }]);
    expect(blocks[0]?.solution.job.origin).toEqual({ kind: 'custom', mode, tokenId: TOKEN });
    expect(journal.of('BlockFound')).toMatchObject([{ path, height: 800_000 }]);
  });

  test('counts on for seconds after a tip of the pool that its client has not heard of, then is stale', async () => {
    const { miner, client, channelId, server, settle, clock } = served();
    const message = draft(channelId);
    miner.says(message);
    const work = workOf(miner, client, message);
    server.activate(template(2, { coinbasePrefix: Uint8Array.of(3, 1, 53, 12) }), NEXT);
    await settle();
    clock.advance(MINING_SERVER_LIMITS.staleCustomJobMs - 1_000);
    miner.says(solve(client, { work }));
    expect(miner.of('SubmitSharesError')).toEqual([]);
    clock.advance(2_000);
    miner.says(solve(client, { work, from: 10_000 }));
    expect(miner.of('SubmitSharesError').map(({ errorCode }) => errorCode)).toEqual(['stale-share']);
  });

  test('is stale seconds after it, although rivals of that tip come and go', async () => {
    const { miner, client, channelId, server, settle, clock } = served();
    const message = draft(channelId);
    miner.says(message);
    const work = workOf(miner, client, message);
    for (let i = 0; i < 4; i += 1) {
      server.activate(template(2, { coinbasePrefix: Uint8Array.of(3, 1, 53, 12) }), tip(2 + (i % 2)));
      await settle();
      clock.advance(2_000);
    }
    miner.says(solve(client, { work }));
    expect(miner.of('SubmitSharesError').map(({ errorCode }) => errorCode)).toEqual(['stale-share']);
  });

  test('on a rival of the pool’s tip, or ahead of it, does not go stale with time', async () => {
    const { miner, client, channelId, server, settle, clock } = served();
    const message = draft(channelId);
    miner.says(message);
    const work = workOf(miner, client, message);
    server.activate(template(2), NEXT);
    await settle();
    clock.advance(60_000);
    miner.says(solve(client, { work }));
    expect(miner.of('SubmitSharesError')).toEqual([]);
  });

  test('is in the journal before its shares, also when that took nothing when the job was set', () => {
    const { miner, client, channelId, journal } = served();
    journal.become({ kind: 'behind', reason: 'slow' });
    const message = draft(channelId);
    miner.says(message);
    journal.become({ kind: 'ok' });
    miner.says(solve(client, { work: workOf(miner, client, message) }));
    expect(journal.records.map(({ type }) => type)).toEqual(['ChannelOpened', 'CustomJobAccepted', 'ShareAccepted']);
  });
});

test('shares on a job with a large coinbase count for more against a flood: each is hashed whole', () => {
  const limits = { sharesPerSecond: 8, floodBurstSeconds: 1, floodFactor: 1 };
  const flood = (script: number) => {
    const made = rig({ deps: { customJobs: new TestJudge() }, config: { limits } });
    const { miner, client, channelId } = selecting(made);
    const coinbaseTxOutputs = encodeCountedOutputs([{ value: 1n, script: bytes(script, 0x51) }]);
    const message = draft(channelId, { overrides: { coinbaseTxOutputs } });
    miner.says(message);
    const work = workOf(miner, client, message);
    let shares = 0;
    for (; miner.ended === undefined; shares += 1) miner.says(solve(client, { work, from: shares * 1_000 }));
    return [miner.ended, shares];
  };
  expect(flood(100)).toEqual(['share-flood', 9]);
  expect(flood(16_000)).toEqual(['share-flood', 3]);
});

describe('a group of channels that bring their jobs', () => {
  test('gets one job for all of its members, each with its own prefix and share memory (§5.2.3)', () => {
    const { connect, judge } = served();
    const miner = connect(REQUIRES_WORK_SELECTION);
    const clients = [miner.open('extended'), miner.open('extended')];
    const group = clients[0]?.channel?.groupChannelId ?? 0;
    expect(clients[1]?.channel?.groupChannelId).toBe(group);
    const message = draft(group);
    miner.says(message);
    expect(miner.of('SetCustomMiningJobSuccess')).toMatchObject([{ channelId: group }]);
    expect(judge.requests.at(-1)?.channelKeys).toEqual([2, 3]);
    for (const client of clients) {
      const extranoncePrefix = client.channel?.extranoncePrefix ?? bytes(0, 0);
      const work = workOf(miner, client, message);
      if (work.space.kind !== 'extended') throw new Error('not extended');
      miner.says(solve(client, { work: { ...work, space: { ...work.space, extranoncePrefix } } }));
    }
    expect(miner.of('SubmitSharesError')).toEqual([]);
  });

  test('has one user, because a token is one user’s', () => {
    const { connect } = served();
    const miner = connect(REQUIRES_WORK_SELECTION);
    const groupOf = (user: string) => miner.open('extended', { user }).channel?.groupChannelId;
    expect(groupOf('alice')).not.toBe(groupOf('bob'));
    expect(groupOf('alice')).toBe(groupOf('alice'));
  });
});

test('a client that brings its jobs opens few channels: each job is one of every channel of a group', () => {
  const made = rig({
    deps: { customJobs: new TestJudge() },
    config: { limits: { channelsWithWorkSelection: 3, opensPerSecond: 100 } },
  });
  const miner = made.connect(REQUIRES_WORK_SELECTION);
  const phases = [1, 2, 3, 4].map(() => miner.open('extended').phase);
  expect(phases).toEqual(['open', 'open', 'open', 'closed']);
  expect(miner.of('OpenMiningChannelError')).toMatchObject([{ errorCode: 'channel-limit-reached' }]);
  const other = made.connect();
  expect([1, 2, 3, 4].map(() => other.open('extended').phase)).toEqual(['open', 'open', 'open', 'open']);
});

test('a prefix that was given back rests while its tip may come back', async () => {
  const { server, settle, connect } = served();
  const prefixes = new Set<string>();
  const walk = [tip(1), NEXT, tip(1), NEXT, tip(1)];
  for (const onTip of walk) {
    server.activate(template(1), onTip);
    await settle();
    const miner = connect(REQUIRES_WORK_SELECTION);
    const client = miner.open('extended');
    prefixes.add(String(client.channel?.extranoncePrefix));
    miner.close();
  }
  expect(prefixes.size).toBe(walk.length);
});

describe('a job on a tip that the server has not seen', () => {
  test('is held, and judged when the tip is seen', () => {
    const { miner, channelId, judge, server } = served();
    miner.says(draft(channelId, { tip: NEXT }));
    expect(miner.sent).toEqual([]);
    server.tipSeen();
    expect(miner.sent).toEqual([]);
    judge.tips.push(NEXT);
    server.tipSeen();
    expect(accepted(miner)).toEqual([1]);
    server.tipSeen();
    expect(miner.sent).toHaveLength(1);
  });

  test('is judged when the template of the tip comes', () => {
    const { miner, channelId, judge, server } = served();
    miner.says(draft(channelId, { tip: NEXT }));
    judge.tips.push(NEXT);
    server.activate(template(2), NEXT);
    expect(accepted(miner)).toEqual([1]);
  });

  test('is refused as unknown-chain-tip when the tip does not come within seconds', () => {
    const { miner, channelId, clock, judge, server } = served();
    miner.says(draft(channelId, { tip: NEXT }));
    clock.advance(4_000);
    expect(miner.sent).toEqual([]);
    clock.advance(2_000);
    expect(errors(miner)).toEqual(['1 unknown-chain-tip']);
    judge.tips.push(NEXT);
    server.tipSeen();
    expect(miner.sent).toHaveLength(1);
  });

  test('becomes a job before what came after it on the connection', () => {
    const { miner, client, channelId, judge } = served();
    const first = draft(channelId, { tip: NEXT });
    miner.says(first);
    judge.tips.push(NEXT);
    const second = draft(channelId, { requestId: 2, tip: NEXT, template: template(3) });
    miner.says(second);
    expect(accepted(miner)).toEqual([1, 2]);
    miner.says(solve(client, { work: workOf(miner, client, second) }));
    expect(miner.of('SubmitSharesError')).toEqual([]);
  });

  test('is refused at once beyond a bound per connection, and one for all together', () => {
    const limits = { heldCustomJobs: 2, heldCustomJobsInAll: 3 };
    const made = rig({ deps: { customJobs: new TestJudge() }, config: { limits } });
    const [a, b] = [selecting(made), selecting(made)];
    for (const { miner, channelId } of [a, b]) {
      for (const requestId of [1, 2, 3]) miner.says(draft(channelId, { requestId, tip: NEXT }));
    }
    expect(errors(a.miner)).toEqual(['3 unknown-chain-tip']);
    expect(errors(b.miner)).toEqual(['2 unknown-chain-tip', '3 unknown-chain-tip']);
    a.miner.close();
    const c = selecting(made);
    for (const requestId of [1, 2, 3]) c.miner.says(draft(c.channelId, { requestId, tip: NEXT }));
    expect(errors(c.miner)).toEqual(['3 unknown-chain-tip']);
  });

  test('has a place, however many others wait: a crowd costs no honest client its job', () => {
    const limits = { heldCustomJobs: 2, heldCustomJobsInAll: 3 };
    const made = rig({ deps: { customJobs: new TestJudge() }, config: { limits } });
    for (let i = 0; i < 3; i += 1) {
      const { miner, channelId } = selecting(made);
      for (const requestId of [1, 2, 3]) miner.says(draft(channelId, { requestId, tip: NEXT }));
    }
    const { miner, channelId } = selecting(made);
    for (const requestId of [1, 2]) miner.says(draft(channelId, { requestId, tip: NEXT }));
    expect(errors(miner)).toEqual(['2 unknown-chain-tip']);
  });

  test('is dropped with its connection, and refused when its channel has been closed', () => {
    const { miner, channelId, judge, server, connect } = served();
    miner.says(draft(channelId, { tip: NEXT }));
    miner.says({ type: 'CloseChannel', channelId, reasonCode: '' });
    const other = connect(REQUIRES_WORK_SELECTION);
    const id = other.open('extended').channel?.channelId ?? 0;
    other.take();
    other.says(draft(id, { tip: NEXT }));
    other.close();
    judge.tips.push(NEXT);
    const { length } = judge.requests;
    server.tipSeen();
    expect(errors(miner)).toEqual(['1 invalid-channel-id']);
    expect(other.sent).toEqual([]);
    expect(judge.requests).toHaveLength(length);
  });

  test('ends its connection alone where judging it fails', () => {
    const { miner, channelId, judge, server } = served();
    miner.says(draft(channelId, { tip: NEXT }));
    judge.judge = () => {
      throw new Error('broken');
    };
    server.tipSeen();
    expect(miner.ended).toBe('internal-error');
  });
});

test('whatever a client sets, and whenever tips come, each request is answered once (§5.3.19, §5.3.20)', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), on: fc.integer({ min: 1, max: 4 }), channel: fc.nat({ max: 3 }) }),
    fc.record({ kind: fc.constant('tip' as const), on: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 4_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const { miner, channelId, judge, server, clock } = served();
      const ids = [channelId, channelId + 1, 77, miner.open('extended').channel?.channelId ?? 0];
      miner.take();
      const asked: number[] = [];
      for (const each of events) {
        if (each.kind === 'wait') clock.advance(each.ms);
        else if (each.kind === 'tip') {
          judge.tips.push(tip(each.on));
          server.tipSeen();
        } else {
          asked.push(asked.length);
          const requestId = asked.length - 1;
          miner.says(draft(ids[each.channel] as number, { requestId, tip: tip(each.on), template: template(each.on) }));
        }
      }
      clock.advance(6_000);
      const answers = [...miner.of('SetCustomMiningJobSuccess'), ...miner.of('SetCustomMiningJobError')];
      expect(answers.map(({ requestId }) => requestId).toSorted((a, b) => a - b)).toEqual(asked);
    }),
    { numRuns: 60 },
  );
});

test('a share below min_ntime of the job is refused, although the tip would take it', () => {
  const { miner, client, channelId, judge } = served();
  judge.tips[0] = tip(1, { target: UNREACHABLE, minNtime: NTIME });
  const message = draft(channelId, { minNtime: NTIME + 5 });
  miner.says(message);
  const work = workOf(miner, client, message);
  miner.says(solve(client, { work: { ...work, minNtime: NTIME + 4 } }));
  expect(miner.of('SubmitSharesError').map(({ errorCode }) => errorCode)).toEqual(['invalid-ntime']);
});
