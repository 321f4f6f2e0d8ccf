import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Acknowledgements } from '../src/index.ts';

const open = (count = 3, delayMs = 50) => new Acknowledgements(7, { count, delayMs });
const success = (lastSequenceNumber: number, newSubmitsAcceptedCount: number, newSharesSum: bigint) => ({
  type: 'SubmitSharesSuccess',
  channelId: 7,
  lastSequenceNumber,
  newSubmitsAcceptedCount,
  newSharesSum,
});

test('a batch leaves when it is full (§5.3.13)', () => {
  const batch = open();
  for (const n of [1, 2, 3]) batch.add(n, 2, n, 0);
  expect(batch.take(2, 0)).toBeUndefined();
  expect(batch.take(3, 0)).toEqual(success(3, 3, 6n));
  expect(batch.take(3, 1_000)).toBeUndefined();
});

test('a batch leaves when its first share has waited long enough', () => {
  const batch = open();
  batch.add(1, 2, 1, 0);
  batch.add(2, 2, 2, 30);
  expect(batch.take(9, 49)).toBeUndefined();
  expect(batch.take(9, 50)).toEqual(success(2, 2, 4n));
});

test('no share leaves before the journal has it on disk, however long it waits', () => {
  const batch = open();
  for (const n of [1, 2, 3, 4]) batch.add(n, 1, n * 10, 0);
  expect(batch.take(9, 10_000)).toBeUndefined();
  expect(batch.take(29, 10_000)).toEqual(success(2, 2, 2n));
  expect(batch.pending).toBe(2);
});

test('a block hurries its batch along, but not past the watermark', () => {
  const batch = open();
  batch.add(1, 1, 1, 0);
  batch.hurry();
  expect(batch.take(0, 0)).toBeUndefined();
  expect(batch.take(1, 0)).toEqual(success(1, 1, 1n));
  batch.add(2, 1, 2, 0);
  expect(batch.take(2, 0)).toBeUndefined();
});

test('new_shares_sum is whole and carries its fraction into the next batch', () => {
  const batch = open(1);
  const sums = [0.4, 0.4, 0.4, 0.9].map((work, n) => {
    batch.add(n, work, n, 0);
    return batch.take(n, 0)?.newSharesSum;
  });
  expect(sums).toEqual([0n, 0n, 1n, 1n]);
});

test('when the journal fails, every share that waits is named, to be refused', () => {
  const batch = open();
  for (const n of [5, 6]) batch.add(n, 1, n, 0);
  expect(batch.fail()).toEqual([5, 6]);
  expect(batch.take(99, 10_000)).toBeUndefined();
});

test('whatever the order of shares, watermarks and time, each share is acknowledged once and no work is lost', () => {
  const share = fc.record({ work: fc.double({ min: 0.001, max: 1e6, noNaN: true }), gap: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 100 }), fc.array(fc.nat(100)), (shares, watermarks) => {
      const batch = open(5);
      let now = 0;
      let count = 0;
      let sum = 0n;
      let marks = [...watermarks].sort((a, b) => a - b);
      shares.forEach(({ work, gap }, position) => {
        now += gap;
        batch.add(position, work, position, now);
        const due = batch.take(Math.min(position, marks[0] ?? position), now);
        marks = marks.slice(1);
        count += due?.newSubmitsAcceptedCount ?? 0;
        sum += due?.newSharesSum ?? 0n;
      });
      const last = batch.take(shares.length, now + 50);
      count += last?.newSubmitsAcceptedCount ?? 0;
      sum += last?.newSharesSum ?? 0n;
      expect(count).toBe(shares.length);
      const total = shares.reduce((all, { work }) => all + work, 0);
      expect(Math.abs(Number(sum) - total)).toBeLessThan(1 + total * 1e-9);
    }),
  );
});
