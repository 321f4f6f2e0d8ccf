import { expect, test } from 'vitest';
import { Turn } from '../src/turn.ts';

test('a turn is long 50 ms after its first chunk, until the event loop is through with its sockets', () => {
  let now = 1_000;
  const scheduled: (() => void)[] = [];
  const turn = new Turn(
    () => now,
    (run) => void scheduled.push(run),
  );
  expect(turn.isLong()).toBe(false);
  now += 49;
  expect(turn.isLong()).toBe(false);
  now += 1;
  expect(turn.isLong()).toBe(true);
  expect(turn.isLong()).toBe(true);
  expect(scheduled).toHaveLength(1);
  scheduled[0]?.();
  expect(turn.isLong()).toBe(false);
  expect(scheduled).toHaveLength(2);
});
