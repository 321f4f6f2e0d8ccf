import {
  decodeHeader,
  difficultyFromTarget,
  hashHeader,
  meetsTarget,
  merkleRoot,
  parseTransaction,
} from '@sv2kit/bitcoin';
import { describe, expect, test } from 'vitest';
import { ExtranonceAllocator, EXTRANONCE_LAYOUT, padPrefix, ShareBudget, StandardChannel } from '../src/index.ts';
import {
  bytes,
  extended,
  job,
  MAX_TARGET,
  mining,
  NETWORK_TARGET,
  NOW,
  NTIME,
  recipe,
  SHARE_TARGET,
  solve,
  standard,
  template,
  tip,
  UNREACHABLE,
  VERSION,
} from './support.ts';

const rejected = (code: string) => ({ kind: 'rejected', code });
const accepted = {
  kind: 'accepted',
  credit: 1,
  work: difficultyFromTarget(SHARE_TARGET),
  hash: expect.any(Uint8Array),
};

describe.each([
  ['standard', standard],
  ['extended', extended],
] as const)('a share on a %s channel', (_, open) => {
  test('is accepted with the difficulty of its job (§5.3.13)', () => {
    const channel = mining(open());
    expect(channel.submit(solve(channel, job(1)), NOW)).toEqual(accepted);
  });

  test('is refused as a duplicate the second time, also after newer jobs of the same tip (§5.3.14)', () => {
    const channel = mining(open());
    const share = solve(channel, job(1));
    channel.submit(share, NOW);
    channel.addActiveJob(job(2), NTIME, NOW);
    expect(channel.submit({ ...share, sequenceNumber: 2 }, NOW)).toEqual(rejected('duplicate-share'));
  });

  test('stays a duplicate when the same prev-hash comes again with another min_ntime', () => {
    const channel = mining(open());
    const share = solve(channel, job(1));
    channel.submit(share, NOW);
    channel.addFutureJob(job(2));
    channel.setNewPrevHash(2, tip(1, { minNtime: NTIME + 5 }), NTIME + 5, NOW);
    expect(channel.submit(share, NOW)).toEqual(rejected('duplicate-share'));
    expect(channel.submit(solve(channel, job(1), { nonce: share.nonce + 1 }), NOW)).toEqual(accepted);
  });

  test('is refused above its target (§5.3.21)', () => {
    const channel = mining(open());
    expect(channel.submit(solve(channel, job(1), { wanted: 'miss' }), NOW)).toEqual(rejected('difficulty-too-low'));
  });

  test('is refused for a job that was never sent', () => {
    const channel = mining(open());
    expect(channel.submit({ ...solve(channel, job(1)), jobId: 99 }, NOW)).toEqual(rejected('invalid-job-id'));
  });

  test('is refused when its job went stale with the last prev-hash (§5.3.17)', () => {
    const channel = mining(open());
    const share = solve(channel, job(1));
    channel.addFutureJob(job(2));
    channel.setNewPrevHash(2, tip(2), NTIME, NOW);
    expect(channel.submit(share, NOW)).toEqual(rejected('stale-share'));
  });

  test('is accepted for an older job of the same tip, and stale once newer ones have pushed that out', () => {
    const channel = mining(open({ limits: { liveJobs: 3 } }));
    const first = solve(channel, job(1));
    for (const id of [2, 3]) channel.addActiveJob(job(id), NTIME, NOW);
    expect(channel.submit(first, NOW)).toEqual(accepted);
    channel.addActiveJob(job(4), NTIME, NOW);
    expect(channel.submit(first, NOW)).toEqual(rejected('stale-share'));
    expect(channel.submit(solve(channel, job(2)), NOW)).toEqual(accepted);
  });

  test('is refused with an ntime below the min_ntime of its job, or beyond what the network takes', () => {
    const channel = mining(open());
    const at = (ntime: number) => channel.submit(solve(channel, job(1), { ntime }), NOW);
    expect(at(NTIME - 1)).toEqual(rejected('invalid-ntime'));
    expect(at(NTIME)).toEqual(accepted);
    expect(at(NOW / 1000 + 7_140)).toEqual(accepted);
    expect(at(NOW / 1000 + 7_141)).toEqual(rejected('invalid-ntime'));
  });

  test('is not refused for its time because the clock of the server is slow', () => {
    const channel = mining(open());
    expect(channel.submit(solve(channel, job(1)), NOW - 86_400_000)).toEqual(accepted);
  });

  test('may roll the bits that BIP323 frees and no other', () => {
    const channel = mining(open());
    const at = (version: number) => channel.submit(solve(channel, job(1), { version }), NOW);
    expect(at(VERSION | 0x1fffffe0)).toEqual(accepted);
    expect(at(VERSION | 0x10)).toEqual(rejected('invalid-version-bits'));
    expect(at(VERSION ^ 0x40000000)).toEqual(rejected('invalid-version-bits'));
  });

  test('may roll no bit of a job that forbids it (§5.3.16)', () => {
    const fixed = job(1, { recipe: recipe({ versionMask: 0 }) });
    const channel = mining(open(), tip(1), fixed);
    const share = solve(channel, fixed, { version: VERSION | 0x20 });
    expect(channel.submit(share, NOW)).toEqual(rejected('version-rolling-not-allowed'));
    expect(channel.submit(solve(channel, fixed), NOW)).toEqual(accepted);
  });

  test('is judged by the target of its job, not by the one set since (§5.3.21)', () => {
    const channel = mining(open());
    channel.setTarget(UNREACHABLE);
    expect(channel.submit(solve(channel, job(1)), NOW)).toEqual(accepted);
    channel.addActiveJob(job(2), NTIME, NOW);
    expect(channel.submit(solve(channel, job(2)), NOW)).toEqual(rejected('difficulty-too-low'));
  });

  test('of a future job is judged by the target at activation (§5.3.21)', () => {
    const channel = mining(open());
    channel.addFutureJob(job(2));
    channel.setTarget(UNREACHABLE);
    channel.setNewPrevHash(2, tip(2), NTIME, NOW);
    expect(channel.submit(solve(channel, job(2), { tip: tip(2) }), NOW)).toEqual(rejected('difficulty-too-low'));
  });

  test('uses the prefix of the moment its job was sent (§5.3.10)', () => {
    const channel = mining(open());
    const next = job(2);
    channel.addFutureJob(next);
    const share = solve(channel, next, { tip: tip(2) });
    channel.setExtranoncePrefix(bytes(channel.extranoncePrefix.length, 8));
    channel.setNewPrevHash(2, tip(2), NTIME, NOW);
    expect(channel.submit(share, NOW)).toEqual(accepted);
    channel.addActiveJob(job(3), NTIME, NOW);
    expect(channel.submit(solve(channel, job(3), { tip: tip(2) }), NOW)).toEqual(accepted);
  });

  test('is refused when the process can remember no more shares, and a new tip makes room again', () => {
    const budget = new ShareBudget(16);
    const channel = mining(open({ budget }));
    const submit = (from: number) => channel.submit(solve(channel, job(1), { nonce: from }), NOW);
    for (let i = 0; i < 12; i += 1) expect(submit(i * 1_000)).toEqual(accepted);
    expect(submit(12_000)).toEqual(rejected('share-budget-exhausted'));
    expect(submit(0)).toEqual(rejected('duplicate-share'));
    channel.addFutureJob(job(2));
    channel.setNewPrevHash(2, tip(2), NTIME, NOW);
    expect(budget.used).toBe(0);
    expect(channel.submit(solve(channel, job(2), { tip: tip(2) }), NOW)).toEqual(accepted);
  });
});

