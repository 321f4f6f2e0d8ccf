import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Slice, type Weight, WorkWindow, windowOf, windowWork, workOf } from '../src/index.ts';
import { sum } from './support.ts';

/** In minutes. */
const DAY = 1440;
const weight = (account: string, work: bigint): Weight => ({ account, donation: 0, work });
const slice = (minute: number, weights: readonly Weight[], endsWithBlock = false): Slice => ({
  minute,
  endsWithBlock,
  weights,
});

const weights = fc.array(
  fc.record({
    account: fc.constantFrom('a', 'b', 'c', ''),
    donation: fc.constantFrom(0, 0, 5),
    work: fc.bigInt(0n, 100n),
  }),
  { maxLength: 5 },
);
/** Newest first. */
const histories = fc
  .array(
    fc.record({
      gap: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 900 })),
      endsWithBlock: fc.boolean(),
      weights,
    }),
    { maxLength: 30 },
  )
  .map((slices) => {
    let minute = 29_000_000;
    return slices.map(({ gap, ...rest }): Slice => ({ minute: (minute -= gap), ...rest }));
  });

describe('a window', () => {
  test('takes the newest work first, and of the oldest stretch a part of each', () => {
    const slices = [
      slice(180, [weight('a', 30n)]),
      slice(120, [weight('a', 20n), weight('b', 60n)]),
      slice(60, [weight('c', 1000n)]),
    ];
    expect(windowOf(slices, 70n)).toEqual({
      weights: [weight('a', 40n), weight('b', 30n)],
      work: 70n,
      full: true,
    });
  });

  test('of old work a block ends a stretch, whatever the hour', () => {
    const slices = [
      slice(DAY + 60, [weight('a', 10n)]),
      slice(2, [weight('a', 10n)]),
      slice(1, [weight('b', 10n)], true),
      slice(0, [weight('c', 10n)]),
    ];
    expect(windowOf(slices, 25n).weights).toEqual([weight('a', 20n), weight('b', 2n), weight('c', 2n)]);
  });

  test('is cut to the minute within a day: old work of the same hour takes nothing from new', () => {
    const hour = [
      slice(DAY - 1, [weight('new', 10n)]),
      slice(DAY - 59, [weight('old', 90n)]),
      slice(DAY - 60, [weight('older', 90n)]),
    ];
    expect(windowOf(hour, 10n).weights).toEqual([weight('new', 10n)]);
    expect(windowOf(hour, 55n).weights).toEqual([weight('new', 10n), weight('old', 45n)]);
    const day = [slice(DAY - 1, [weight('a', 1n)]), slice(1, [weight('b', 8n)]), slice(0, [weight('c', 8n)])];
    expect(windowOf(day, 5n).weights).toEqual([weight('a', 1n), weight('b', 4n)]);
    const more = [slice(DAY, [weight('a', 1n)]), ...day.slice(1)];
    expect(windowOf(more, 5n).weights).toEqual([weight('a', 1n), weight('b', 2n), weight('c', 2n)]);
  });

  test('takes the sum of an hour for its minutes where that makes no difference', () => {
    const window = new WorkWindow(100n);
    window.add(slice(DAY, [weight('a', 40n)]));
    expect([window.takesHour(DAY - 60, 60n), window.takesHour(DAY - 60, 61n)]).toEqual([true, false]);
    expect([window.takesHour(60, 61n), window.takesHour(59, 61n)]).toEqual([false, true]);
  });

  test('with less work than wanted is all there is', () => {
    expect(windowOf([slice(1, [weight('a', 3n)])], 5n)).toEqual({ weights: [weight('a', 3n)], work: 3n, full: false });
    expect(windowOf([], 5n)).toEqual({ weights: [], work: 0n, full: false });
  });

  test('reads no further than it needs', () => {
    const read: number[] = [];
    const slices = (function* () {
      for (let hour = 100; hour > 0; hour--) {
        read.push(hour);
        yield slice(hour * 60, [weight('a', 10n)]);
      }
    })();
    expect(windowOf(slices, 25n).full).toBe(true);
    expect(read).toEqual([100, 99, 98, 97]);
  });

  test('is never more than wanted, nor less by as much as one unit for each account of the oldest stretch', () => {
    fc.assert(
      fc.property(histories, fc.bigInt(0n, 2000n), (slices, wanted) => {
        const all = sum(slices.flatMap((each) => each.weights.map(({ work }) => work)));
        const { work, full } = windowOf(slices, wanted);
        expect(full).toBe(all >= wanted);
        expect(work <= wanted).toBe(true);
        const missed = (full ? wanted : all) - work;
        expect(missed >= 0n && missed < 8n).toBe(true);
      }),
    );
  });

  test('is the same after minutes have been rolled up to hours', () => {
    fc.assert(
      fc.property(histories, fc.bigInt(0n, 2000n), (slices, wanted) => {
        expect(windowOf(rolledUp(slices), wanted)).toEqual(windowOf(slices, wanted));
      }),
    );
  });

  test('of no work wants nothing', () => {
    expect(windowOf([slice(1, [weight('a', 3n)])], 0n)).toEqual({ weights: [], work: 0n, full: true });
  });

  test('wants so many times the difficulty of the network, on regtest too', () => {
    expect(windowWork(2, 1)).toBe(2n ** 97n);
    expect(windowWork(8, 4.656542373906925e-10)).toBe(8n * workOf(4.656542373906925e-10));
  });
});

/** What the database does with minutes that are older than a day: one slice for each hour between two blocks. */
function rolledUp(slices: readonly Slice[]): Slice[] {
  const rolled: Slice[] = [];
  const before = Math.floor(((slices[0]?.minute ?? 0) - DAY) / 60) * 60;
  for (const next of slices) {
    if (next.minute >= before) {
      rolled.push(next);
      continue;
    }
    const last = rolled.at(-1);
    const joins = last !== undefined && !next.endsWithBlock && sameHour(last, next);
    if (joins) rolled.push({ ...(rolled.pop() as Slice), weights: [...last.weights, ...next.weights] });
    else rolled.push({ ...next, minute: Math.floor(next.minute / 60) * 60 });
  }
  return rolled;
}

function sameHour(a: Slice, b: Slice): boolean {
  return Math.floor(a.minute / 60) === Math.floor(b.minute / 60);
}
