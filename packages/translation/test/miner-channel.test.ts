import {
  difficultyFromTarget,
  MAX_TARGET,
  meetsTarget,
  targetFromBigint,
  targetFromDifficulty,
  targetToBigint,
} from '@sv2kit/bitcoin';
import { type Submit, Sv1JobIds } from '@sv2kit/sv1';
import { describe, expect, test } from 'vitest';
import { extranonce1Of, JobTranslator, MinerChannel, MINER_LIMITS } from '../src/index.ts';
import { budget, filled, hashOf, jobAsRead, NOW, NTIME, spaceOf, submitOf, VERSION, workOf } from './support.ts';
import { ANY, NONE, opened, reasonOf, space, terms } from './miner-builders.ts';

describe('a V1 share', () => {
  test('goes upstream as the channel has it: rolled part, version, ntime (§5.3.12)', () => {
    const { judge } = opened();
    const submit = { extranonce2: Uint8Array.of(1, 2, 3, 4), nonce: 77, ntime: NTIME + 9, versionBits: 0x00c0e000 };
    expect(judge(submit)).toEqual({
      kind: 'accepted',
      work: ANY,
      isBlock: false,
      forward: {
        upstream: 'pool',
        jobId: 1,
        extranonce: Uint8Array.of(0, 0, 0, 5, 1, 2, 3, 4),
        version: 0x20c0e000,
        ntime: NTIME + 9,
        nonce: 77,
        work: difficultyFromTarget(MAX_TARGET),
      },
    });
  });

  test('that is easier than the channel wants stays here', () => {
    const { judge } = opened({ upstreamTarget: targetFromDifficulty(NONE) });
    expect(judge()).toEqual({ kind: 'accepted', work: ANY, forward: undefined, isBlock: false });
  });

  test.each([
    ['its hash', 0n, 'accepted'],
    ['one below its hash', -1n, undefined],
  ])('is held against the whole of a channel target that is %s', (_, offset, forwarded) => {
    const { job } = opened();
    const found = { extranonce2: filled(4, 0), version: VERSION, ntime: NTIME, nonce: 5 };
    const hash = hashOf(jobAsRead(job, space), extranonce1Of(5), found);
    const value = targetToBigint(hash);
    const { judge } = opened({ upstreamTarget: targetFromBigint(value + offset) });
    const verdict = judge({ nonce: 5 });
    expect(verdict.kind === 'accepted' && verdict.forward !== undefined).toBe(forwarded === 'accepted');
  });

  test.each<[string, Partial<Submit>, string]>([
    ['too hard a difficulty', {}, 'low-difficulty'],
    ['an extranonce2 too short', { extranonce2: filled(3, 0) }, 'bad-extranonce2-size'],
    ['an extranonce2 too long', { extranonce2: filled(5, 0) }, 'bad-extranonce2-size'],
    ['bits outside the mask', { versionBits: 0x1000 }, 'bad-version-bits'],
    ['an ntime below the least', { ntime: NTIME - 1 }, 'bad-ntime'],
    ['an ntime too far ahead', { ntime: NTIME + 601 }, 'bad-ntime'],
  ])('with %s is refused', (_, found, reason) => {
    const { judge } = opened({ difficulty: reason === 'low-difficulty' ? NONE : ANY });
    expect(reasonOf(judge(found))).toBe(reason);
  });

  test("may have an ntime up to ten minutes ahead of the upstream's clock, or of a job that was sent again", () => {
    const { judge, channel, jobs, job } = opened();
    expect(reasonOf(judge({ ntime: NTIME + 600 }))).toBe('accepted');
    expect(reasonOf(judge({ ntime: NTIME + 601 }, NOW + 999))).toBe('bad-ntime');
    expect(reasonOf(judge({ ntime: NTIME + 601 }, NOW + 1_000))).toBe('accepted');
    const again = jobs.refresh(job, NOW);
    channel.give(again, terms(), NOW);
    expect(reasonOf(channel.judge(submitOf(again.id, { ntime: NTIME + 601, nonce: 1 }), NOW))).toBe('accepted');
  });

  test("is held to the upstream's clock, not to ours", () => {
    for (const nowMs of [NOW - 86_400_000, NOW + 86_400_000]) {
      const { judge } = opened({}, workOf({ receivedAtMs: nowMs }), nowMs);
      expect(reasonOf(judge({ ntime: NTIME + 600 }))).toBe('accepted');
      expect(reasonOf(judge({ ntime: NTIME + 601 }))).toBe('bad-ntime');
    }
  });

  test.each([
    ['unknown-job', 21, 'Job not found'],
    ['stale-job', 21, 'Stale share'],
    ['low-difficulty', 23, 'Low difficulty share'],
    ['duplicate', 22, 'Duplicate share'],
  ])('that is refused as %s has the error number of the field', (reason, code, message) => {
    const { judge, channel, jobs } = opened();
    const one = judge();
    expect(one.kind).toBe('accepted');
    let verdict = judge();
    if (reason === 'unknown-job') verdict = channel.judge(submitOf('beef'), NOW);
    if (reason === 'low-difficulty') verdict = opened({ difficulty: NONE }).judge();
    if (reason === 'stale-job') {
      channel.give(jobs.translate(workOf({ prevHash: filled(32, 4) }), NOW), terms(), NOW);
      verdict = judge({ nonce: 1 });
    }
    expect(verdict).toEqual({ kind: 'refused', reason, error: { code, message } });
  });

  test('before any job is for an unknown one', () => {
    const channel = new MinerChannel({ budget: budget() });
    for (const id of ['1', '', '0', 'zz', '-1', 'constructor']) {
      expect(reasonOf(channel.judge(submitOf(id), NOW) as never)).toBe('unknown-job');
    }
  });
});

