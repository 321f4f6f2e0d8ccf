import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeenShares, ShareBudget } from '../src/seen-shares.ts';

const hashOf = (n: number): Uint8Array => {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, Math.imul(n, 0x9e3779b1));
  new DataView(hash.buffer).setUint32(4, n);
  return hash;
};
const always = () => true;

test('tells every duplicate and nothing else, as a set would', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500), { maxLength: 2_000 }), (numbers) => {
      const seen = new SeenShares(10_000, new ShareBudget(1 << 20));
      const model = new Set<number>();
      for (const n of numbers) {
        expect(seen.add(hashOf(n), 1, always)).toBe(model.has(n) ? 'duplicate' : 'new');
        model.add(n);
      }
      expect(seen.size).toBe(model.size);
    }),
  );
});

test('keeps apart hashes that agree in one of the two words, and in none of the bits that proof of work leaves', () => {
  const seen = new SeenShares(100, new ShareBudget(1_000));
  const hash = (...head: number[]) => Uint8Array.of(...head, ...new Uint8Array(32 - head.length));
  expect(seen.add(hash(1, 0, 0, 0, 1), 1, always)).toBe('new');
  expect(seen.add(hash(1, 0, 0, 0, 2), 1, always)).toBe('new');
  expect(seen.add(hash(2, 0, 0, 0, 1), 1, always)).toBe('new');
  expect(seen.add(hash(0), 1, always)).toBe('new');
  expect(seen.add(hash(0), 1, always)).toBe('duplicate');
});

test('says so when its limit is reached, still knows what it has seen, and starts afresh when cleared', () => {
  const budget = new ShareBudget(1_000);
  const seen = new SeenShares(20, budget);
  for (let n = 0; n < 20; n += 1) expect(seen.add(hashOf(n), 1, always)).toBe('new');
  expect(seen.add(hashOf(20), 1, always)).toBe('exhausted');
  expect(seen.add(hashOf(3), 1, always)).toBe('duplicate');
  seen.clear();
  expect(budget.used).toBe(0);
  expect(seen.add(hashOf(3), 1, always)).toBe('new');
});

test('makes room by forgetting shares of jobs that can no longer be submitted for, and only those', () => {
  const seen = new SeenShares(20, new ShareBudget(1_000));
  for (let n = 0; n < 20; n += 1) seen.add(hashOf(n), n < 15 ? 1 : 2, always);
  const live = (jobId: number) => jobId !== 1;
  expect(seen.add(hashOf(20), 2, live)).toBe('exhausted');
  seen.jobRetired();
  expect(seen.add(hashOf(20), 2, live)).toBe('new');
  expect(seen.size).toBe(6);
  for (let n = 15; n <= 20; n += 1) expect(seen.add(hashOf(n), 2, live)).toBe('duplicate');
});

test('many channels share one budget and give back what they take', () => {
  const budget = new ShareBudget(64);
  const tables = Array.from({ length: 5 }, () => new SeenShares(100, budget));
  const results = tables.map((seen) => seen.add(hashOf(1), 1, always));
  expect(results).toEqual(['new', 'new', 'new', 'new', 'exhausted']);
  tables[0]?.clear();
  expect(tables[4]?.add(hashOf(1), 1, always)).toBe('new');
  for (const seen of tables) seen.clear();
  expect(budget.used).toBe(0);
});

test('what one channel takes keeps no other from what it is assured of', () => {
  const budget = new ShareBudget(1_024, 64);
  const take = (seen: SeenShares, shares: number) => {
    let taken = 0;
    while (taken < shares && seen.add(hashOf(taken), 1, always) === 'new') taken += 1;
    return taken;
  };
  const greedy = new SeenShares(10_000, budget);
  expect(take(greedy, 10_000)).toBe(384);
  const modest = new SeenShares(10_000, budget);
  expect(take(modest, 48)).toBe(48);
  greedy.clear();
  modest.clear();
  expect(budget.used).toBe(0);
});
