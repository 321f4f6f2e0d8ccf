import { CoinbaseOutputConstraints, encodeFrame, ProtocolError } from '@sv2kit/codec';
import { scriptFromAddress } from '@sv2kit/bitcoin';
import { describe, expect, test } from 'vitest';
import { coinbaseSpace, constraintsForOutputs, MAX_BLOCK_WEIGHT } from '../src/index.ts';

const asks = (coinbaseOutputMaxAdditionalSize: number, coinbaseOutputMaxAdditionalSigops = 0) => ({
  coinbaseOutputMaxAdditionalSize,
  coinbaseOutputMaxAdditionalSigops,
});

describe('coinbase space (§7.1)', () => {
  test.each([
    { name: 'nothing asked: the floor', size: 0, segwit: true, weight: 2000 },
    { name: 'the last size under the floor', size: 208, segwit: true, weight: 2000 },
    { name: 'the first size above the floor', size: 209, segwit: true, weight: 1168 + 4 * 209 },
    { name: '50 kB', size: 50_000, segwit: true, weight: 201_168 },
    { name: 'the largest coinbase', size: 999_708, segwit: true, weight: MAX_BLOCK_WEIGHT },
    { name: 'legacy: the last size under the floor', size: 264, segwit: false, weight: 2000 },
    { name: 'legacy: the first size above the floor', size: 265, segwit: false, weight: 944 + 4 * 265 },
    { name: 'legacy: the largest coinbase', size: 999_764, segwit: false, weight: MAX_BLOCK_WEIGHT },
  ])('reserves $weight weight units for $name', ({ size, segwit, weight }) => {
    expect(coinbaseSpace(asks(size, 7), { segwit })).toEqual({ weight, sigops: 7 });
  });

  test.each([999_709, 1_000_000, 0xffffffff])('refuses %d bytes of outputs: no block could hold them', (size) => {
    const refusal = new ProtocolError('coinbase-space-too-large', {
      coinbaseOutputMaxAdditionalSize: size,
      largest: 999_708,
    });
    expect(() => coinbaseSpace(asks(size))).toThrow(refusal);
  });

  test('the constraints for a list of outputs are their serialized size and sigop cost', () => {
    const p2wpkh = scriptFromAddress('bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 'regtest');
    const p2pkh = scriptFromAddress('mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', 'regtest');
    const constraints = constraintsForOutputs([
      { value: 0n, script: p2wpkh },
      { value: 0n, script: p2pkh },
    ]);
    expect(constraints).toEqual(asks(31 + 34, 4));
    expect(encodeFrame(CoinbaseOutputConstraints, { type: 'CoinbaseOutputConstraints', ...constraints })).toHaveLength(
      12,
    );
  });
});
