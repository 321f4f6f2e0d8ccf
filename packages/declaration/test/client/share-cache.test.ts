import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShareCache } from '../../src/client/share-cache.ts';

test('keeps the best shares and gives them back in the order in which they came (§6.3.1)', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.uniqueArray(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { maxLength: 60 }),
      (capacity, difficulties) => {
        const cache = new ShareCache<number>(capacity);
        const lost: number[] = [];
        for (const [order, difficulty] of difficulties.entries()) {
          const out = cache.add(order, difficulty);
          if (out !== undefined) lost.push(out);
        }
        const kept = cache.drain();
        const best = [...difficulties.entries()].sort((a, b) => b[1] - a[1]).slice(0, capacity);
        expect(kept).toEqual(best.map(([order]) => order).sort((a, b) => a - b));
        expect([...kept, ...lost].sort((a, b) => a - b)).toEqual([...difficulties.keys()]);
        expect(cache.size).toBe(0);
      },
    ),
  );
});

test('of equally hard shares the first ones stay', () => {
  const cache = new ShareCache<string>(2);
  expect(cache.add('first', 1)).toBeUndefined();
  expect(cache.add('second', 1)).toBeUndefined();
  expect(cache.add('third', 1)).toBe('third');
  expect(cache.drain()).toEqual(['first', 'second']);
});
