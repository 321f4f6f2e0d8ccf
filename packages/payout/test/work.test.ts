import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { difficultyOf, workOf } from '../src/index.ts';

describe('work', () => {
  test.each([
    [0, 0n],
    [1, 2n ** 96n],
    [0.5, 2n ** 95n],
    [2 ** -96, 1n],
    [2 ** -97, 1n],
    [5e-324, 1n],
    [2 ** 53 + 2, (2n ** 53n + 2n) << 96n],
    [2 ** 200, 2n ** 296n],
  ])('difficulty %d is that many units of 2^-96', (difficulty, units) => {
    expect(workOf(difficulty)).toBe(units);
  });

  test('a difficulty from 2^-44 on is exact: it comes back as it was', () => {
    const difficulty = fc.double({ min: 2 ** -44, max: 2 ** 220, noNaN: true });
    fc.assert(fc.property(difficulty, (given) => difficultyOf(workOf(given)) === given));
  });

  test("regtest's difficulty of 4.6e-10 is exact", () => {
    expect(difficultyOf(workOf(4.656542373906925e-10))).toBe(4.656542373906925e-10);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%d is no difficulty', (given) => {
    expect(() => workOf(given)).toThrow(RangeError);
  });
});
