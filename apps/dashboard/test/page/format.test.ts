import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  amount,
  count,
  cut,
  difficulty,
  digits,
  duration,
  hashrate,
  latency,
  percent,
  plain,
  shortHash,
  si,
  utc,
} from '../../src/page/data/format.ts';

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;

describe('numbers as people read them', () => {
  test.each([
    [hashrate(0), '0 H/s'],
    [hashrate(999.4), '999 H/s'],
    [hashrate(999.6), '1 kH/s'],
    [hashrate(1_234_567), '1.23 MH/s'],
    [hashrate(12_345_000_000_000), '12.3 TH/s'],
    [hashrate(999_950_000_000), '1 TH/s'],
    [hashrate(6.5e20), '650 EH/s'],
    [hashrate(Number.NaN), '–'],
    [si(1500, 'B'), '1.5 kB'],
    [digits(100), '100'],
    [digits(10), '10'],
    [digits(0.26837), '0.268'],
    [difficulty(0.000033), '0.000033'],
    [difficulty(127_170_500_429_035), '127 T'],
    [count(1_234_567), '1,234,567'],
    [percent(1, 3), '33.3 %'],
    [percent(24, 10_838), '0.22 %'],
    [percent(1, 1_000_000), '<0.01 %'],
    [percent(100, 100), '100 %'],
    [percent(0, 10), '0 %'],
    [percent(0, 0), '–'],
    [latency(0.00035), '350 µs'],
    [latency(0.0143), '14.3 ms'],
    [latency(2), '2 s'],
    [amount(5_000_000_000), '50.000 BTC'],
    [amount(312_512_345), '3.12512345 BTC'],
    [amount(99_999), '99,999 sat'],
    [amount(0), '0 sat'],
  ])('%s', (written, expected) => {
    expect(written).toBe(expected);
  });

  test('never need more than three digits before and after a prefix, whatever the number', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e26, noNaN: true }), (value) => {
        expect(si(value, 'H/s')).toMatch(/^\d{1,3}(\.\d{1,8})? ?[kMGTPEZY]?H\/s$/);
      }),
    );
  });
});

test.each([
  [-5, '0 s'],
  [59 * S, '59 s'],
  [90 * S, '1 min 30 s'],
  [59 * MIN, '59 min'],
  [H, '1 h'],
  [2 * H + 10 * MIN, '2 h 10 min'],
  [3 * D + 4 * H, '3 d 4 h'],
  [2000 * D, '2,000 d'],
])('a duration of %i ms is %s', (ms, expected) => {
  expect(duration(ms)).toBe(expected);
});

describe('what somebody else chose to be called', () => {
  test('is cut visibly, and never inside of a character', () => {
    expect(cut('stack.device-1', 40)).toBe('stack.device-1');
    expect(cut('a'.repeat(300), 10)).toBe(`${'a'.repeat(9)}…`);
    expect(cut('👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 2)).toBe('👩‍👩‍👧‍👦…');
  });

  test('shows what is unseen in it: no name turns the direction of the page, or hides a part', () => {
    expect(plain('rig\u202e1')).toBe('rig\uFFFD1');
    expect(plain('a\u0000b\u200bc\n')).toBe('a\uFFFDb\uFFFDc\uFFFD');
    expect(plain('Antminer S21 Pro+ «β»')).toBe('Antminer S21 Pro+ «β»');
  });

  test('a hash keeps both of its ends', () => {
    expect(shortHash('0123456789abcdef'.repeat(4))).toBe('01234567…89abcdef');
    expect(shortHash('short')).toBe('short');
  });
});

test('times are told in UTC beside the local ones', () => {
  expect(utc(Date.UTC(2026, 0, 31, 12))).toBe('2026-01-31 12:00:00 UTC');
});
