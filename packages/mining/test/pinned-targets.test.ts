import { difficultyFromTarget, targetFromBigint } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PinnedTargets } from '../src/pinned-targets.ts';
import { custom, extended, NOW, NTIME, seeded, SHARE_TARGET, solve, tip, UNREACHABLE } from './support.ts';

const NEVER = tip(1, { target: UNREACHABLE });
const HARD = targetFromBigint((1n << 249n) - 1n);
const EASY = targetFromBigint((1n << 255n) - 1n);
const rejected = (code: string) => ({ kind: 'rejected', code });

describe('a job that its client sets again with an equal coinbase', () => {
  test('keeps the target of the first, so that no hash can choose between two prices (§5.3.21)', () => {
    const channel = extended({ target: HARD });
    const first = custom(1, NEVER);
    expect(channel.setCustomJob(first, NEVER, NTIME, NOW)).toBe(HARD);
    channel.setTarget(SHARE_TARGET);
    const again = custom(2, NEVER);
    expect(channel.setCustomJob(again, NEVER, NTIME, NOW)).toBe(HARD);
    expect(channel.active?.difficulty).toBe(difficultyFromTarget(HARD));
    const easy = solve(channel, again, { tip: NEVER, target: SHARE_TARGET });
    expect(channel.submit(easy, NOW)).toEqual(rejected('difficulty-too-low'));
    const other = custom(3, NEVER, { template: 2n });
    expect(channel.setCustomJob(other, NEVER, NTIME, NOW)).toBe(SHARE_TARGET);
    expect(channel.submit(solve(channel, other, { tip: NEVER }), NOW).kind).toBe('accepted');
  });

  test('keeps it when the first has been forgotten, and when the chain comes back to its tip', () => {
    const rival = tip(2, { target: UNREACHABLE });
    const channel = extended({ target: HARD, limits: { liveJobs: 2 } });
    channel.setCustomJob(custom(1, NEVER), NEVER, NTIME, NOW);
    channel.setTarget(EASY);
    for (const id of [2, 3, 4]) channel.setCustomJob(custom(id, NEVER, { template: BigInt(id) }), NEVER, NTIME, NOW);
    channel.setCustomJob(custom(5, rival), rival, NTIME, NOW);
    expect(channel.setCustomJob(custom(6, NEVER), NEVER, NTIME, NOW)).toBe(HARD);
    channel.endTip();
    expect(channel.setCustomJob(custom(7, NEVER), NEVER, NTIME, NOW)).toBe(HARD);
  });

  test('earns no more than the hashes are worth, whichever job each of them is named for', () => {
    const ladder = [3n, 5n, 7n, 9n].map((bits) => targetFromBigint((1n << (256n - bits)) - 1n));
    const channel = extended({ target: EASY });
    const random = seeded(7);
    let [credited, hashes] = [0, 0];
    for (let round = 0; round < 40; round += 1) {
      const jobs = ladder.map((target, step) => {
        channel.setTarget(target);
        const job = custom(round * ladder.length + step + 1, NEVER, { template: BigInt(round + 1) });
        channel.setCustomJob(job, NEVER, NTIME, NOW);
        return job;
      });
      const sample = solve(channel, jobs[0] as (typeof jobs)[0], { tip: NEVER, target: EASY });
      const start = Math.floor(random() * 2 ** 30);
      for (let nonce = start; nonce < start + 100; nonce += 1, hashes += 1) {
        for (const { id } of jobs.toReversed()) {
          const outcome = channel.submit({ ...sample, jobId: id, nonce }, NOW);
          if (outcome.kind !== 'accepted') continue;
          credited += outcome.work;
          break;
        }
      }
    }
    expect(credited / (hashes / 2 ** 32)).toBeLessThan(1.25);
    expect(credited / (hashes / 2 ** 32)).toBeGreaterThan(0.75);
  });
});

test('on a network that is easier than shares, hashes earn what they are worth', () => {
  const easy = tip(1, { target: targetFromBigint((1n << 252n) - 1n) });
  const channel = extended({ target: HARD });
  const job = custom(1, easy);
  channel.setCustomJob(job, easy, NTIME, NOW);
  const sample = solve(channel, job, { tip: easy, wanted: 'block' });
  let credited = 0;
  const hashes = 4_000;
  for (let nonce = 0; nonce < hashes; nonce += 1) {
    const outcome = channel.submit({ ...sample, nonce }, NOW);
    if (outcome.kind === 'block') credited += outcome.work;
  }
  expect(credited / (hashes / 2 ** 32)).toBeLessThan(1.25);
  expect(credited / (hashes / 2 ** 32)).toBeGreaterThan(0.75);
});

describe('the targets of search spaces', () => {
  test('never change while they are remembered, and are one for all beyond the bound', () => {
    const target = (n: number) => targetFromBigint(BigInt(n + 1) << 200n);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 }))), (pins) => {
        const pinned = new PinnedTargets(4);
        const first = new Map<number, Uint8Array>();
        for (const [space, wanted] of pins) {
          const got = pinned.pin(String(space), target(wanted));
          expect(got).toEqual(first.get(space) ?? got);
          first.set(space, got);
          expect(pinned.size).toBeLessThanOrEqual(4);
        }
      }),
    );
  });
});
