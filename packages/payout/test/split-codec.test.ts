import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeSplit,
  encodeSplit,
  outputLimits,
  type RecordedSplit,
  scaleWeights,
  Split,
  SplitError,
} from '../src/index.ts';
import { addressOf, CHAIN, POOL_SCRIPT, scripts, TERMS, values, weights } from './support.ts';

const limits = outputLimits(POOL_SCRIPT, { leastOutput: 1000n, mostOutputs: 20 });
const recorded = weights.map((given): RecordedSplit => {
  return { limits, networkDifficulty: 4.656542373906925e-10, weights: scaleWeights(given) };
});

describe('a recorded split', () => {
  test('comes back as it was, and makes the same outputs', () => {
    fc.assert(
      fc.property(recorded, values, (given, value) => {
        const read = decodeSplit(encodeSplit(given, CHAIN), CHAIN);
        expect(read).toEqual(given);
        expect(new Split({ ...read, terms: TERMS }).of(value)).toEqual(new Split({ ...given, terms: TERMS }).of(value));
      }),
    );
  });

  test('takes 34 bytes for a P2WPKH address', () => {
    const given = {
      limits,
      networkDifficulty: 1,
      weights: [{ account: addressOf(scripts.p2wpkh(1)), donation: 0, work: 1n }],
    };
    const empty = { ...given, weights: [] };
    expect(encodeSplit(given, CHAIN).length - encodeSplit(empty, CHAIN).length).toBe(34);
  });

  test('an address in another spelling, and a name with what is no UTF-8, stay what they were', () => {
    const names = [addressOf(scripts.p2wpkh(1)).toUpperCase(), '�'.repeat(255), ''];
    const given = {
      limits,
      networkDifficulty: 1,
      weights: names.map((account) => ({ account, donation: 3, work: 1n })),
    };
    expect(decodeSplit(encodeSplit(given, CHAIN), CHAIN)).toEqual(given);
  });

  test('weights are scaled to 63 bits together, each by the same', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const before = given.reduce((sum, { work }) => sum + work, 0n);
        const scaled = scaleWeights(given);
        const after = scaled.reduce((sum, { work }) => sum + work, 0n);
        expect(after < 2n ** 63n).toBe(true);
        if (before < 2n ** 63n) expect(scaled).toEqual(given.filter(({ work }) => work > 0n));
        else expect(after > 2n ** 62n - 100n).toBe(true);
      }),
    );
  });

  test('with more than everything donated is an error', () => {
    const bytes = encodeSplit(
      { limits, networkDifficulty: 1, weights: [{ account: 'a', donation: 101, work: 1n }] },
      CHAIN,
    );
    expect(() => decodeSplit(bytes, CHAIN)).toThrow(SplitError);
  });

  test('that is cut off, too long or of another version is an error', () => {
    fc.assert(
      fc.property(recorded, fc.nat(), (given, cut) => {
        const bytes = encodeSplit(given, CHAIN);
        expect(() => decodeSplit(bytes.subarray(0, cut % bytes.length), CHAIN)).toThrow(SplitError);
        expect(() => decodeSplit(Uint8Array.of(...bytes, 0), CHAIN)).toThrow(SplitError);
        expect(() => decodeSplit(bytes.with(0, 2), CHAIN)).toThrow(SplitError);
      }),
    );
  });
});
