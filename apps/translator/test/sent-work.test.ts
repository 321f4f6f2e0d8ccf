import { expect, test } from 'vitest';
import { SentWork } from '../src/to-v2/sent-work.ts';

test('accepted shares count for what each was sent for, however little, and rejected ones for nothing (§5.3.13)', () => {
  const work = new SentWork();
  for (const [sequenceNumber, difficulty] of [0.25, 0.25, 0.5, 0.5, 0.5, 2].entries())
    work.sent(sequenceNumber + 1, difficulty);
  expect(work.between(0, 1, undefined)).toBe(0.25);
  expect(work.between(1, 4, new Set([3, 5]))).toBe(0.75);
  expect(work.between(4, 5, new Set([5]))).toBe(0);
  expect(work.between(5, 6, undefined)).toBe(2);
});

test('sequence numbers begin again', () => {
  const work = new SentWork();
  work.sent(2 ** 32 - 1, 0.5);
  work.sent(0, 0.25);
  work.sent(1, 0.25);
  expect(work.between(2 ** 32 - 2, 1, undefined)).toBe(1);
});
