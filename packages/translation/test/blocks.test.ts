import { meetsTarget, targetFromDifficulty, targetFromNbits } from '@sv2kit/bitcoin';
import { ShareBudget } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import { extranonce1Of, JobTranslator, type JobTerms, MinerChannel, MINER_LIMITS } from '../src/index.ts';
import { filled, hashOf, jobAsRead, NOW, NTIME, REGTEST, submitOf, VERSION, workOf } from './support.ts';
import { ANY, NONE, opened, reasonOf, space, terms } from './miner-builders.ts';

describe('a possible block', () => {
  const networkTarget = targetFromNbits(REGTEST);
  /** Nonces of blocks on the job of `opened({}, workOf({ nbits: REGTEST }))`. */
  function blocks(count: number, version = VERSION, ntime = NTIME): number[] {
    const { job } = opened({}, workOf({ nbits: REGTEST }));
    const v1 = jobAsRead(job, space);
    const found: number[] = [];
    for (let nonce = 0; found.length < count; nonce += 1) {
      const hash = hashOf(v1, extranonce1Of(5), { extranonce2: filled(4, 0), version, ntime, nonce });
      if (meetsTarget(hash, networkTarget)) found.push(nonce);
    }
    return found;
  }
  const [block = 0] = blocks(1);
  const hard = { difficulty: NONE, upstreamTarget: targetFromDifficulty(NONE) };
  const regtest = (change: Partial<JobTerms<string>> = {}) => opened(change, workOf({ nbits: REGTEST }));

  test('goes upstream although it misses both difficulties, and proves nothing of the hashrate', () => {
    const { judge } = regtest(hard);
    const verdict = judge({ nonce: block });
    expect(verdict).toMatchObject({ kind: 'accepted', isBlock: true, forward: { nonce: block, jobId: 1 } });
    const found = { extranonce2: filled(4, 0), version: VERSION, ntime: NTIME, nonce: block };
    const { job } = regtest(hard);
    expect(verdict).toMatchObject({ work: 0, hash: hashOf(jobAsRead(job, space), extranonce1Of(5), found) });
    expect(reasonOf(judge({ nonce: block }))).toBe('duplicate');
  });

  test('that meets its difficulty proves that', () => {
    const { judge } = regtest({ difficulty: ANY });
    expect(judge({ nonce: block })).toMatchObject({ work: ANY, isBlock: true });
  });

  test('goes upstream on a stale job, once, to the channel that the job was from', () => {
    const { judge, channel, jobs } = regtest(hard);
    channel.give(jobs.translate(workOf({ prevHash: filled(32, 4) }), NOW), terms({ upstream: 'other' }), NOW);
    expect(judge({ nonce: block })).toMatchObject({ kind: 'accepted', isBlock: true, forward: { upstream: 'pool' } });
    expect(reasonOf(judge({ nonce: block }))).toBe('duplicate');
  });

  test('that has gone upstream does not go again when its job is stale', () => {
    const { judge, channel, jobs } = regtest(hard);
    expect(judge({ nonce: block })).toMatchObject({ isBlock: true });
    channel.give(jobs.translate(workOf({ prevHash: filled(32, 4) }), NOW), terms(), NOW);
    expect(reasonOf(judge({ nonce: block }))).toBe('duplicate');
  });

  test('on stale jobs is remembered within bounds', () => {
    const { judge, channel, jobs } = regtest(hard);
    channel.give(jobs.translate(workOf({ prevHash: filled(32, 4) }), NOW), terms(), NOW);
    const outcomes = blocks(MINER_LIMITS.blocks + 2).map((nonce) => reasonOf(judge({ nonce })));
    expect(outcomes.filter((outcome) => outcome === 'accepted').length).toBe(MINER_LIMITS.blocks);
    expect(outcomes.at(-1)).toBe('memory-exhausted');
  });

  test('goes upstream with bits outside the mask, and with an ntime out of bounds', () => {
    const [rolled = 0] = blocks(1, VERSION | 0x20);
    expect(regtest(hard).judge({ nonce: rolled, versionBits: 0x20 })).toMatchObject({
      isBlock: true,
      forward: { version: VERSION | 0x20 },
    });
    const [late = 0] = blocks(1, VERSION, NTIME + 9_000);
    expect(regtest(hard).judge({ nonce: late, ntime: NTIME + 9_000 })).toMatchObject({ isBlock: true });
  });

  test('on the tip at hand goes upstream even if it cannot be remembered, and proves nothing then', () => {
    const jobs = new JobTranslator();
    const channel = new MinerChannel<string>({ budget: new ShareBudget(0) });
    const job = jobs.translate(workOf({ nbits: REGTEST }), NOW);
    channel.give(job, terms(), NOW);
    expect(channel.judge(submitOf(job.id, { nonce: block }), NOW)).toMatchObject({ isBlock: true, work: 0 });
  });
});
