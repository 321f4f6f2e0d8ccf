import { ShareBudget } from '@sv2kit/mining';
import { type Submit } from '@sv2kit/sv1';
import { describe, expect, test } from 'vitest';
import { JobTranslator, MinerChannel, MINER_LIMITS } from '../src/index.ts';
import { budget, filled, NOW, submitOf, workOf } from './support.ts';
import { opened, reasonOf, terms } from './miner-builders.ts';

describe('a share comes twice', () => {
  test.each<[string, Partial<Submit>]>([
    ['as it was', {}],
    ['with the version in full', { versionBits: 0x20c0e000 }],
    ['under another name', { username: 'someone' }],
  ])('%s', (_, change) => {
    const { judge } = opened();
    const found = { versionBits: 0x00c0e000, nonce: 3 };
    expect(reasonOf(judge(found))).toBe('accepted');
    expect(reasonOf(judge({ ...found, ...change }))).toBe('duplicate');
  });

  test('for a job that was sent again', () => {
    const { judge, channel, jobs, job } = opened();
    const next = jobs.refresh(job, NOW);
    channel.give(next, terms(), NOW);
    expect(reasonOf(judge())).toBe('accepted');
    expect(reasonOf(channel.judge(submitOf(next.id), NOW))).toBe('duplicate');
  });

  test.each([
    ['on a channel that was opened anew', [3]],
    ['on a tip that comes back', [4, 3]],
    ['on a tip that comes back after two others', [4, 5, 3]],
    ['on a tip that was left twice', [4, 3, 4, 3]],
  ])('%s', (_, prevHashes) => {
    const { judge, channel, jobs } = opened();
    expect(reasonOf(judge())).toBe('accepted');
    for (const byte of prevHashes) {
      // Of another message: its bytes are equal, not the same.
      const work = workOf({ prevHash: filled(32, byte) });
      channel.give(jobs.translate(work, NOW), terms({ clean: true, upstream: 'anew' }), NOW);
    }
    const { id } = channel.latest as { id: string };
    expect(reasonOf(channel.judge(submitOf(id), NOW))).toBe('duplicate');
    expect(reasonOf(channel.judge(submitOf(id, { nonce: 1 }), NOW))).toBe('accepted');
  });

  test('when no more can be remembered: it is refused, unless jobs are gone', () => {
    const jobs = new JobTranslator();
    const limits = { ...MINER_LIMITS, seenShares: 4, jobs: 1, assuredJobs: 1 };
    const channel = new MinerChannel<string>({ budget: budget(), limits });
    const first = jobs.translate(workOf(), NOW);
    channel.give(first, terms(), NOW);
    const outcomes = [0, 1, 2, 3, 4].map((nonce) => reasonOf(channel.judge(submitOf(first.id, { nonce }), NOW)));
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'memory-exhausted']);
    const again = jobs.refresh(first, NOW);
    channel.give(again, terms(), NOW);
    expect(reasonOf(channel.judge(submitOf(again.id, { nonce: 5 }), NOW))).toBe('memory-exhausted');
    const other = jobs.translate(workOf({ jobId: 2, space: { merklePath: [] } }), NOW);
    channel.give(other, terms(), NOW);
    expect(reasonOf(channel.judge(submitOf(other.id, { nonce: 5 }), NOW))).toBe('accepted');
  });

  test('and its memory is given back with the third tip after it, and with the miner', () => {
    const shared = new ShareBudget(1_024);
    const jobs = new JobTranslator();
    const channel = new MinerChannel<string>({ budget: shared });
    const first = jobs.translate(workOf(), NOW);
    channel.give(first, terms(), NOW);
    expect(shared.used).toBe(0);
    channel.judge(submitOf(first.id), NOW);
    expect(shared.used).toBe(16);
    for (const [tip, used] of [
      [1, 32],
      [2, 48],
      [3, 48],
      [4, 48],
    ] as const) {
      channel.give(jobs.translate(workOf({ prevHash: filled(32, tip) }), NOW), terms(), NOW);
      channel.judge(submitOf(String(tip + 1)), NOW);
      expect(shared.used).toBe(used);
    }
    channel.close();
    expect(shared.used).toBe(0);
  });
});