describe('a block', () => {
  const block = { wanted: 'block' } as const;

  test.each([['standard', standard] as const, ['extended', extended] as const])(
    'of a %s channel comes with all that a node needs (§7.7)',
    (_, open) => {
      const channel = mining(open());
      const of = job(1);
      const share = solve(channel, of, block);
      const outcome = channel.submit(share, NOW);
      if (outcome.kind !== 'block') throw new Error(outcome.kind);
      const { header, hash, coinbase, job: solved } = outcome.solution;
      const root = merkleRoot(parseTransaction(coinbase).txid, template(1n).merklePath);
      expect(decodeHeader(header)).toMatchObject({
        version: share.version,
        ntime: share.ntime,
        nonce: share.nonce,
        merkleRoot: root,
      });
      expect(hashHeader(header)).toEqual(hash);
      expect(meetsTarget(hash, NETWORK_TARGET)).toBe(true);
      expect(parseTransaction(coinbase).txid).not.toEqual(parseTransaction(coinbase).wtxid);
      expect(solved.origin).toMatchObject({ kind: 'template', template: { templateId: 1n } });
    },
  );

  test('has no witness when its template commits to none (§3.7)', () => {
    const bare = job(1, {
      template: template(1n, { coinbaseTxOutputs: new Uint8Array(0), coinbaseTxOutputsCount: 0 }),
    });
    const channel = mining(extended(), tip(1), bare);
    const outcome = channel.submit(solve(channel, bare, block), NOW);
    if (outcome.kind !== 'block') throw new Error(outcome.kind);
    const { txid, wtxid } = parseTransaction(outcome.solution.coinbase);
    expect(txid).toEqual(wtxid);
  });

  test('goes out although its job is stale, once', () => {
    const channel = mining(extended());
    const share = solve(channel, job(1), block);
    channel.addFutureJob(job(2));
    channel.setNewPrevHash(2, tip(2), NTIME, NOW);
    expect(channel.submit(share, NOW)).toMatchObject({ kind: 'block' });
    expect(channel.submit(share, NOW)).toEqual(rejected('duplicate-share'));
  });

  test('earns nothing again when it is submitted after the tip that it became', () => {
    const channel = mining(extended());
    const share = solve(channel, job(1), block);
    expect(channel.submit(share, NOW)).toMatchObject({ kind: 'block' });
    channel.addFutureJob(job(2));
    channel.setNewPrevHash(2, tip(2), NTIME, NOW);
    expect(channel.submit(share, NOW)).toEqual(rejected('duplicate-share'));
  });

  test('goes out although it misses a harder share target, and is credited with what it proves', () => {
    const channel = mining(standard({ target: UNREACHABLE }));
    const share = solve(channel, job(1), { ...block, target: UNREACHABLE });
    expect(channel.submit(share, NOW)).toMatchObject({ kind: 'block', work: difficultyFromTarget(NETWORK_TARGET) });
  });

  test('goes out whatever its ntime and version', () => {
    const channel = mining(extended());
    for (const odd of [{ ntime: NTIME - 100 }, { ntime: NTIME + 100_000 }, { version: 1 }]) {
      expect(channel.submit(solve(channel, job(1), { ...block, ...odd }), NOW)).toMatchObject({ kind: 'block' });
    }
  });
});

