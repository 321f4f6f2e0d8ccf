import { encodeCountedOutputs, joinCoinbase, parseTransaction, targetFromBigint } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { customJob, type Job, payTo, templateJob } from '../src/index.ts';
import {
  bytes,
  custom,
  extended,
  mining,
  NOW,
  NTIME,
  recipe,
  setCustomMiningJob,
  SHARE_TARGET,
  solve,
  standard,
  template,
  TERMS,
  tip,
  UNREACHABLE,
} from './support.ts';

const rejected = (code: string) => ({ kind: 'rejected', code });
const EASY = targetFromBigint((1n << 255n) - 1n);

describe('a job from SetCustomMiningJob', () => {
  const anyBytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
  const u32 = fc.nat({ max: 0xffff_ffff });

  test('is the job that its client makes of the same template, byte for byte (§5.3.18)', () => {
    const drafts = fc.record({
      tag: anyBytes(0, 40),
      extranonceSize: fc.integer({ min: 1, max: 32 }),
      script: anyBytes(0, 60),
      version: u32,
      sequence: u32,
      locktime: u32,
      segwit: fc.boolean(),
      merklePath: fc.array(anyBytes(32, 32), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(drafts, ({ tag, extranonceSize, script, version, sequence, locktime, segwit, merklePath }) => {
        const of = template(1n, {
          version,
          merklePath,
          coinbaseTxInputSequence: sequence,
          coinbaseTxLocktime: locktime,
          ...(segwit ? {} : { coinbaseTxOutputsCount: 0, coinbaseTxOutputs: bytes(0, 0) }),
        });
        const made = templateJob(
          1,
          of,
          recipe({ tag, extranonceSize, numbered: false, payout: payTo(script, 'p') }),
          7,
        );
        const { scriptSig, outputs } = readCoinbase(made);
        const coinbasePrefix = scriptSig.slice(0, scriptSig.length - extranonceSize);
        const message = setCustomMiningJob(of, tip(1), { coinbasePrefix, coinbaseTxOutputs: outputs });
        const brought = customJob(1, message, { ...TERMS, extranonceSize });
        if (typeof brought === 'string') throw new Error(brought);
        expect(brought.coinbase).toEqual(made.coinbase);
        expect(brought.message(1, NTIME)).toEqual(made.message(1, NTIME));
      }),
    );
  });

  test('has its witness put back where its outputs commit to witnesses (§3.7.1)', () => {
    const full = joinCoinbase(custom(1, tip(1)).coinbase, bytes(10, 0), { segwit: true });
    expect(parseTransaction(full).wtxid).not.toEqual(parseTransaction(full).txid);
    const bare = { coinbaseTxOutputsCount: 0, coinbaseTxOutputs: bytes(0, 0) };
    const without = customJob(1, setCustomMiningJob(template(1n, bare), tip(1)), TERMS) as Job;
    const plain = joinCoinbase(without.coinbase, bytes(10, 0), { segwit: true });
    expect(parseTransaction(plain).wtxid).toEqual(parseTransaction(plain).txid);
  });

  test.each([
    ['an extranonce of another size', 'invalid-coinbase-prefix', { coinbasePrefix: Uint8Array.of(3, 1, 2, 3, 11) }],
    ['no script before the extranonce', 'invalid-coinbase-prefix', { coinbasePrefix: bytes(0, 0) }],
    ['a script over 100 bytes', 'invalid-coinbase-tx', { coinbasePrefix: bytes(91, 10) }],
    ['outputs that break off', 'invalid-coinbase-tx', { coinbaseTxOutputs: Uint8Array.of(1, 0, 0) }],
    ['outputs without their count', 'invalid-coinbase-tx', { coinbaseTxOutputs: bytes(0, 0) }],
    [
      'bytes behind the outputs',
      'invalid-coinbase-tx',
      { coinbaseTxOutputs: Uint8Array.of(...encodeCountedOutputs([{ value: 1n, script: bytes(1, 1) }]), 0) },
    ],
    [
      'more outputs than a server hashes for every share',
      'invalid-coinbase-tx',
      { coinbaseTxOutputs: encodeCountedOutputs([{ value: 1n, script: bytes(16_384, 1) }]) },
    ],
    ['a deeper merkle path than any block has', 'invalid-merkle-path', { merklePath: Array(17).fill(bytes(32, 1)) }],
  ] as const)('is refused with %s (§5.3.20)', (_, code, overrides) => {
    expect(customJob(1, setCustomMiningJob(template(1n), tip(1), overrides), TERMS)).toBe(code);
  });

  test('takes the longest script that consensus allows', () => {
    const message = setCustomMiningJob(template(1n), tip(1), { coinbasePrefix: bytes(90, 10) });
    expect(customJob(1, message, TERMS)).not.toBeTypeOf('string');
  });

  test('never throws, whatever its client sends', () => {
    const messages = fc.record({ coinbasePrefix: anyBytes(0, 255), coinbaseTxOutputs: anyBytes(0, 80) });
    fc.assert(
      fc.property(messages, fc.integer({ min: 1, max: 32 }), (overrides, extranonceSize) => {
        customJob(1, setCustomMiningJob(template(1n), tip(1), overrides), { ...TERMS, extranonceSize });
      }),
    );
  });
});

describe('a channel with jobs of its client', () => {
  const NEVER = tip(1, { target: UNREACHABLE });

  test('credits their shares in the part that the job pays (§6.4.3)', () => {
    const channel = extended();
    const job = custom(1, NEVER, { terms: { credit: 0.75 } });
    channel.setCustomJob(job, NEVER, NTIME, NOW);
    expect(channel.active?.job).toBe(job);
    expect(channel.submit(solve(channel, job, { tip: NEVER }), NOW)).toMatchObject({ kind: 'accepted', credit: 0.75 });
  });

  test('pins target and prefix when a job is set (§5.3.10, §5.3.21)', () => {
    const channel = extended();
    const job = custom(1, NEVER);
    channel.setCustomJob(job, NEVER, NTIME, NOW);
    const share = solve(channel, job, { tip: NEVER });
    const easier = solve(channel, job, { tip: NEVER, wanted: 'miss' });
    channel.setTarget(EASY);
    channel.setExtranoncePrefix(bytes(6, 8));
    expect(channel.submit(share, NOW).kind).toBe('accepted');
    expect(channel.submit(easier, NOW)).toEqual(rejected('difficulty-too-low'));
    const next = custom(2, NEVER, { template: 2n });
    channel.setCustomJob(next, NEVER, NTIME, NOW);
    expect(channel.submit(solve(channel, next, { tip: NEVER, target: EASY }), NOW).kind).toBe('accepted');
  });

  test('still takes shares of older jobs on the same tip', () => {
    const channel = extended();
    const [first, second] = [custom(1, NEVER), custom(2, NEVER, { template: 2n })];
    channel.setCustomJob(first, NEVER, NTIME, NOW);
    channel.setCustomJob(second, NEVER, NTIME, NOW);
    for (const job of [first, second])
      expect(channel.submit(solve(channel, job, { tip: NEVER }), NOW).kind).toBe('accepted');
  });

  test('has older jobs go stale on another prev_hash, and only on another prev_hash', () => {
    const channel = extended();
    const job = custom(1, NEVER);
    channel.setCustomJob(job, NEVER, NTIME, NOW);
    const [share, late] = [solve(channel, job, { tip: NEVER }), solve(channel, job, { tip: NEVER, nonce: 9_000 })];
    expect(channel.submit(share, NOW).kind).toBe('accepted');
    const later = { ...NEVER, minNtime: NTIME + 60 };
    channel.setCustomJob(custom(2, later, { template: 2n }), later, NTIME + 60, NOW);
    expect(channel.submit(share, NOW)).toEqual(rejected('duplicate-share'));
    const next = tip(2, { target: UNREACHABLE });
    channel.setCustomJob(custom(3, next), next, NTIME, NOW);
    expect(channel.submit(late, NOW)).toEqual(rejected('stale-share'));
  });

  test('takes a block on a stale job for a block', () => {
    const channel = extended();
    const job = custom(1, tip(1));
    channel.setCustomJob(job, tip(1), NTIME, NOW);
    const next = tip(2);
    channel.setCustomJob(custom(2, next), next, NTIME, NOW);
    const outcome = channel.submit(solve(channel, job, { wanted: 'block' }), NOW);
    if (outcome.kind !== 'block') throw new Error(outcome.kind);
    expect(outcome.solution.job.origin).toEqual({ kind: 'custom', mode: 'full-template', tokenId: TERMS.tokenId });
    expect(outcome.solution.extranonce).toEqual(Uint8Array.of(...bytes(6, 7), ...bytes(4, 9)));
  });

  test('forgets the oldest of its jobs when their coinbases are large, the latest never', () => {
    const channel = extended({ limits: { ownJobBytes: 300 } });
    const held = () => [1, 2, 3, 4].filter((jobId) => channel.submit(shareOf(jobId), NOW).kind !== 'rejected');
    const jobs = [1, 2, 3, 4].map((id) => custom(id, NEVER, { template: BigInt(id) }));
    const shareOf = (jobId: number) => solve(channel, jobs[jobId - 1] as Job, { tip: NEVER });
    for (const job of jobs) channel.setCustomJob(job, NEVER, NTIME, NOW);
    expect(held()).toEqual([3, 4]);
    const tight = extended({ limits: { ownJobBytes: 1 } });
    tight.setCustomJob(jobs[0] as Job, NEVER, NTIME, NOW);
    expect(tight.active?.job).toBe(jobs[0]);
  });

  test('credits no share whose time a node would not take, whatever min_ntime its client names (§5.3.18)', () => {
    const channel = extended();
    const ahead = NOW / 1000 + 7_000;
    const job = custom(1, NEVER);
    channel.setCustomJob(job, NEVER, ahead, NOW);
    expect(channel.submit(solve(channel, job, { tip: NEVER, ntime: ahead + 141 }), NOW)).toEqual(
      rejected('invalid-ntime'),
    );
    expect(channel.submit(solve(channel, job, { tip: NEVER, ntime: ahead + 140 }), NOW).kind).toBe('accepted');
  });

  test('does not yield a block again when it was forgotten and is set once more', () => {
    const channel = extended();
    const job = custom(1, tip(1));
    channel.setCustomJob(job, tip(1), NTIME, NOW);
    const block = solve(channel, job, { wanted: 'block' });
    expect(channel.submit(block, NOW).kind).toBe('block');
    for (let id = 2; id < 40; id += 1) channel.setCustomJob(custom(id, tip(1), { template: 2n }), tip(1), NTIME, NOW);
    channel.setCustomJob(custom(40, tip(1)), tip(1), NTIME, NOW);
    expect(channel.submit({ ...block, jobId: 40 }, NOW)).toEqual(rejected('duplicate-share'));
  });

  test('does not credit a share again when the chain comes back to its tip', () => {
    const channel = extended();
    const [one, two] = [NEVER, tip(2, { target: UNREACHABLE })];
    const job = custom(1, one);
    channel.setCustomJob(job, one, NTIME, NOW);
    const share = solve(channel, job, { tip: one });
    expect(channel.submit(share, NOW).kind).toBe('accepted');
    const away = custom(2, two);
    channel.setCustomJob(away, two, NTIME, NOW);
    const meanwhile = solve(channel, away, { tip: two });
    expect(channel.submit(meanwhile, NOW).kind).toBe('accepted');
    channel.setCustomJob(custom(3, one), one, NTIME, NOW);
    expect(channel.submit({ ...share, jobId: 3 }, NOW)).toEqual(rejected('duplicate-share'));
    channel.setCustomJob(custom(4, two), two, NTIME, NOW);
    expect(channel.submit({ ...meanwhile, jobId: 4 }, NOW)).toEqual(rejected('duplicate-share'));
  });

  test('never credits one header twice, whatever tips its client walks', () => {
    const channel = extended({ target: SHARE_TARGET });
    const tips = [1, 2].map((height) => tip(height, { target: UNREACHABLE }));
    let jobId = 0;
    const credited = new Set<string>();
    const walk = fc.array(
      fc.record({ on: fc.nat({ max: 1 }), nonces: fc.array(fc.nat({ max: 300 }), { maxLength: 6 }) }),
    );
    fc.assert(
      fc.property(walk, (steps) => {
        for (const { on, nonces } of steps) {
          jobId += 1;
          const onTip = tips[on] as (typeof tips)[0];
          channel.setCustomJob(custom(jobId, onTip), onTip, NTIME, NOW);
          for (const nonce of nonces) {
            const share = { ...solve(channel, custom(jobId, onTip), { tip: onTip }), nonce };
            if (channel.submit(share, NOW).kind !== 'accepted') continue;
            expect(credited).not.toContain(`${on}:${nonce}`);
            credited.add(`${on}:${nonce}`);
          }
        }
      }),
      { numRuns: 40 },
    );
    expect(credited.size).toBeGreaterThan(10);
  });

  test('has stale jobs once its tip is said to be history, until another job is set', () => {
    const channel = extended();
    const job = custom(1, NEVER);
    channel.setCustomJob(job, NEVER, NTIME, NOW);
    const share = solve(channel, job, { tip: NEVER });
    channel.endTip();
    expect(channel.submit(share, NOW)).toEqual(rejected('stale-share'));
    expect(channel.active).toBeUndefined();
    const again = custom(2, NEVER, { template: 2n });
    channel.setCustomJob(again, NEVER, NTIME, NOW);
    expect(channel.submit(solve(channel, again, { tip: NEVER }), NOW).kind).toBe('accepted');
  });

  test('refuses a job of another extranonce size than its own (§5.2.3)', () => {
    const job = customJob(
      1,
      setCustomMiningJob(template(1n), NEVER, { coinbasePrefix: Uint8Array.of(3, 1, 2, 3, 11) }),
      {
        ...TERMS,
        extranonceSize: 11,
      },
    ) as Job;
    expect(() => extended().setCustomJob(job, NEVER, NTIME, NOW)).toThrow('another extranonce size');
  });
});

test('says what a share was found with, as long as its job is known', () => {
  for (const open of [standard, extended]) {
    const channel = mining(open());
    const { active } = channel;
    if (active === undefined) throw new Error('no job');
    const share = solve(channel, active.job);
    const point = channel.point(share);
    expect(point?.job).toBe(active.job);
    expect(point?.extranonce).toHaveLength(10);
    expect(channel.point({ ...share, jobId: 99 })).toBeUndefined();
  }
});

/** The coinbase's script with a zero extranonce, and its outputs behind their count. */
function readCoinbase(job: Job): { scriptSig: Uint8Array; outputs: Uint8Array } {
  const { coinbase } = job;
  const whole = joinCoinbase(coinbase, bytes(coinbase.extranonceSize, 0), { segwit: false });
  const scriptSig = whole.slice(42, 42 + (whole[41] as number));
  const suffix = whole.slice(42 + scriptSig.length);
  return { scriptSig, outputs: suffix.slice(4, -4) };
}
