/** Bits behind the point: one unit of work is 2^-96 of difficulty 1. */
const WORK_BITS = 96n;
const UNITS = 2 ** 96;
const MOST_EXACT_INTEGER = 2 ** 53;

/**
 * Work of a share as an integer of units 2^-96 of difficulty 1, so that sums are exact in any order. A difficulty from
 * 2^-44 on is exactly that many units; a smaller one is rounded up to the next unit, so that no share counts for nothing.
 *
 * @param difficulty of the share as credited; 0 is no work
 * @throws RangeError when it is negative or not a finite number
 */
export function workOf(difficulty: number): bigint {
  if (!Number.isFinite(difficulty) || difficulty < 0) throw new RangeError(`${difficulty} is no difficulty`);
  if (difficulty >= MOST_EXACT_INTEGER) return BigInt(difficulty) << WORK_BITS;
  return BigInt(Math.ceil(difficulty * UNITS));
}

/** The difficulty that a sum of work stands for: rounded to the nearest number, for people and rates. */
export function difficultyOf(work: bigint): number {
  return Number(work) / UNITS;
}
