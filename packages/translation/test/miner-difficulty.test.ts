import { MAX_TARGET, targetFromDifficulty } from '@sv2kit/bitcoin';
import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import { minerDifficulty, readPassword } from '@sv2kit/sv1';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DifficultyOptions, MinerDifficulty, profileOf } from '../src/index.ts';
import { NOW, seeded } from './support.ts';

const SHARES_PER_MINUTE = 6;
const HARD = targetFromDifficulty(2 ** 59);
const limits = { upstreamTarget: HARD, networkDifficulty: 1e14 };
const unknown = profileOf('');

const made = (options: Partial<DifficultyOptions> = {}): MinerDifficulty =>
  new MinerDifficulty({ sharesPerMinute: SHARES_PER_MINUTE, floor: 2 ** -20, profile: unknown, ...options });

interface Scenario {
  /** Hashes per second at a time in seconds. */
  readonly hashrate: (second: number) => number;
  readonly seconds: number;
  readonly seed: number;
  readonly options?: Partial<DifficultyOptions>;
  /** Seconds between the upstream's jobs. */
  readonly jobEvery?: number;
  readonly limits?: (second: number) => typeof limits;
  /** What a device and its wire can send in a second. */
  readonly mostShares?: number;
}

interface Run {
  readonly changes: readonly { readonly at: number; readonly difficulty: number }[];
  /** By second. */
  readonly shares: readonly number[];
  readonly urgentJobs: number;
  readonly miner: MinerDifficulty;
}

/** One miner: Poisson arrivals, a quarter of a second between job and shares, a virtual clock. */
function simulate({
  hashrate,
  seconds,
  seed,
  options = {},
  jobEvery = 30,
  limits: at = () => limits,
  mostShares = 500,
}: Scenario): Run {
  const random = seeded(seed);
  const miner = made(options);
  const changes: { at: number; difficulty: number }[] = [];
  const shares: number[] = [];
  let mined = 0;
  let urgentJobs = 0;
  const job = (nowMs: number): void => {
    const difficulty = miner.next(at((nowMs - NOW) / 1000), nowMs);
    if (difficulty !== changes.at(-1)?.difficulty) changes.push({ at: (nowMs - NOW) / 1000, difficulty });
  };
  for (let second = 0; second < seconds; second += 1) {
    let count = 0;
    if (second % jobEvery === 0) job(NOW + second * 1000);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const nowMs = NOW + second * 1000 + quarter * 250;
      const wanted = miner.current ?? 1;
      const arrived = mined === 0 ? 0 : poisson(hashrate(second) / 4 / (mined * HASHES_PER_DIFFICULTY), random);
      const sent = Math.min(arrived, mostShares / 4);
      count += sent;
      for (let share = 0; share < sent; share += 1) miner.accepted(mined, nowMs + (share * 250) / sent);
      if (miner.wantsJob(nowMs)) {
        urgentJobs += 1;
        job(nowMs);
      }
      mined = wanted;
    }
    shares.push(count);
  }
  return { changes, shares, urgentJobs, miner };
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

/** The difficulty at which a hashrate makes the wanted number of shares. */
const properFor = (hashrate: number): number => (hashrate * 60) / SHARES_PER_MINUTE / HASHES_PER_DIFFICULTY;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

describe("a miner's first difficulty", () => {
  test.each<[string, Partial<DifficultyOptions>, number]>([
    ['its password, rounded down', { password: readPassword('d=1000'), suggested: 4, start: 8 }, 512],
    ['its suggestion', { suggested: 5, start: 8 }, 4],
    ["the operator's", { start: 8 }, 8],
    ["its family's", { profile: profileOf('cpuminer/2.5.1') }, 2 ** -8],
    ['NiceHash, whatever it asks for', { profile: profileOf('NiceHash/1.0.0') }, 524_288],
    ['a password under the floor', { password: readPassword('d=0.000001') }, 2 ** -20],
    ['a password with a least difficulty', { password: readPassword('d=4,md=500') }, 512],
    ['a suggestion of nonsense', { suggested: 2 ** 60 }, 2 ** 32],
    [
      "less than its family's least, on its own word",
      { password: readPassword('d=0.25'), profile: profileOf('cgminer/4.9') },
      0.25,
    ],
    ["a guess below its family's least", { start: 0.25, profile: profileOf('cgminer/4.9') }, 1],
  ])('is of %s', (_, options, difficulty) => {
    expect(made(options).next(limits, NOW)).toBe(difficulty);
  });

  test('is what its nominal hashrate follows from', () => {
    const miner = made({ start: 8 });
    expect(miner.hashrate).toBeCloseTo(0.8 * HASHES_PER_DIFFICULTY, 0);
    expect(miner.current).toBeUndefined();
  });

  test.each<[string, Partial<DifficultyOptions>]>([
    ['its password', { password: readPassword('d=4294967296') }],
    ["its password's least", { password: readPassword('md=1152921504606846976') }],
    ['a suggestion', { suggested: 2 ** 40 }],
  ])('claims no more than a machine can do upstream, whatever %s says', (_, options) => {
    const miner = made(options);
    expect(miner.hashrate).toBe(1e15);
    miner.next(limits, NOW);
    expect(miner.hashrate).toBe(1e15);
    for (let again = 0; again < 10; again += 1) miner.suggest(2 ** (30 + again), NOW);
    expect(miner.hashrate).toBe(1e15);
  });

  test('may follow a suggestion until shares say more', () => {
    const miner = made();
    miner.next(limits, NOW);
    miner.suggest(64, NOW);
    expect(miner.next(limits, NOW)).toBe(64);
    for (let share = 0; share < 8; share += 1) miner.accepted(64, NOW + share * 10_000);
    miner.suggest(1, NOW + 80_000);
    expect(miner.next(limits, NOW + 80_000)).toBe(64);
  });
});

