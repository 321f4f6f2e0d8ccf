import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hashrates, HASHES_PER_DIFFICULTY, WorkMeter } from '../src/index.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = 1_800_000_000_000;

const WINDOWS = {
  oneMinute: { windowMs: MINUTE, bucketMs: 10 * SECOND },
  tenMinutes: { windowMs: 10 * MINUTE, bucketMs: 2 * MINUTE },
  oneHour: { windowMs: HOUR, bucketMs: 10 * MINUTE },
  oneDay: { windowMs: DAY, bucketMs: 2 * HOUR },
} as const;
const NAMES = Object.keys(WINDOWS) as (keyof Hashrates)[];

interface Event {
  readonly atMs: number;
  readonly work: number;
}

/** Every share kept, every window summed up anew. */
function naive(events: readonly Event[], beganMs: number, nowMs: number, name: keyof Hashrates): number {
  const { windowMs, bucketMs } = WINDOWS[name];
  const current = Math.floor(nowMs / bucketMs);
  let work = 0;
  for (const event of events) {
    const back = current - Math.floor(event.atMs / bucketMs);
    if (back < windowMs / bucketMs) work += event.work;
    else if (back === windowMs / bucketMs) work += event.work * (1 - (nowMs % bucketMs) / bucketMs);
  }
  const spanMs = Math.min(windowMs, Math.max(10 * SECOND, nowMs - beganMs));
  return (work * HASHES_PER_DIFFICULTY * 1000) / spanMs;
}

function steady(perSecond: number, seconds: number): { meter: WorkMeter; nowMs: number } {
  const meter = new WorkMeter(START);
  for (let second = 1; second <= seconds; second += 1) meter.add(perSecond, START + second * SECOND);
  return { meter, nowMs: START + seconds * SECOND };
}

function expectRates(rates: Hashrates, perSecond: number): void {
  for (const name of NAMES) expect(rates[name] / HASHES_PER_DIFFICULTY / perSecond).toBeCloseTo(1, 1);
}

const gaps = fc.oneof(
  fc.nat({ max: 3 * SECOND }),
  fc.nat({ max: 5 * MINUTE }),
  fc.nat({ max: 3 * HOUR }),
  fc.nat({ max: 3 * DAY }),
);

describe('WorkMeter', () => {
  test('measures each window as one does who keeps every share', () => {
    const shares = fc.array(fc.record({ gap: gaps, work: fc.integer({ min: 1, max: 1_000_000 }) }), { maxLength: 200 });
    fc.assert(
      fc.property(shares, gaps, (steps, last) => {
        const meter = new WorkMeter(START);
        const events: Event[] = [];
        let nowMs = START;
        for (const { gap, work } of steps) {
          nowMs += gap;
          meter.add(work, nowMs);
          events.push({ atMs: nowMs, work });
        }
        nowMs += last;
        const rates = meter.hashrates(nowMs);
        for (const name of NAMES) {
          const wanted = naive(events, START, nowMs, name);
          expect(Math.abs(rates[name] - wanted)).toBeLessThanOrEqual(wanted * 1e-9);
        }
      }),
    );
  });

  test('goes on after a restart where the sums of minutes leave it', () => {
    const shares = fc.array(fc.record({ gap: gaps, work: fc.integer({ min: 1, max: 1_000_000 }) }), { maxLength: 100 });
    fc.assert(
      fc.property(shares, (steps) => {
        const told = new WorkMeter(START);
        const minutes = new Map<number, number>();
        let nowMs = START;
        for (const { gap, work } of steps) {
          nowMs += gap;
          told.add(work, nowMs);
          const minuteMs = nowMs - (nowMs % MINUTE);
          minutes.set(minuteMs, (minutes.get(minuteMs) ?? 0) + work);
        }
        const restarted = new WorkMeter(nowMs);
        const sums = [...minutes].map(([minuteMs, work]) => ({ minuteMs, work }));
        restarted.seed(sums, START, nowMs);
        const before = told.hashrates(nowMs);
        const after = restarted.hashrates(nowMs);
        // Buckets of less than a minute are guessed.
        for (const name of ['tenMinutes', 'oneHour', 'oneDay'] as const) {
          expect(Math.abs(after[name] - before[name])).toBeLessThanOrEqual(before[name] * 1e-9);
        }
      }),
    );
  });

  test('seeds the last minute evenly over what has passed of it', () => {
    const { meter: told, nowMs } = steady(5, 30 * 60);
    const restarted = new WorkMeter(nowMs);
    const sums = Array.from({ length: 31 }, (_, minute) => ({ minuteMs: START + minute * MINUTE, work: 300 }));
    restarted.seed(sums.slice(0, 30), START, nowMs);
    for (const name of NAMES) expect(restarted.hashrates(nowMs)[name] / told.hashrates(nowMs)[name]).toBeCloseTo(1, 1);
  });

  test('a seed of the future, or from before the clock began, counts for nothing', () => {
    const meter = new WorkMeter(START);
    const sums = [START + MINUTE, -MINUTE].map((minuteMs) => ({ minuteMs, work: 1 }));
    meter.seed(sums, START, START + SECOND);
    expect(meter.hashrates(START + SECOND)).toEqual({ oneMinute: 0, tenMinutes: 0, oneHour: 0, oneDay: 0 });
  });

  test('is right before a window is full', () => {
    const { meter, nowMs } = steady(3, 40);
    expectRates(meter.hashrates(nowMs), 3);
    expect(meter.hashrate(nowMs)).toBe(meter.hashrates(nowMs).tenMinutes);
  });

  test('a first share in the first moment is no burst', () => {
    const meter = new WorkMeter(START);
    meter.add(1, START + 1);
    expect(meter.hashrate(START + 1)).toBeCloseTo(HASHES_PER_DIFFICULTY / 10, 0);
  });

  test('forgets by and by when no more comes', () => {
    const { meter, nowMs } = steady(3, 3_600);
    const after = meter.hashrates(nowMs + 11 * MINUTE);
    expect(after.oneMinute).toBe(0);
    expect(after.tenMinutes).toBeLessThan(0.15 * 3 * HASHES_PER_DIFFICULTY);
    expect(after.oneHour).toBeGreaterThan(2 * HASHES_PER_DIFFICULTY);
    expect(meter.hashrates(nowMs + 2 * DAY).oneDay).toBe(0);
  });

  test('a clock that steps back changes no rate', () => {
    const steps = fc.array(fc.nat({ max: 2 * DAY }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(steps, (backs) => {
        const meter = new WorkMeter(START);
        let offset = 0;
        for (let second = 1; second <= 1_200; second += 1) {
          if (second % 200 === 0) offset -= backs[second / 200 - 1] ?? 0;
          meter.add(4, START + second * SECOND + offset);
        }
        expectRates(meter.hashrates(START + 1_200 * SECOND + offset), 4);
      }),
      { numRuns: 20 },
    );
  });
});
