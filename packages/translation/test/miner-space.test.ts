import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extranonce1Of, MinerIndexes, minerSpace, neededExtranonce } from '../src/index.ts';
import { filled } from './support.ts';

describe("a miner's part of a channel's extranonce (§5.2.2)", () => {
  test.each([
    ['what was asked for', 6, 4, [], [0x12, 0x34]],
    ['more than was asked for', 9, 4, [0, 0, 0], [0, 0, 0, 0x12, 0x34]],
    ['the smallest extranonce2', 4, 2, [], [0x12, 0x34]],
  ])('where the channel has %s', (_, granted, extranonce2Size, padding, rolledHead) => {
    const verdict = minerSpace(Uint8Array.of(8, 9), granted, extranonce2Size, 0x1234);
    if (verdict.kind !== 'space') throw new Error(verdict.kind);
    const { space } = verdict;
    const extranonce2 = filled(extranonce2Size, 0xee);
    expect(space.head).toEqual(Uint8Array.of(8, 9, ...padding));
    expect(space.front).toEqual(Uint8Array.of(8, 9, ...padding, 0x12, 0x34));
    expect(space.extranonce(extranonce2)).toEqual(Uint8Array.of(...rolledHead, ...extranonce2));
    expect(space.fullExtranonceSize).toBe(2 + granted);
    expect(extranonce1Of(0x1234)).toEqual(Uint8Array.of(0x12, 0x34));
  });

  test('is none where the upstream grants less than was asked for (§5.3.4)', () => {
    expect(neededExtranonce(4)).toBe(6);
    const verdict = minerSpace(filled(4, 1), 5, 4, 1);
    expect(verdict).toEqual({ kind: 'extranonce-too-small', granted: 5, needed: 6 });
  });
});

describe('the numbers of miners', () => {
  test('are never held by two, and come back after all others', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: -8, max: 8 }), { maxLength: 200 }),
        (capacity, steps) => {
          const indexes = new MinerIndexes(capacity);
          const held: number[] = [];
          const free = Array.from({ length: capacity }, (_, index) => index);
          for (const step of steps) {
            if (step >= 0) {
              const index = indexes.take();
              expect(index).toBe(free.shift());
              if (index !== undefined) held.push(index);
            } else {
              const [index] = held.splice(step % Math.max(1, held.length), 1);
              if (index === undefined) continue;
              indexes.giveBack(index);
              free.push(index);
            }
          }
        },
      ),
    );
  });

  test('are as many as two bytes hold', () => {
    const indexes = new MinerIndexes();
    for (let at = 0; at < 65_536; at += 1) indexes.take();
    expect(indexes.take()).toBeUndefined();
    expect(() => new MinerIndexes(65_537)).toThrow(RangeError);
  });
});
