import { buildCoinbase, heightOf, joinCoinbase, parseTransaction } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coinbaseFields } from '../src/index.ts';

describe('coinbase fields (§7.2)', () => {
  test.each([
    { height: 1, prefix: '51' },
    { height: 16, prefix: '60' },
    { height: 17, prefix: '0111' },
    { height: 127, prefix: '017f' },
    { height: 128, prefix: '028000' },
    { height: 0x7fff, prefix: '02ff7f' },
    { height: 0x8000, prefix: '03008000' },
    { height: 840_000, prefix: '0340d10c' },
  ])('the prefix at height $height is the minimal push $prefix (BIP34)', ({ height, prefix }) => {
    expect(Buffer.from(coinbaseFields(height).coinbasePrefix).toString('hex')).toBe(prefix);
  });

  test('no block is mined at height 0', () => {
    expect(() => coinbaseFields(0)).toThrow(RangeError);
  });

  test('every coinbase is ready for BIP54 and long enough for consensus', () => {
    const heights = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 0x7fffffff }));
    fc.assert(
      fc.property(heights, (height) => {
        const fields = coinbaseFields(height);
        expect(fields.coinbasePrefix.length).toBeLessThanOrEqual(8);
        const parts = buildCoinbase({
          txVersion: fields.coinbaseTxVersion,
          scriptSigPrefix: fields.coinbasePrefix,
          extranonceSize: 1,
          sequence: fields.coinbaseTxInputSequence,
          outputs: [],
          locktime: fields.coinbaseTxLocktime,
          segwit: false,
        });
        const { version, locktime, inputs } = parseTransaction(
          joinCoinbase(parts, new Uint8Array(1), { segwit: false }),
        );
        expect(version).toBe(2);
        expect(locktime).toBe(height - 1);
        expect(inputs[0]?.sequence).toBe(0xfffffffe);
        expect(inputs[0]?.scriptSig.length).toBeGreaterThanOrEqual(2);
        expect(heightOf(inputs[0]?.scriptSig ?? new Uint8Array(0))).toBe(height);
      }),
    );
  });
});
