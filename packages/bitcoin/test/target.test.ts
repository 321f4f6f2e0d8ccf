import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareTargets,
  DIFFICULTY_1_TARGET,
  difficultyFromTarget,
  hashrateFromTarget,
  MAX_TARGET,
  meetsTarget,
  nbitsFromTarget,
  targetFromBigint,
  targetFromDifficulty,
  targetFromHashrate,
  targetFromNbits,
  targetToBigint,
  workOfTarget,
} from '../src/index.ts';

const target = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }).map(targetFromBigint);
/** Targets of every magnitude: 256 random bits alone are nearly always huge. */
const scaledTarget = fc
  .tuple(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), fc.nat({ max: 255 }))
  .map(([value, shift]) => targetFromBigint(value >> BigInt(shift)));

describe("nbits, Bitcoin Core's arith_uint256 vectors", () => {
  test.each([
    [0x00000000, 0n, 0x00000000],
    [0x00123456, 0n, 0x00000000],
    [0x01003456, 0n, 0x00000000],
    [0x02000056, 0n, 0x00000000],
    [0x03000000, 0n, 0x00000000],
    [0x04000000, 0n, 0x00000000],
    [0x00923456, 0n, 0x00000000],
    [0x01803456, 0n, 0x00000000],
    [0x02800056, 0n, 0x00000000],
    [0x03800000, 0n, 0x00000000],
    [0x04800000, 0n, 0x00000000],
    [0x01123456, 0x12n, 0x01120000],
    [0x02123456, 0x1234n, 0x02123400],
    [0x03123456, 0x123456n, 0x03123456],
    [0x04123456, 0x12345600n, 0x04123456],
    [0x05009234, 0x92340000n, 0x05009234],
    [0x20123456, 0x123456n << 232n, 0x20123456],
    [0x1d00ffff, 0xffffn << 208n, 0x1d00ffff],
    [0x207fffff, 0x7fffffn << 232n, 0x207fffff],
    [0x1e0377ae, 0x0377aen << 216n, 0x1e0377ae],
  ])('%i', (nbits, value, canonical) => {
    expect(targetToBigint(targetFromNbits(nbits))).toBe(value);
    expect(nbitsFromTarget(targetFromNbits(nbits))).toBe(canonical);
  });
  test.each([
    [0x01fedcba, 'negative'],
    [0x04923456, 'negative'],
    [0xff123456, 'above 256 bits'],
    [0x21010000, 'above 256 bits'],
    [0x22000100, 'above 256 bits'],
  ])('refuses %i', (nbits, problem) => {
    expect(() => targetFromNbits(nbits)).toThrow(problem);
  });
  test('0x80 in the top byte takes a further byte, as in Core', () => {
    expect(nbitsFromTarget(targetFromBigint(0x80n))).toBe(0x02008000);
  });
  test('keeps the three leading bytes of any target and rounds down', () => {
    fc.assert(
      fc.property(scaledTarget, (any) => {
        const kept = targetFromNbits(nbitsFromTarget(any));
        expect(compareTargets(kept, any)).toBeLessThanOrEqual(0);
        expect(nbitsFromTarget(kept)).toBe(nbitsFromTarget(any));
        expect((targetToBigint(any) - targetToBigint(kept)) * 0x8000n <= targetToBigint(any)).toBe(true);
      }),
    );
  });
});

describe('comparison', () => {
  test('orders as the numbers do', () => {
    fc.assert(
      fc.property(scaledTarget, scaledTarget, (a, b) => {
        const [x, y] = [targetToBigint(a), targetToBigint(b)];
        expect(compareTargets(a, b)).toBe(x < y ? -1 : x > y ? 1 : 0);
        expect(meetsTarget(a, b)).toBe(x <= y);
      }),
    );
  });
  test('a hash equal to the target meets it', () => {
    expect(meetsTarget(DIFFICULTY_1_TARGET, DIFFICULTY_1_TARGET)).toBe(true);
  });
  test('numbers and targets convert both ways', () => {
    fc.assert(
      fc.property(target, (any) => {
        expect(targetFromBigint(targetToBigint(any))).toEqual(any);
      }),
    );
    expect(targetFromBigint(1n << 256n)).toEqual(MAX_TARGET);
  });
});

describe('difficulty', () => {
  test.each([
    ['difficulty 1', 0x1d00ffff, 1],
    ['block 100,000', 0x1b04864c, 14484.162361225399],
    ['block 125,552', 0x1a44b9f2, 244112.48777433642],
    ['regtest', 0x207fffff, 4.6565423739069247e-10],
  ])('%s', (_, nbits, difficulty) => {
    expect(difficultyFromTarget(targetFromNbits(nbits))).toBe(difficulty);
  });
  test('of the target 0 is Infinity', () => {
    expect(difficultyFromTarget(new Uint8Array(32))).toBe(Infinity);
  });
  test('survives the way to a target and back to within what the target can hold', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (difficulty) => {
        const back = difficultyFromTarget(targetFromDifficulty(difficulty));
        expect(Math.abs(back / difficulty - 1)).toBeLessThan(1e-12);
      }),
    );
  });
  test.each([
    [NaN, MAX_TARGET],
    [0, MAX_TARGET],
    [-1, MAX_TARGET],
    [5e-324, MAX_TARGET],
    [Infinity, new Uint8Array(32)],
    [Number.MAX_VALUE, new Uint8Array(32)],
    [1, DIFFICULTY_1_TARGET],
  ])('%d has a target', (difficulty, expected) => {
    expect(targetFromDifficulty(difficulty)).toEqual(expected);
  });
});

describe('hashrate', () => {
  test('the target is (2^256 - 1 - x) / (x + 1) of the hashes per share', () => {
    // 1 TH/s at 6 shares a minute: x = 10^13
    expect(targetToBigint(targetFromHashrate(1e12, 6))).toBe(((1n << 256n) - 1n - 10n ** 13n) / (10n ** 13n + 1n));
  });
  test.each([
    [NaN, 6, MAX_TARGET],
    [0, 6, MAX_TARGET],
    [-0, 6, MAX_TARGET],
    [-5, 6, MAX_TARGET],
    [0.01, 6, MAX_TARGET],
    [Infinity, 6, new Uint8Array(32)],
    [1e300, 6, new Uint8Array(32)],
    [1e12, 0, new Uint8Array(32)],
    [1e12, NaN, MAX_TARGET],
    [0, 0, MAX_TARGET],
  ])('%d H/s at %d shares a minute has a target', (hashrate, sharesPerMinute, expected) => {
    expect(targetFromHashrate(hashrate, sharesPerMinute)).toEqual(expected);
  });
  test('survives the way to a target and back', () => {
    const hashrate = fc.double({ min: 1e4, max: 1e21, noNaN: true });
    fc.assert(
      fc.property(hashrate, fc.double({ min: 0.1, max: 60, noNaN: true }), (rate, sharesPerMinute) => {
        const back = hashrateFromTarget(targetFromHashrate(rate, sharesPerMinute), sharesPerMinute);
        expect(Math.abs(back / rate - 1)).toBeLessThan(1e-3);
      }),
    );
  });
  test('a share at difficulty 1 is about 2^32 hashes of work', () => {
    expect(workOfTarget(DIFFICULTY_1_TARGET)).toBe(4295032833.000015);
    expect(workOfTarget(MAX_TARGET)).toBe(1);
  });
});