describe('version bits', () => {
  const version = 0x20800000;
  test.each([
    ['none', undefined, 0x20800000, 'accepted'],
    ['bits that replace those under the mask (BIP310)', 0x00c0e000, 0x20c0e000, 'accepted'],
    ['bits that differ from the job, as ESP-Miner has them', 0x0040e000, 0x20c0e000, 'accepted'],
    ['the whole version', 0x20c0e000, 0x20c0e000, 'accepted'],
    ['bits that make neither header', 0x0001e000, 0x20c0e000, 'low-difficulty'],
  ])('that are %s are read right', (_, versionBits, hashed, outcome) => {
    const work = workOf({ version });
    const { job } = opened({}, work);
    const difficulty = 2 ** -24;
    const target = targetFromDifficulty(difficulty);
    let nonce = 0;
    const found = () => ({ extranonce2: filled(4, 0), version: hashed, ntime: NTIME, nonce });
    while (!meetsTarget(hashOf(jobAsRead(job, space), extranonce1Of(5), found()), target)) nonce += 1;
    const verdict = opened({ difficulty }, work).judge({ nonce, versionBits });
    expect(reasonOf(verdict)).toBe(outcome);
    if (verdict.kind === 'accepted') expect(verdict.forward?.version).toBe(hashed);
  });

  test('are none where the job allows no rolling (§5.3.16)', () => {
    const { judge } = opened({}, workOf({ versionRollingAllowed: false }));
    expect(reasonOf(judge({ versionBits: 0x2000 }))).toBe('bad-version-bits');
    expect(reasonOf(judge({ versionBits: 0 }))).toBe('accepted');
  });

  test('are judged by the mask that the job was sent with', () => {
    const { judge, channel, jobs, job } = opened();
    const next = jobs.refresh(job, NOW);
    channel.give(next, terms({ versionMask: 0 }), NOW);
    expect(reasonOf(judge({ versionBits: 0x2000 }))).toBe('accepted');
    expect(reasonOf(channel.judge(submitOf(next.id, { versionBits: 0x2000 }), NOW))).toBe('bad-version-bits');
  });
});

describe('jobs', () => {
  test('of an earlier tip are stale, also if nobody says that it is another', () => {
    const { judge, channel, jobs } = opened();
    channel.give(jobs.translate(workOf({ prevHash: filled(32, 4) }), NOW), terms({ clean: false }), NOW);
    expect(reasonOf(judge())).toBe('stale-job');
  });

  test('of a channel that is gone are stale; those of another prefix on the same channel are not (§5.3.10)', () => {
    const { judge, channel, jobs } = opened();
    const moved = spaceOf(5, filled(4, 0xb0));
    channel.give(jobs.translate(workOf({ jobId: 2 }), NOW), terms({ space: moved }), NOW);
    expect(judge({ nonce: 1 })).toMatchObject({ kind: 'accepted', forward: { jobId: 1 } });
    expect(channel.judge(submitOf('2'), NOW)).toMatchObject({ kind: 'accepted', forward: { jobId: 2 } });
    channel.give(jobs.translate(workOf({ jobId: 1 }), NOW), terms({ clean: true, upstream: 'other' }), NOW);
    expect(reasonOf(judge({ nonce: 2 }))).toBe('stale-job');
    expect(channel.judge(submitOf('3'), NOW)).toMatchObject({ forward: { upstream: 'other' } });
  });

  test('are kept for ten minutes, three of them longer, sixteen at most', () => {
    const { channel, jobs } = opened();
    const known = (): number => {
      const ids = Array.from({ length: 40 }, (_, at) => String(at + 1));
      return ids.filter((id) => reasonOf(channel.judge(submitOf(id, { ntime: 0 }), NOW)) === 'bad-ntime').length;
    };
    for (let id = 2; id <= 10; id += 1) channel.give(jobs.translate(workOf({ jobId: id }), NOW), terms(), NOW);
    expect(known()).toBe(10);
    channel.give(jobs.translate(workOf({ jobId: 11 }), NOW), terms(), NOW + 600_001);
    expect(known()).toBe(3);
    for (let id = 12; id <= 40; id += 1) channel.give(jobs.translate(workOf({ jobId: id }), NOW), terms(), NOW);
    expect(known()).toBe(16);
    expect(reasonOf(channel.judge(submitOf('1'), NOW))).toBe('stale-job');
    expect(reasonOf(channel.judge(submitOf('41'), NOW))).toBe('unknown-job');
  });
});

test('a job id that has been given up is known for one after ids have begun anew', () => {
  const jobs = new JobTranslator(new Sv1JobIds(2 ** 32 - 3));
  const channel = new MinerChannel<string>({ budget: budget(), limits: { ...MINER_LIMITS, jobs: 1 } });
  for (let id = 1; id <= 4; id += 1) channel.give(jobs.translate(workOf({ jobId: id }), NOW), terms(), NOW);
  const ids = ['4294967294', '4294967295', '0', '1', '2'];
  const reasons = ids.map((id) => reasonOf(channel.judge(submitOf(id), NOW)));
  expect(reasons).toEqual(['stale-job', 'stale-job', 'stale-job', 'accepted', 'unknown-job']);
});
