import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PairChooser } from '../../src/client/pair-chooser.ts';

const policy = { staggerMs: 100, benchMs: 1_000, maxBenchMs: 4_000, stableMs: 500 };
const run = (...indexes: number[]) => new Set(indexes);

describe('the choice of a pair', () => {
  test('begins with the preferred one, and tries the next as well when that takes its time', () => {
    const chooser = new PairChooser(3, 0, policy);
    expect(chooser.plan(0)).toEqual({ use: undefined, run: run(0) });
    expect(chooser.plan(100)).toEqual({ use: undefined, run: run(0, 1) });
    expect(chooser.plan(200)).toEqual({ use: undefined, run: run(0, 1, 2) });
  });

  test('goes on to the next at once when one is away', () => {
    const chooser = new PairChooser(3, 0, policy);
    chooser.lost(0, 1);
    expect(chooser.plan(1)).toEqual({ use: undefined, run: run(0, 1) });
  });

  test('keeps trying better pairs, and returns to the preferred one (§6.2)', () => {
    const chooser = new PairChooser(2, 0, policy);
    chooser.lost(0, 0);
    chooser.ready(1);
    expect(chooser.plan(10)).toEqual({ use: 1, run: run(0, 1) });
    chooser.ready(0);
    expect(chooser.plan(20)).toEqual({ use: 0, run: run(0) });
  });

  test('passes a pair over that misbehaved, twice as long each time', () => {
    const chooser = new PairChooser(1, 0, policy);
    chooser.ready(0);
    chooser.plan(0);
    chooser.misbehaved(0, 10);
    expect(chooser.plan(10)).toEqual({ use: undefined, run: run() });
    expect(chooser.benchedUntil(0, 10)).toBe(1_010);
    expect(chooser.plan(1_010).run).toEqual(run(0));
    chooser.ready(0);
    chooser.plan(1_010);
    chooser.misbehaved(0, 1_020);
    expect(chooser.benchedUntil(0, 1_020)).toBe(3_020);
  });

  test('forgets old sins of a pair that served for long', () => {
    const chooser = new PairChooser(1, 0, policy);
    chooser.ready(0);
    chooser.plan(0);
    chooser.misbehaved(0, 10);
    chooser.plan(1_010);
    chooser.ready(0);
    chooser.plan(1_010);
    chooser.misbehaved(0, 1_510);
    expect(chooser.benchedUntil(0, 1_510)).toBe(2_510);
  });

  test('does not return at once, again and again, to a pair that never lasts', () => {
    const chooser = new PairChooser(2, 0, policy);
    for (const at of [0, 10]) {
      chooser.ready(0);
      expect(chooser.plan(at).use).toBe(0);
      chooser.lost(0, at + 1);
    }
    chooser.ready(0);
    chooser.ready(1);
    expect(chooser.plan(12)).toEqual({ use: 1, run: run(1) });
    expect(chooser.plan(2_011).use).toBe(0);
  });

  test('always is the best pair that is ready and not passed over', () => {
    const step = fc.record({
      do: fc.constantFrom('ready', 'lost', 'misbehaved', 'wait'),
      pair: fc.nat(3),
      ms: fc.nat(2_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const chooser = new PairChooser(4, 0, policy);
        const ready = [false, false, false, false];
        let now = 0;
        for (const { do: what, pair, ms } of steps) {
          if (what === 'wait') now += ms;
          if (what === 'ready') chooser.ready(pair);
          if (what === 'lost') chooser.lost(pair, now);
          if (what === 'misbehaved') chooser.misbehaved(pair, now);
          if (what !== 'wait') ready[pair] = what === 'ready';
          const { use, run: running } = chooser.plan(now);
          const fit = (index: number) => chooser.benchedUntil(index, now) === undefined;
          const best = ready.findIndex((is, index) => is && fit(index));
          expect(use).toBe(best < 0 ? undefined : best);
          for (const index of running) expect(fit(index)).toBe(true);
          if (use !== undefined) {
            expect(running.has(use)).toBe(true);
            for (let better = 0; better < use; better += 1) expect(running.has(better)).toBe(fit(better));
            for (let worse = use + 1; worse < 4; worse += 1) expect(running.has(worse)).toBe(false);
          }
        }
      }),
    );
  });
});
