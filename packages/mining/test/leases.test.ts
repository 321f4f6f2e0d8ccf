import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXTRANONCE_LAYOUT, ExtranonceAllocator, type ExtranonceLease } from '../src/index.ts';

const allocator = (indexBytes = 3, bootEpoch = 0x010203, frontEnd = 4) =>
  new ExtranonceAllocator({ ...EXTRANONCE_LAYOUT, bootEpoch, frontEnd, indexBytes });

test('a prefix is boot epoch, front end and index, so that two processes and two starts never share one', () => {
  const leases = allocator();
  expect(leases.lease()?.prefix).toEqual(Uint8Array.of(1, 2, 3, 4, 0, 0, 0));
  expect(leases.lease()?.prefix).toEqual(Uint8Array.of(1, 2, 3, 4, 0, 0, 1));
});

test.each([
  ['boot epoch', 2 ** 24, 0],
  ['boot epoch', -1, 0],
  ['front end', 0, 256],
])('refuses a %s that does not fit', (name, bootEpoch, frontEnd) => {
  expect(() => allocator(3, bootEpoch, frontEnd)).toThrow(name);
});

test('a prefix rests until the future job that may have used it is stale: two tips', () => {
  const leases = allocator(1);
  const all = Array.from({ length: 256 }, () => leases.lease());
  expect(leases.lease()).toBeUndefined();
  leases.release(all[9] as ExtranonceLease);
  expect(leases.lease()).toBeUndefined();
  leases.tipChanged();
  expect(leases.lease()).toBeUndefined();
  leases.tipChanged();
  expect(leases.lease()).toEqual(all[9]);
});

test('no prefix is leased twice, or again before two tips have passed', () => {
  const operation = fc.oneof(fc.constant('lease' as const), fc.nat(300), fc.constant('tip' as const));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 600 }), (operations) => {
      const leases = allocator(1);
      const held: ExtranonceLease[] = [];
      const resting = new Map<number, number>();
      let tips = 0;
      for (const each of operations) {
        if (each === 'tip') {
          leases.tipChanged();
          tips += 1;
        } else if (each === 'lease') {
          const lease = leases.lease();
          if (lease === undefined) continue;
          expect(held.some(({ index }) => index === lease.index)).toBe(false);
          expect(tips - (resting.get(lease.index) ?? -2)).toBeGreaterThanOrEqual(2);
          held.push(lease);
        } else {
          const [lease] = held.splice(each % Math.max(1, held.length), 1);
          if (lease === undefined) continue;
          leases.release(lease);
          resting.set(lease.index, tips);
        }
        expect(leases.leased).toBe(held.length);
      }
    }),
  );
});
