import { expect, test } from 'vitest';
import { deciles, quantile, spread } from '../src/samples.ts';

test('a quantile is the sample below which its share of the others lies', () => {
  const samples = [5, 1, 4, 2, 3];
  expect([0, 0.5, 0.99, 1].map((q) => quantile(samples, q))).toEqual([1, 3, 5, 5]);
});

test('several runs are shown as their median and spread, equal ones and a single one as they are', () => {
  expect(spread([20_031, 19_980, 20_012])).toBe('20,012 (19,980–20,031)');
  expect(spread([1.25, 1.25], 1)).toBe('1.3');
  expect(spread([7])).toBe('7');
});

test('many samples are shown as their median and deciles', () => {
  expect(deciles(Array.from({ length: 11 }, (_, index) => index))).toBe('5.0 (1.0–9.0)');
});
