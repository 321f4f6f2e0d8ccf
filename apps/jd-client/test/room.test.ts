import { expect, test } from 'vitest';
import { Room } from '../src/room.ts';

const small = { coinbaseOutputMaxAdditionalSize: 31, coinbaseOutputMaxAdditionalSigops: 0 };

test('asks for more when outputs outgrow it, in bytes or sigops, and never for less (§7.1)', () => {
  const room = new Room(small);
  expect(room.need({ size: 31, sigops: 0 }, 0)).toBe(false);
  expect(room.need({ size: 20, sigops: 4 }, 0)).toBe(true);
  expect(room.need({ size: 74, sigops: 0 }, 0)).toBe(true);
  expect(room.asked).toEqual({ coinbaseOutputMaxAdditionalSize: 74, coinbaseOutputMaxAdditionalSigops: 4 });
});

test('has more room once templates begin anew, or once an update cannot have been under way', () => {
  const room = new Room(small);
  const large = { size: 74, sigops: 0 };
  expect(room.came('activated', 0)).toBe(false);
  room.need(large, 1_000);
  expect(room.came('update', 1_500)).toBe(false);
  expect(room.holds(large)).toBe(false);
  expect(room.came('update', 3_000)).toBe(true);
  expect(room.holds(large)).toBe(true);
  room.need({ size: 100, sigops: 0 }, 4_000);
  expect(room.came('activated', 4_001)).toBe(true);
  expect(room.holds({ size: 100, sigops: 0 })).toBe(true);
  expect(room.came('activated', 4_002)).toBe(false);
});
