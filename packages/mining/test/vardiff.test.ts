import { describe, expect, test } from 'vitest';
import { Vardiff, VARDIFF_TUNING } from '../src/index.ts';
import { seeded } from './support.ts';

const SHARES_PER_MINUTE = 6;
const HOUR = 3_600;
const UNBOUNDED = { min: 1e-12, max: 1e12 };

interface Step {
  /** Seconds. */
  readonly at: number;
  readonly difficulty: number;
}

interface Run {
  readonly steps: readonly Step[];
  readonly shares: number;
}

interface Scenario {
  /** The miner's true difficulty per second at a time in seconds; 1 / 10 s is right for difficulty 1. */
  readonly rate: (at: number) => number;
  readonly seconds: number;
  readonly seed: number;
  readonly start?: number;
  readonly bounds?: { min: number; max: number };
}

/** One miner and one channel: Poisson arrivals, a job every 30 s that binds the latest target, a virtual clock. */
function simulate({ rate, seconds, seed, start = 1, bounds = UNBOUNDED }: Scenario): Run {
  const random = seeded(seed);
  const vardiff = new Vardiff(start, SHARES_PER_MINUTE, bounds, 0);
  const steps: Step[] = [];
  let active = start;
  let shares = 0;
  for (let at = 1; at <= seconds; at += 1) {
    const arrived = poisson(rate(at) / active, random);
    for (let i = 0; i < arrived; i += 1) vardiff.accepted(active, at * 1_000);
    shares += arrived;
    if (at % 30 !== 0 && !vardiff.urgent) continue;
    const difficulty = vardiff.evaluate(at * 1_000);
    if (difficulty === undefined) continue;
    steps.push({ at, difficulty });
    active = difficulty;
    vardiff.activated(active, at * 1_000);
  }
  return { steps, shares };
}

function poisson(mean: number, random: () => number): number {
  if (mean > 30) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let count = 0;
  for (let product = random(); product > Math.exp(-mean); product *= random()) count += 1;
  return count;
}

const difficultyAt = ({ steps }: Run, at: number, start = 1) =>
  steps.findLast((step) => step.at <= at)?.difficulty ?? start;
const within = (value: number, wanted: number, factor: number) => Math.abs(Math.log(value / wanted)) < Math.log(factor);
const RIGHT = 1 / 10;
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed + 1);

describe('a steady miner', () => {
  const days = SEEDS.slice(0, 10).map((seed) => simulate({ rate: () => RIGHT, seconds: 24 * HOUR, seed }));

  test('is left alone for most of an hour on average', () => {
    const changes = days.reduce((sum, { steps }) => sum + steps.length, 0) / days.length;
    expect(changes).toBeLessThan(40);
  });

  test('stays within 30 % of the right difficulty nine tenths of the time, and hardly ever leaves a factor of 2', () => {
    const samples = days.flatMap((day) =>
      Array.from({ length: 24 * 60 }, (_, minute) => difficultyAt(day, minute * 60)),
    );
    const share = (factor: number) =>
      samples.filter((difficulty) => within(difficulty, 1, factor)).length / samples.length;
    expect(share(1.3)).toBeGreaterThan(0.9);
    expect(share(2)).toBeGreaterThan(0.998);
    expect(share(4)).toBe(1);
  });
});

describe.each([
  ['falls by 50 %', 0.5],
  ['rises by 50 %', 1.5],
  ['doubles', 2],
])('a miner whose hashrate %s', (_, factor) => {
  const rate = (at: number) => (at <= HOUR ? RIGHT : RIGHT * factor);
  const runs = SEEDS.map((seed) => simulate({ rate, seconds: 2 * HOUR, seed }));
  const settled = (minutes: number) =>
    runs.filter((run) => within(difficultyAt(run, HOUR + minutes * 60), factor, 1.3)).length / runs.length;

  test('is followed within ten minutes in three cases of four, and within half an hour in nine of ten', () => {
    expect(settled(10)).toBeGreaterThan(0.75);
    expect(settled(30)).toBeGreaterThan(0.9);
  });

  test('costs few messages', () => {
    const changes = runs.map(({ steps }) => steps.filter(({ at }) => at > HOUR).length);
    expect(changes.reduce((a, b) => a + b) / runs.length).toBeLessThan(4);
  });
});

