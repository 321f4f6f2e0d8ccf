import { expect, test } from 'vitest';
import { AnswerTimes } from '../src/load/answer-times.ts';

test('answers come in the order of their requests, however many wait', () => {
  const times = new AnswerTimes();
  expect(times.sent(1)).toBe(1);
  expect(times.answered(3)).toBe(2);
  for (let at = 1; at <= 100; at += 1) times.sent(at);
  expect(times.pending).toBe(100);
  expect(Array.from({ length: 100 }, () => times.answered(101))).toEqual(
    Array.from({ length: 100 }, (_, index) => 100 - index),
  );
  expect(() => times.answered(1)).toThrow('an answer to nothing');
});