test.each([
  ['Antminer S19/x', 110e12],
  ['Antminer S21/x', 270e12],
  ['bmminer/2.0.0', 13.5e12],
  ['whatsminer/v1.1', 120e12],
  ['cgminer/4.11.1', 90e12],
  ['bosminer-plus-tuner 0.2', 110e12],
  ['bitaxe/BM1370/v2.9', 1.2e12],
  ['NerdMinerV2', 5e4],
  ['cpuminer/2.5.1', 5e7],
  ['', 100e12],
])('a hall of %j starts without a flood and without long silence', (agent, hashrate) => {
  const seconds = (made({ profile: profileOf(agent) }).next(limits, NOW) * HASHES_PER_DIFFICULTY) / hashrate;
  expect(seconds).toBeGreaterThan(1 / 4);
  expect(seconds).toBeLessThan(60);
});

describe('a suggestion', () => {
  test('that comes when the first job is out gets another job at once; the next one waits its turn', () => {
    const miner = made();
    expect(miner.next(limits, NOW)).toBe(unknown.startDifficulty);
    expect(miner.wantsJob(NOW + 5)).toBe(false);
    miner.suggest(2 ** -10, NOW + 10);
    expect(miner.wantsJob(NOW + 10)).toBe(true);
    expect(miner.next(limits, NOW + 10)).toBe(2 ** -10);
    expect(miner.wantsJob(NOW + 20)).toBe(false);
    miner.suggest(64, NOW + 30);
    expect(miner.wantsJob(NOW + 30)).toBe(false);
    expect(miner.wantsJob(NOW + 1_010)).toBe(true);
  });

  test('that is said again and again does not keep a silent miner from being eased', () => {
    const miner = made({ suggested: 64 });
    const difficulties = [0, 30, 60, 90, 120].map((second) => {
      miner.suggest(64, NOW + second * 1_000);
      return miner.next(limits, NOW + second * 1_000);
    });
    expect(difficulties).toEqual([64, 64, 1, 1, 2 ** -6]);
  });

  test('of what the miner has already changes nothing', () => {
    const miner = made();
    miner.next(limits, NOW);
    miner.suggest(unknown.startDifficulty, NOW);
    expect(miner.wantsJob(NOW)).toBe(false);
  });
});

