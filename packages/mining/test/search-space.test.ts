import { encodeHeader } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Feed, type FeedStep, JobBoard, JobIds, MAX_NTIME_ADVANCE, minNtimeAt, stepNtime } from '../src/index.ts';
import { applyStep } from '../src/index.ts';
import { bytes, extended, NOW, NTIME, recipe, template, tip } from './support.ts';

const ON = tip(1);

function board() {
  const work = new JobBoard(new JobIds());
  work.activate(template(1n), ON, NOW);
  return work;
}

/** How a device walks what it is given: at a moment it hashes this ntime. */
const DEVICES = {
  'that leaves ntime alone': (minNtime: number) => minNtime,
  'that follows the seconds since it got the job': (minNtime: number, sinceMs: number) =>
    minNtime + Math.floor(sinceMs / 1000),
} as const;

describe.each(Object.entries(DEVICES))('a device %s', (_, ntimeOf) => {
  /** A device that starts every job at nonce 0 and reports every header it hashes: ten a second. */
  function hash(merkleRoot: Uint8Array, prevHash: Uint8Array, minNtime: number, durationMs: number, seen: Set<string>) {
    for (let ms = 0, nonce = 0; ms <= durationMs; ms += 100, nonce += 1) {
      const ntime = ntimeOf(minNtime, ms);
      const header = encodeHeader({ version: 1, prevHash, merkleRoot, ntime, nbits: 1, nonce });
      const key = Buffer.from(header).toString('hex');
      expect(seen).not.toContain(key);
      seen.add(key);
    }
  }

  test.each([true, false])(
    'never hashes a header twice, whenever it is given another job (numbered: %s)',
    (numbered) => {
      const of = recipe({ numbered });
      const change = fc.record({
        afterMs: fc.integer({ min: 0, max: 3_000 }),
        kind: fc.constantFrom('spare', 'refresh', 'same content', 'renew', 'other', 'same tip again'),
      });
      fc.assert(
        fc.property(fc.array(change, { maxLength: 20 }), fc.nat({ max: 900 }), (changes, lateMs) => {
          const work = board();
          const feed = new Feed();
          const channel = extended();
          const seen = new Set<string>();
          let nowMs = NOW;
          let id = 1n;
          let given: { root: Uint8Array; minNtime: number; atMs: number } | undefined;
          const take = (step: FeedStep) => {
            const job = step.source.job(of);
            const minNtime = stepNtime(step, job, [channel], nowMs);
            if (minNtime === undefined) return;
            applyStep(step, channel, of, minNtime, nowMs);
            if (step.kind === 'future') return;
            const atMs = nowMs + (Number(minNtime) % 2) * lateMs;
            if (given !== undefined) hash(given.root, ON.prevHash, given.minNtime, atMs - given.atMs, seen);
            given = { root: job.merkleRoot(bytes(10, 7)), minNtime, atMs };
          };
          for (const step of feed.advance(work)) take(step);
          for (const { afterMs, kind } of changes) {
            nowMs += afterMs + lateMs;
            if (kind === 'refresh') work.refresh();
            else if (kind === 'renew') work.renew();
            else if (kind === 'other') work.update(template((id += 1n)));
            else if (kind === 'same content' && work.work !== undefined) work.update({ ...work.work.current.input });
            else if (kind === 'same tip again') work.activate(template(id), { ...ON }, nowMs);
            else if (kind === 'spare') {
              const source = work.another();
              if (source !== undefined && work.work !== undefined) take({ kind: 'active', source, work: work.work });
            }
            for (const step of feed.advance(work)) take(step);
          }
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe('min_ntime of a step', () => {
  const unnumbered = recipe({ numbered: false });

  function mined(nowMs = NOW) {
    const work = board();
    const channel = extended();
    for (const step of new Feed().advance(work)) {
      applyStep(step, channel, unnumbered, stepNtime(step, step.source.job(unnumbered), [channel], nowMs) ?? 0, nowMs);
    }
    return { work, channel };
  }

  function spare(work: JobBoard): FeedStep {
    const source = work.another();
    if (source === undefined || work.work === undefined) throw new Error('no work');
    return { kind: 'active', source, work: work.work };
  }

  test('moves on by more than a second where a job is no new space to the channel', () => {
    const { work, channel } = mined();
    const step = spare(work);
    expect(stepNtime(step, step.source.job(unnumbered), [channel], NOW)).toBe(NTIME + 2);
    expect(stepNtime(step, step.source.job(unnumbered), [channel], NOW + 5_999)).toBe(NTIME + 7);
  });

  test('stays the time since the tip where the coinbase is numbered, or the channel is new to the job', () => {
    const { work, channel } = mined();
    const step = spare(work);
    if (step.kind !== 'active') throw new Error('no work');
    const numbered = step.source.job(recipe());
    expect(stepNtime(step, numbered, [channel], NOW + 5_000)).toBe(minNtimeAt(step.work, NOW + 5_000));
    expect(stepNtime(step, step.source.job(unnumbered), [extended()], NOW)).toBe(NTIME);
  });

  test('is free again where the prefix has changed since (§5.3.10)', () => {
    const { work, channel } = mined();
    channel.setExtranoncePrefix(bytes(6, 9));
    const step = spare(work);
    expect(stepNtime(step, step.source.job(unnumbered), [channel], NOW)).toBe(NTIME);
  });

  test('leaves a job out when it cannot move on, but never a tip (§5.3.17)', () => {
    const { work, channel } = mined();
    const late = NOW + MAX_NTIME_ADVANCE * 1_000;
    const step = spare(work);
    expect(stepNtime(step, step.source.job(unnumbered), [channel], late)).toBeUndefined();
    if (work.work === undefined) throw new Error('no work');
    const again: FeedStep = { kind: 'prev-hash', source: work.work.current, work: work.work };
    expect(stepNtime(again, again.source.job(unnumbered), [channel], late)).toBe(NTIME + MAX_NTIME_ADVANCE);
  });

  test('suits every member of a group', () => {
    const { work, channel } = mined();
    const step = spare(work);
    expect(stepNtime(step, step.source.job(unnumbered), [extended(), channel], NOW + 1_000)).toBe(NTIME + 3);
  });
});
