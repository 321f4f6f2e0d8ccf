import { compareTargets, difficultyFromTarget, targetFromDifficulty } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extranonceSizeFor, HASHES_PER_DIFFICULTY, targetFor, type TargetPolicy } from '../src/index.ts';
import { MAX_TARGET } from './support.ts';

const policy: TargetPolicy = { sharesPerMinute: 6, minDifficulty: 0.001, maxDifficulty: 1e15, assumedHashrate: 1e12 };
const difficulty = (hashrate: number, maxTarget = MAX_TARGET) => {
  const verdict = targetFor(hashrate, maxTarget, policy);
  return verdict.kind === 'target' ? difficultyFromTarget(verdict.target) : verdict.code;
};

test.each([Number.NaN, Infinity, -Infinity, -1, -1e-30])('refuses a nominal hashrate of %d', (hashrate) => {
  expect(difficulty(hashrate)).toBe('invalid-nominal-hashrate');
});

test.each([0, -0])('takes %d for an empty proxy (§5.3.2)', (hashrate) => {
  expect(difficulty(hashrate)).toBeCloseTo((1e12 * 10) / HASHES_PER_DIFFICULTY, 6);
});

test('aims at the wanted share rate', () => {
  expect(difficulty(5e14)).toBeCloseTo((5e14 * 10) / HASHES_PER_DIFFICULTY, 3);
});

test('keeps to the bounds of the server', () => {
  expect(difficulty(1)).toBeCloseTo(0.001, 9);
  expect(difficulty(3e38)).toBeCloseTo(1e15, -3);
});

test('never assigns a target above what the client can do, even below the floor of the server', () => {
  expect(difficulty(1e6, targetFromDifficulty(1_000))).toBeCloseTo(1_000, 3);
  expect(difficulty(1e15, targetFromDifficulty(1_000))).toBeGreaterThan(1_000);
});

test('refuses a maximum target that is harder than any it assigns', () => {
  expect(difficulty(1e12, targetFromDifficulty(1.01e15))).toBe('max-target-out-of-range');
  expect(difficulty(1e12, new Uint8Array(32))).toBe('max-target-out-of-range');
});

test('whatever a client states, it gets a target it can do or an error', () => {
  fc.assert(
    fc.property(fc.float(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (hashrate, maxTarget) => {
      const verdict = targetFor(hashrate, maxTarget, policy);
      if (verdict.kind === 'target') expect(compareTargets(verdict.target, maxTarget)).toBeLessThanOrEqual(0);
    }),
  );
});

test('an extended channel gets the extranonce it asked for and not more, save for a least (§5.3.4)', () => {
  const size = (wanted: number) => extranonceSizeFor(wanted, 7, 2);
  expect(size(0)).toEqual({ kind: 'size', size: 2 });
  expect(size(6)).toEqual({ kind: 'size', size: 6 });
  expect(size(25)).toEqual({ kind: 'size', size: 25 });
  expect(size(26)).toEqual({ kind: 'error', code: 'min-extranonce-size-too-large' });
});

test('an extended channel gets no more than the upstream leaves (§5.1.2.1)', () => {
  expect(extranonceSizeFor(8, 4, 2, 12)).toEqual({ kind: 'size', size: 8 });
  expect(extranonceSizeFor(9, 4, 2, 12)).toEqual({ kind: 'error', code: 'min-extranonce-size-too-large' });
});

test('no target is harder than what is of use, unless the client can do no easier', () => {
  const useful = (hashrate: number, usefulDifficulty: number, maxTarget = MAX_TARGET) => {
    const verdict = targetFor(hashrate, maxTarget, { ...policy, usefulDifficulty });
    return verdict.kind === 'target' ? difficultyFromTarget(verdict.target) : verdict.code;
  };
  expect(useful(5e14, 100)).toBeCloseTo(100, 3);
  expect(useful(5e14, 1e-5)).toBeCloseTo(1e-5, 9);
  expect(useful(5e14, 100, targetFromDifficulty(1_000))).toBeCloseTo(1_000, 3);
  expect(useful(5e14, 1e9)).toBeCloseTo((5e14 * 10) / HASHES_PER_DIFFICULTY, 3);
  expect(useful(5e14, 100, targetFromDifficulty(1.01e15))).toBe('max-target-out-of-range');
});