describe('a share of the wrong form', () => {
  test('is refused when it is for the other kind of channel', () => {
    const channel = mining(standard());
    const share = solve(mining(extended()), job(1));
    expect(channel.submit(share, NOW)).toEqual(rejected('invalid-channel-type'));
  });

  test.each([0, 3, 5, 32])('is refused with an extranonce of %i bytes instead of 4 (§5.3.12)', (length) => {
    const channel = mining(extended());
    const share = { ...solve(channel, job(1)), extranonce: bytes(length, 9) };
    expect(channel.submit(share, NOW)).toEqual(rejected('bad-extranonce-size'));
  });
});

describe('a share on a tip that the server has not seen yet', () => {
  const early = () => {
    const channel = mining(extended({ limits: { heldShares: 2 } }));
    channel.addFutureJob(job(2));
    return channel;
  };

  test('is held and judged when the tip arrives (§5.3.14)', () => {
    const channel = early();
    const share = solve(channel, job(2), { tip: tip(2) });
    expect(channel.submit(share, NOW)).toEqual({ kind: 'held' });
    expect(channel.setNewPrevHash(2, tip(2), NTIME, NOW + 100)).toEqual([
      { share, outcome: accepted, receivedAtMs: NOW },
    ]);
    expect(channel.submit(share, NOW + 200)).toEqual(rejected('duplicate-share'));
  });

  test('survives the reuse of the buffer that it arrived in', () => {
    const channel = early();
    const share = solve(channel, job(2), { tip: tip(2) });
    channel.submit(share, NOW);
    if (share.type === 'SubmitSharesExtended') share.extranonce.fill(0);
    const [settled] = channel.setNewPrevHash(2, tip(2), NTIME, NOW);
    expect(settled?.outcome).toEqual(accepted);
  });

  test('is refused when the tip does not come in time', () => {
    const channel = early();
    const share = solve(channel, job(2), { tip: tip(2) });
    channel.submit(share, NOW);
    expect(channel.expireHeld(NOW + 4_999)).toEqual([]);
    expect(channel.expireHeld(NOW + 5_000)).toMatchObject([{ outcome: rejected('job-not-active') }]);
    expect(channel.expireHeld(NOW + 5_000)).toEqual([]);
  });

  test('is refused at once when too many wait', () => {
    const channel = early();
    const share = solve(channel, job(2), { tip: tip(2) });
    channel.submit(share, NOW);
    channel.submit(share, NOW);
    expect(channel.submit(share, NOW)).toEqual(rejected('job-not-active'));
  });

  test('is stale when another job was activated', () => {
    const channel = early();
    channel.submit(solve(channel, job(2), { tip: tip(2) }), NOW);
    channel.addFutureJob(job(3));
    expect(channel.setNewPrevHash(3, tip(2), NTIME, NOW)).toMatchObject([{ outcome: rejected('stale-share') }]);
  });

  test('is refused when its channel closes', () => {
    const channel = early();
    channel.submit(solve(channel, job(2), { tip: tip(2) }), NOW);
    expect(channel.close()).toMatchObject([{ outcome: rejected('invalid-channel-id') }]);
  });
});