test('a miner with a thousand times its stated hashrate is slowed before it has sent 600 shares in an hour', () => {
  const run = simulate({ rate: () => RIGHT, seconds: HOUR, seed: 3, start: 0.001 });
  expect(run.shares).toBeLessThan(600);
  expect(within(difficultyAt(run, 300, 0.001), 1, 1.6)).toBe(true);
});

test('a miner with a thousandth of its stated hashrate is eased down to it within half an hour', () => {
  const run = simulate({ rate: () => RIGHT, seconds: HOUR, seed: 4, start: 1_000 });
  expect(within(difficultyAt(run, 1_800, 1_000), 1, 2)).toBe(true);
});

test('a silent miner is eased down step by step, never below what the client can do', () => {
  const { steps } = simulate({ rate: () => 0, seconds: HOUR, seed: 1, bounds: { min: 0.01, max: 1e12 } });
  const path = [1, ...steps.map(({ difficulty }) => difficulty)];
  expect(path.at(-1)).toBe(0.01);
  path.slice(1).forEach((difficulty, i) => expect((path[i] ?? 0) / difficulty).toBeLessThanOrEqual(4));
  expect(steps[0]?.at).toBeLessThan(200);
});

test('no step is larger than its bound', () => {
  const { steps } = simulate({ rate: () => 1e6, seconds: 600, seed: 1 });
  const all = [1, ...steps.map(({ difficulty }) => difficulty)];
  const ratios = all.slice(1).map((difficulty, i) => difficulty / (all[i] ?? 1));
  expect(Math.max(...ratios)).toBeLessThanOrEqual(8.000001);
});

test('a clock that goes back or a process that slept for a day proves nothing about the miner', () => {
  const vardiff = new Vardiff(1, SHARES_PER_MINUTE, UNBOUNDED, 1e6);
  expect(vardiff.evaluate(0)).toBeUndefined();
  expect(vardiff.evaluate(86_400_000)).toBeUndefined();
});

test('a client that states another hashrate is followed at once', () => {
  const vardiff = new Vardiff(1, SHARES_PER_MINUTE, UNBOUNDED, 0);
  vardiff.restart(50, 1_000);
  expect(vardiff.difficulty).toBe(50);
  expect(vardiff.evaluate(2_000)).toBeUndefined();
});

test('a smaller maximum target of the client binds at the next evaluation', () => {
  const vardiff = new Vardiff(1, SHARES_PER_MINUTE, UNBOUNDED, 0);
  vardiff.setBounds({ min: 4, max: 1e12 });
  expect(vardiff.evaluate(1_000)).toBe(4);
});

test('a miner that is held at an easier target than it could do is known by its true hashrate, and followed once it may', () => {
  const random = seeded(7);
  const [trueRate, most] = [5, 1];
  const vardiff = new Vardiff(most, SHARES_PER_MINUTE, { min: 1e-12, max: most }, 0);
  for (let at = 1; at <= HOUR; at += 1) {
    for (let left = poisson(trueRate / most, random); left > 0; left -= 1) vardiff.accepted(most, at * 1_000);
    if (at % 30 === 0) expect(vardiff.evaluate(at * 1_000)).toBeUndefined();
  }
  const perDifficulty = 2 ** 32;
  expect(Math.abs(Math.log(vardiff.hashrate / (trueRate * perDifficulty)))).toBeLessThan(0.2);
  vardiff.setBounds(UNBOUNDED);
  const right = trueRate / (SHARES_PER_MINUTE / 60);
  expect(Math.abs(Math.log((vardiff.evaluate(HOUR * 1_000) ?? 0) / right))).toBeLessThan(0.2);
});

test('a burst at a difficulty that is held back counts once, not at every share of it', () => {
  const vardiff = new Vardiff(1, SHARES_PER_MINUTE, { min: 1e-12, max: 1 }, 0);
  const before = vardiff.hashrate;
  for (let share = 0; share < 10_000; share += 1) {
    vardiff.accepted(1, 30_000);
    if (vardiff.urgent) vardiff.evaluate(30_000);
  }
  vardiff.evaluate(30_000);
  expect(vardiff.hashrate / before).toBeLessThanOrEqual(VARDIFF_TUNING.maxStepUp);
});
