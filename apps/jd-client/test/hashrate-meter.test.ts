import { expect, test } from 'vitest';
import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import { HashrateMeter } from '../src/hashrate-meter.ts';

const stated = { hashrate: 7e6, channels: 1 };

test('tells what shares prove once there are enough, whatever devices have stated', () => {
  const meter = new HashrateMeter();
  expect(meter.hashrate(stated, 0)).toBe(7e6);
  for (let ms = 0; ms < 60_000; ms += 500) meter.add(1e-6, ms);
  // Two shares a second.
  expect(meter.hashrate(stated, 59_999)).toBeCloseTo(2e-6 * HASHES_PER_DIFFICULTY, -2);
});

test('tells what devices have stated while they come and go', () => {
  const meter = new HashrateMeter();
  meter.hashrate(stated, 0);
  for (let ms = 0; ms < 60_000; ms += 500) meter.add(1e-6, ms);
  expect(meter.hashrate({ hashrate: 14e6, channels: 2 }, 60_000)).toBe(14e6);
  expect(meter.hashrate({ hashrate: 14e6, channels: 2 }, 80_000)).toBe(14e6);
});

test('takes a few shares for no proof, and forgets them', () => {
  const meter = new HashrateMeter();
  meter.hashrate(stated, 0);
  for (let ms = 0; ms < 5_000; ms += 100) meter.add(1e-6, ms);
  expect(meter.hashrate(stated, 100_000)).toBe(7e6);
});
