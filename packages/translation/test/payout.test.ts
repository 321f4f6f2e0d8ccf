import { encodeOutputs } from '@sv2kit/bitcoin';
import { describe, expect, test } from 'vitest';
import { verifyPayout } from '../src/index.ts';
import { coinbase, otherScript, ourScript, workOf } from './support.ts';

describe('an upstream job', () => {
  const paying = (...values: readonly [bigint, Uint8Array][]) => {
    const { prefix, suffix } = coinbase(values.map(([value, script]) => ({ value, script })));
    return workOf({ space: { coinbasePrefix: prefix, coinbaseSuffix: suffix } });
  };
  const commitment = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed, ...new Uint8Array(32));

  /** The extranonce of 12 bytes is behind `before`, within or in front of the outputs. */
  const rolling = (before: readonly number[], ...behind: readonly number[]) => {
    const input = [1, ...new Uint8Array(32), 0xff, 0xff, 0xff, 0xff, 4, 3, 1, 2, 3, 0xff, 0xff, 0xff, 0xff];
    const coinbasePrefix = Uint8Array.of(2, 0, 0, 0, ...input, ...before);
    return workOf({ space: { coinbasePrefix, coinbaseSuffix: Uint8Array.of(...behind, 0, 0, 0, 0) } });
  };
  const hundred = [100, 0, 0, 0, 0, 0, 0, 0];

  test.each<[string, ReturnType<typeof workOf>, number, object]>([
    ['pays all of it', paying([100n, ourScript], [0n, commitment]), 1, { kind: 'paid', paid: 100n, total: 100n }],
    ['pays in two outputs', paying([60n, ourScript], [40n, ourScript]), 1, { kind: 'paid', paid: 100n, total: 100n }],
    [
      'pays exactly the part',
      paying([98n, ourScript], [2n, otherScript]),
      0.98,
      { kind: 'paid', paid: 98n, total: 100n },
    ],
    [
      'pays too little',
      paying([98n, ourScript], [2n, otherScript]),
      0.99,
      { problem: 'payout-too-low', paid: 98n, total: 100n },
    ],
    [
      'pays its part of an odd value, rounded down: there is no half satoshi',
      paying([50n, ourScript], [51n, otherScript]),
      0.5,
      { kind: 'paid', paid: 50n, total: 101n },
    ],
    [
      'pays one satoshi less than its part rounded down',
      paying([49n, ourScript], [52n, otherScript]),
      0.5,
      { problem: 'payout-too-low' },
    ],
    [
      'has its extranonce in an output without a value',
      rolling([2, ...hundred, ourScript.length, ...ourScript, ...new Uint8Array(8), 14, 0x6a, 12]),
      1,
      { kind: 'paid', paid: 100n, total: 100n },
    ],
    [
      'has its extranonce in front of the script, so that another one makes other outputs',
      rolling([1], ourScript.length, ...ourScript),
      0.1,
      { problem: 'unreadable-coinbase' },
    ],
    [
      'pays one satoshi too little',
      paying([2_099_999_999_999_999n, ourScript], [1n, otherScript]),
      1,
      { problem: 'payout-too-low' },
    ],
    ['pays somebody else', paying([100n, otherScript]), 0.1, { problem: 'payout-missing', total: 100n }],
    [
      'names the script without a value',
      paying([0n, ourScript], [100n, otherScript]),
      0.1,
      { problem: 'payout-missing' },
    ],
    ['pays nobody', paying([0n, commitment]), 0.1, { problem: 'empty-coinbase' }],
    [
      'has no coinbase that can be read',
      workOf({ space: { coinbaseSuffix: Uint8Array.of(1) } }),
      0.1,
      { problem: 'unreadable-coinbase' },
    ],
    [
      'has two inputs',
      workOf({ space: { coinbasePrefix: Uint8Array.of(2, 0, 0, 0, 2) } }),
      0.1,
      { problem: 'unreadable-coinbase' },
    ],
  ])('that %s', (_, work, share, verdict) => {
    expect(verifyPayout(work, { script: ourScript, share })).toMatchObject(verdict);
  });

  test('is read as it is hashed: nothing may be left where more than a witness of one item is taken out', () => {
    const { segwitPrefix: coinbasePrefix, segwitSuffix } = coinbase();
    const outputs = segwitSuffix.subarray(0, -38);
    const twoItems = [2, 0, 35, 7, 1, 32, ...new Uint8Array(32), 0, 0, 0, 0];
    const work = workOf({ space: { coinbasePrefix, coinbaseSuffix: Uint8Array.of(...outputs, ...twoItems) } });
    expect(verifyPayout(work, { script: ourScript, share: 1 })).toMatchObject({ problem: 'unreadable-coinbase' });
    const [head, rest] = [coinbasePrefix.subarray(0, 4), coinbasePrefix.subarray(4)];
    const marked = { coinbasePrefix: Uint8Array.of(...head, 0, 1, ...rest) };
    const twice = { coinbaseSuffix: Uint8Array.of(...segwitSuffix.subarray(0, -4), ...segwitSuffix.subarray(-38)) };
    const both = workOf({ space: { ...marked, ...twice } });
    expect(verifyPayout(both, { script: ourScript, share: 1 })).toMatchObject({ problem: 'unreadable-coinbase' });
  });

  test('does not pay a script that is the named one with one extranonce alone', () => {
    const named = [0, 20, 9, 9, 9, 9, 9, 9, 9, 9];
    const work = rolling([1, ...hundred, 22, ...named]);
    const script = Uint8Array.of(...named, 0xa0, 0xa0, 0xa0, 0xa0, ...new Uint8Array(8));
    expect(verifyPayout(work, { script, share: 0.1 })).toMatchObject({ problem: 'payout-missing', total: 100n });
  });

  test('is read with its witness, where the upstream has left it in', () => {
    const { segwitPrefix: coinbasePrefix, segwitSuffix: coinbaseSuffix } = coinbase();
    const full = workOf({ space: { coinbasePrefix, coinbaseSuffix } });
    expect(verifyPayout(full, { script: ourScript, share: 1 })).toMatchObject({ kind: 'paid' });
  });

  test('is read with bytes of its script behind the extranonce', () => {
    const tagged = workOf({
      space: {
        coinbasePrefix: Uint8Array.of(2, 0, 0, 0, 1, ...new Uint8Array(32), 0xff, 0xff, 0xff, 0xff, 12 + 6, 0x03, 1, 2),
        coinbaseSuffix: Uint8Array.of(
          7,
          7,
          7,
          0xff,
          0xff,
          0xff,
          0xff,
          1,
          ...encodeOutputs([{ value: 5n, script: ourScript }]),
          0,
          0,
          0,
          0,
        ),
      },
    });
    expect(verifyPayout(tagged, { script: ourScript, share: 1 })).toEqual({ kind: 'paid', paid: 5n, total: 5n });
  });
});