describe('the server itself', () => {
  test('may not name a job in SetNewPrevHash that was not sent as a future one (§5.3.17)', () => {
    const channel = mining(extended());
    channel.addActiveJob(job(2), NTIME, NOW);
    for (const id of [1, 2, 3]) expect(() => channel.setNewPrevHash(id, tip(2), NTIME, NOW)).toThrow(`job ${id}`);
  });

  test('may not send a job of another extranonce size (§5.2.3)', () => {
    const other = job(2, { recipe: recipe({ extranonceSize: 11 }) });
    expect(() => mining(extended()).addFutureJob(other)).toThrow('another extranonce size');
  });

  test('may not set a target above what the client can do (§5.3.2)', () => {
    expect(() => extended({ target: SHARE_TARGET, maxTarget: NETWORK_TARGET })).toThrow('max_target');
    const channel = extended({ target: NETWORK_TARGET, maxTarget: SHARE_TARGET });
    expect(() => channel.setTarget(MAX_TARGET)).toThrow('max_target');
    expect(channel.setMaxTarget(UNREACHABLE)).toBe(true);
  });

  test('gives no credit after a restart for shares from before it', () => {
    const at = (bootEpoch: number) => {
      const allocator = new ExtranonceAllocator({ bootEpoch, frontEnd: 0, ...EXTRANONCE_LAYOUT });
      const prefix = allocator.lease()?.prefix ?? bytes(0, 0);
      const of = job(1, { recipe: recipe({ extranonceSize: 9 }) });
      const channel = new StandardChannel({
        channelId: 1,
        extranoncePrefix: padPrefix(prefix, 9),
        target: NETWORK_TARGET,
        maxTarget: MAX_TARGET,
        budget: new ShareBudget(64),
      });
      return { of, channel: mining(channel, tip(1, { target: UNREACHABLE }), of) };
    };
    const before = at(1);
    const share = solve(before.channel, before.of, { tip: tip(1, { target: UNREACHABLE }), target: NETWORK_TARGET });
    expect(before.channel.submit(share, NOW)).toMatchObject({ kind: 'accepted' });
    expect(at(2).channel.submit(share, NOW)).toEqual(rejected('difficulty-too-low'));
  });
});
