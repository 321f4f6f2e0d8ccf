import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXTRANONCE_LAYOUT, ExtranonceAllocator, type ExtranonceLease, type UpstreamSpace } from '../src/index.ts';

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

test('a prefix that was not mined with need not rest: channels that come and go use up no room', () => {
  const leases = allocator(1);
  for (let i = 0; i < 1_000; i += 1) {
    const lease = leases.lease();
    expect(lease).toBeDefined();
    leases.release(lease as ExtranonceLease, { mined: false });
  }
  expect(leases.leased).toBe(0);
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

describe("in what an upstream's extended channel leaves (§5.1.2.1)", () => {
  const upstream = (indexBytes = 2, extranonceSize = 10, prefix = Uint8Array.of(0xaa, 0xbb)): UpstreamSpace => ({
    within: { prefix, extranonceSize },
    indexBytes,
  });

  test("a prefix is the upstream's and an index, and every full extranonce is as long as the upstream's", () => {
    const leases = new ExtranonceAllocator(upstream());
    expect(leases.lease()?.prefix).toEqual(Uint8Array.of(0xaa, 0xbb, 0, 0));
    expect(leases.lease()?.prefix).toEqual(Uint8Array.of(0xaa, 0xbb, 0, 1));
    expect(leases).toMatchObject({ prefixSize: 4, fullSize: 12, largestSize: 12 });
  });

  test('a prefix is filled up with zeros to leave exactly what its channel rolls', () => {
    const leases = new ExtranonceAllocator(upstream());
    leases.lease();
    const lease = leases.lease() as ExtranonceLease;
    expect(leases.prefixOf(lease, 12, 6)).toEqual(Uint8Array.of(0xaa, 0xbb, 0, 1, 0, 0));
    expect(leases.prefixOf(lease, 12, 8)).toEqual(Uint8Array.of(0xaa, 0xbb, 0, 1));
    expect(leases.prefixOf(lease, 12, 9)).toBeUndefined();
    expect(leases.prefixOf(lease, 13, 0)).toBeUndefined();
  });

  test.each([
    ['an index', upstream(3, 2)],
    ['32 bytes', upstream(2, 23, new Uint8Array(10))],
  ])('refuses room too small or large for %s', (_, space) => {
    expect(() => new ExtranonceAllocator(space)).toThrow(RangeError);
    const leases = allocator();
    expect(() => leases.move(space)).toThrow(RangeError);
    expect(leases.lease()?.prefix).toHaveLength(7);
  });

  test('leases outlive a change of the space: a channel keeps its index', () => {
    const leases = allocator();
    leases.lease();
    const lease = leases.lease() as ExtranonceLease;
    leases.move(upstream());
    expect(leases.prefixOf(lease, 12, 2)?.subarray(0, 4)).toEqual(Uint8Array.of(0xaa, 0xbb, 0, 1));
    expect(leases.lease()?.prefix).toEqual(Uint8Array.of(0xaa, 0xbb, 0, 2));
    leases.move({ ...EXTRANONCE_LAYOUT, bootEpoch: 1, frontEnd: 2 });
    expect(leases.prefixOf(lease, 9, 2)).toEqual(Uint8Array.of(0, 0, 1, 2, 0, 0, 1));
  });

  test('a lease with an index that the new space has no room for does not fit, nor is it leased there', () => {
    const leases = allocator();
    const all = Array.from({ length: 300 }, () => leases.lease() as ExtranonceLease);
    leases.move(upstream(1));
    expect(leases.prefixOf(all[255] as ExtranonceLease, 12, 0)).toBeDefined();
    expect(leases.prefixOf(all[256] as ExtranonceLease, 12, 0)).toBeUndefined();
    for (const lease of all.slice(250, 260)) leases.release(lease);
    leases.tipChanged();
    leases.tipChanged();
    const again = Array.from({ length: 6 }, () => leases.lease()?.index);
    expect(new Set(again)).toEqual(new Set([250, 251, 252, 253, 254, 255]));
    expect(leases.lease()).toBeUndefined();
    leases.move(upstream(2));
    expect(leases.lease()?.index).toBeGreaterThanOrEqual(256);
  });

  test('no two channels have one prefix, whatever space they come to', () => {
    const spaces = fc.record({ prefix: fc.uint8Array({ maxLength: 8 }), indexBytes: fc.integer({ min: 1, max: 3 }) });
    const rolled = fc.array(fc.nat({ max: 6 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(spaces, { minLength: 1, maxLength: 4 }), rolled, (moves, sizes) => {
        const leases = allocator();
        const held = sizes.map((size) => ({ size, lease: leases.lease() as ExtranonceLease }));
        for (const { prefix, indexBytes } of moves) {
          leases.move({ within: { prefix, extranonceSize: 12 }, indexBytes });
          const fullSize = leases.fullSize as number;
          const spans = held.map(({ lease, size }) => leases.prefixOf(lease, fullSize, size) as Uint8Array);
          spans.forEach((span, i) => expect(span).toHaveLength(fullSize - (held[i]?.size ?? 0)));
          const told = new Set(spans.map((span) => span.subarray(0, leases.prefixSize).join()));
          expect(told.size).toBe(held.length);
        }
      }),
    );
  });
});
