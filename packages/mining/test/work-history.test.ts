import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HASHES_PER_DIFFICULTY, historyFrame, workHistory, WorkMinutes, type WorkSum } from '../src/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Midnight. */
const START = 1_800_000_000_000 - (1_800_000_000_000 % DAY);

const sum = (startMs: number, more: Partial<WorkSum> = {}): WorkSum => ({
  startMs,
  spanMs: MINUTE,
  accepted: 1,
  rejected: 0,
  work: 1,
  ...more,
});

describe('a history', () => {
  test.each([
    [1, 1],
    [8, 1],
    [24, 3],
    [168, 30],
    [720, 120],
    [8784, 1440],
  ])('of %i hours is in stretches of %i minutes', (hours, minutes) => {
    expect(historyFrame(hours, START)).toEqual({ stepMs: minutes * MINUTE, fromMs: START - hours * HOUR });
  });

  test('has at most 500 points without gaps, and the work of all sums inside, whatever they are', () => {
    const sums = fc.array(
      fc.record({
        minute: fc.integer({ min: 0, max: 8784 * 60 }),
        isHour: fc.boolean(),
        accepted: fc.nat(1000),
        rejected: fc.nat(10),
        work: fc.nat(1_000_000),
      }),
      { maxLength: 50 },
    );
    fc.assert(
      fc.property(sums, fc.integer({ min: 1, max: 8784 }), fc.nat(DAY), (all, hours, past) => {
        const nowMs = START + past;
        const frame = historyFrame(hours, nowMs);
        const given = all.map(({ minute, isHour, ...counts }) => {
          const spanMs = isHour ? HOUR : MINUTE;
          const startMs = START - minute * MINUTE;
          return { ...counts, spanMs, startMs: startMs - (startMs % spanMs) };
        });
        const points = workHistory(given, frame, { sinceMs: 0, nowMs, countsRejected: true });
        expect(points.length).toBeLessThanOrEqual(500);
        for (const [index, { fromMs }] of points.entries()) expect(fromMs).toBe(frame.fromMs + index * frame.stepMs);
        const last = points.at(-1)?.fromMs ?? 0;
        const whole = given.filter(
          ({ startMs, spanMs }) => startMs >= frame.fromMs && startMs + spanMs <= last + frame.stepMs,
        );
        const partly = given.filter((each) => each.startMs + each.spanMs > frame.fromMs);
        const of = (some: readonly { readonly accepted: number; readonly work: number }[]) => [
          some.reduce((total, { accepted }) => total + accepted, 0),
          some.reduce((total, { work }) => total + work, 0),
        ];
        for (const [index, told] of of(points).entries()) {
          expect(told).toBeGreaterThanOrEqual((of(whole)[index] ?? 0) * (1 - 1e-9));
          expect(told).toBeLessThanOrEqual((of(partly)[index] ?? 0) * (1 + 1e-9));
        }
      }),
    );
  });

  test('spreads what is only known by the hour over the hour', () => {
    const hour = sum(START - HOUR, { spanMs: HOUR, accepted: 61, work: 120 });
    const known = { sinceMs: 0, nowMs: START, countsRejected: false };
    const points = workHistory([hour], historyFrame(1, START), known);
    expect(points.slice(0, 59).map(({ accepted }) => accepted)).toEqual(Array.from({ length: 59 }, () => 1));
    expect(points.map(({ work }) => work)).toEqual(Array.from({ length: 60 }, () => 2));
    expect(points[0]).toEqual({
      fromMs: START - HOUR,
      seconds: 60,
      accepted: 1,
      work: 2,
      hashrate: (2 * HASHES_PER_DIFFICULTY) / 60,
    });
  });

  test('begins where something is known, and has the stretch at hand over what has passed of it', () => {
    const told = (nowMs: number) =>
      workHistory([sum(START, { rejected: 2 }), sum(START + 2 * MINUTE)], historyFrame(1, nowMs), {
        sinceMs: START + 15_000,
        nowMs,
        countsRejected: true,
      }).map(({ fromMs, seconds, accepted, rejected }) => [fromMs - START, seconds, accepted, rejected]);
    const [first, second] = [
      [15_000, 45, 1, 2],
      [MINUTE, 60, 0, 0],
    ];
    expect(told(START + 20_000)).toEqual([]);
    expect(told(START + 2 * MINUTE + 9_000)).toEqual([first, second]);
    expect(told(START + 2 * MINUTE + 12_000)).toEqual([first, second, [2 * MINUTE, 12, 1, 0]]);
  });
});

describe('minutes in memory', () => {
  test('are those of the last day, each share in its own', () => {
    const minutes = new WorkMinutes(START);
    minutes.accept(5, START + 1);
    minutes.accept(7, START + 59_999);
    minutes.reject(START + 30_000);
    minutes.accept(3, START + MINUTE, 2);
    expect([...minutes.sums()]).toEqual([
      sum(START, { accepted: 2, rejected: 1, work: 12 }),
      sum(START + MINUTE, { accepted: 2, work: 3 }),
    ]);
    minutes.accept(1, START + DAY);
    expect([...minutes.sums()].map(({ startMs, work }) => [startMs - START, work])).toEqual([
      [DAY, 1],
      [MINUTE, 3],
    ]);
  });

  test('count on where the clock is set back', () => {
    const minutes = new WorkMinutes(START);
    minutes.accept(1, START + MINUTE);
    minutes.accept(1, START);
    minutes.accept(1, START + MINUTE);
    expect([...minutes.sums()].map(({ work }) => work)).toEqual([1, 2]);
  });
});