describe('a difficulty', () => {
  test('is a power of two, never harder than the channel, within its bounds if that allows it', () => {
    const exponent = fc.double({ min: -30, max: 55, noNaN: true });
    const steps = fc.array(
      fc.record({ upstream: exponent, network: exponent, shares: fc.nat(40), ms: fc.nat(100_000) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        exponent,
        exponent,
        fc.option(exponent, { nil: undefined }),
        steps,
        (floor, start, password, sequence) => {
          const least = 2 ** floor;
          const miner = made({
            floor: least,
            start: 2 ** start,
            ...(password === undefined ? {} : { password: readPassword(`d=${2 ** password}`) }),
          });
          let nowMs = NOW;
          for (const { upstream, network, shares, ms } of sequence) {
            const upstreamTarget = targetFromDifficulty(2 ** upstream);
            const difficulty = miner.next({ upstreamTarget, networkDifficulty: 2 ** network }, nowMs);
            expect(Number.isInteger(Math.log2(difficulty))).toBe(true);
            expect(difficulty).toBeLessThanOrEqual(minerDifficulty(upstreamTarget));
            expect(difficulty >= least || difficulty === minerDifficulty(upstreamTarget)).toBe(true);
            expect(miner.current).toBe(difficulty);
            for (let share = 1; share <= shares; share += 1) miner.accepted(difficulty, nowMs + (ms * share) / shares);
            nowMs += ms;
            miner.wantsJob(nowMs);
          }
        },
      ),
    );
  });

  test('that is fixed stays, but for the channel', () => {
    const miner = made({ password: readPassword('d=1024;fixed') });
    for (let second = 0; second < 100; second += 1) {
      const nowMs = NOW + second * 1_000;
      expect(miner.next(limits, nowMs)).toBe(1_024);
      for (let share = 0; share < 50; share += 1) miner.accepted(1_024, nowMs);
      expect(miner.wantsJob(nowMs + 999)).toBe(false);
    }
    expect(miner.next({ ...limits, upstreamTarget: targetFromDifficulty(100) }, NOW + 100_000)).toBe(64);
  });

  test("is no harder than the network's while blocks are rarer than two a second", () => {
    const miner = made({ start: 1_024 });
    expect(miner.next({ upstreamTarget: HARD, networkDifficulty: 100 }, NOW)).toBe(64);
    const fast = made({ start: 1_024 });
    expect(fast.next({ upstreamTarget: HARD, networkDifficulty: 1 }, NOW)).toBe(32);
  });

  test('is the easiest there is on a channel whose every hash is a share', () => {
    const easiest = made().next({ upstreamTarget: MAX_TARGET, networkDifficulty: 1e14 }, NOW);
    expect(easiest).toBe(minerDifficulty(MAX_TARGET));
  });
});

describe.each([
  ['50 kH/s', 5e4],
  ['5 MH/s', 5e6],
  ['1.2 TH/s', 1.2e12],
  ['14 TH/s', 14e12],
  ['300 TH/s', 300e12],
  ['20 PH/s', 20e15],
])('a device of %s that does not say what it is', (_, rate) => {
  const seeds = Array.from({ length: 10 }, (__, seed) => seed + 1);
  const runs = seeds.map((seed) => simulate({ hashrate: () => rate, seconds: 3_600, seed }));

  test('is within a factor of three of its difficulty after five minutes, at a calm rate in the hour', () => {
    for (const { changes, shares } of runs) {
      const settled = changes.findLast(({ at }) => at <= 300)?.difficulty ?? 0;
      expect(Math.abs(Math.log2(settled / properFor(rate)))).toBeLessThan(Math.log2(3));
      const perMinute = sum(shares.slice(600)) / 50;
      expect(perMinute).toBeGreaterThan(SHARES_PER_MINUTE / 2);
      expect(perMinute).toBeLessThan(SHARES_PER_MINUTE * 2);
    }
  });

  test('does not flap: fewer than two changes an hour once it is settled', () => {
    const late = runs.map(({ changes }) => changes.filter(({ at }) => at > 600).length);
    expect(sum(late) / runs.length).toBeLessThan(2);
  });

  test('floods for seconds only, and gets few extra jobs', () => {
    for (const { shares, urgentJobs } of runs) {
      expect(shares.filter((count) => count > 60).length).toBeLessThan(12);
      expect(urgentJobs).toBeLessThan(16);
    }
  });
});

describe('a miner', () => {
  test('whose hashrate falls to a tenth is eased', () => {
    const { changes } = simulate({ hashrate: (at) => (at < 3_600 ? 1e14 : 1e13), seconds: 5_400, seed: 4 });
    expect(Math.abs(Math.log2((changes.at(-1)?.difficulty ?? 0) / properFor(1e13)))).toBeLessThan(1);
  });

  test('is measured in full on a channel that is too easy for it, so that its hashrate can be told', () => {
    const upstreamTarget = targetFromDifficulty(1_000);
    const { miner, changes, urgentJobs } = simulate({
      hashrate: () => 1e14,
      seconds: 600,
      seed: 5,
      limits: () => ({ ...limits, upstreamTarget }),
    });
    expect(changes.map(({ difficulty }) => difficulty)).toEqual([512]);
    expect(miner.hashrate / 1e14).toBeGreaterThan(0.8);
    expect(miner.hashrate / 1e14).toBeLessThan(1.25);
    expect(urgentJobs).toBe(0);
  });

  test.each(['md=1e12', 'd=4294967296', 'd=4294967296,fixed'])(
    'is measured as it is, whatever its password %j claims',
    (password) => {
      const { miner } = simulate({
        hashrate: () => 1e14,
        seconds: 900,
        seed: 7,
        options: { password: readPassword(password) },
        limits: () => ({ ...limits, upstreamTarget: targetFromDifficulty(2 ** 14) }),
      });
      expect(miner.hashrate / 1e14).toBeGreaterThan(0.6);
      expect(miner.hashrate / 1e14).toBeLessThan(1.6);
    },
  );

  test('is eased though the clock has gone back', () => {
    const miner = made({ start: 1_024 });
    expect(miner.next(limits, NOW)).toBe(1_024);
    expect(miner.wantsJob(NOW - 3_600_000)).toBe(true);
    expect(miner.next(limits, NOW - 3_600_000)).toBe(16);
    expect(miner.wantsJob(NOW - 3_600_000 + 34_000)).toBe(false);
    expect(miner.wantsJob(NOW - 3_600_000 + 36_000)).toBe(true);
  });

  test('that says nothing for long is not forgotten to be quick', () => {
    const { changes } = simulate({ hashrate: (at) => (at > 1_800 && at < 3_600 ? 0 : 1e13), seconds: 5_400, seed: 6 });
    expect(Math.abs(Math.log2((changes.at(-1)?.difficulty ?? 0) / properFor(1e13)))).toBeLessThan(1);
  });
});
