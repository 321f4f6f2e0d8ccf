import { createEllSwiftKeypair, decodeEllSwift, encodeEllSwift, publicKeyOf } from '@sv2kit/noise';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sharedSecret } from '../src/symmetric-state.ts';
import { fromHex, toHex } from './hex.ts';
import { implementations } from './implementations.ts';
import { ellSwiftDecodeVectors } from './vectors/ellswift-decode.ts';
import { ellSwiftEcdhVectors } from './vectors/ellswift-ecdh.ts';
import { xSwiftEcInverseVectors } from './vectors/xswiftec-inverse.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';

describe.each(implementations)('ElligatorSwift by $name', (crypto) => {
  test.each(ellSwiftDecodeVectors)('decodes (BIP324): $name', ({ encoded, x }) => {
    expect(toHex(decodeEllSwift(fromHex(encoded), crypto))).toBe(x);
  });

  test.each(xSwiftEcInverseVectors)('inverts (BIP324): $name', ({ u, x, t }) => {
    const found = t.map((_, variant) => crypto.invertEllSwift(fromHex(x), fromHex(u), variant));
    expect(found.map((bytes) => bytes && toHex(bytes))).toEqual(t);
  });

  test.each(ellSwiftEcdhVectors)('agrees on the shared secret (BIP324): $sharedSecret', (vector) => {
    const ours = { secret: fromHex(vector.secret), encoded: fromHex(vector.ours) };
    const theirs = fromHex(vector.theirs);
    const theirX = decodeEllSwift(theirs, crypto);
    expect(toHex(publicKeyOf(ours.secret, crypto))).toBe(vector.oursX);
    expect(toHex(decodeEllSwift(ours.encoded, crypto))).toBe(vector.oursX);
    expect(toHex(theirX)).toBe(vector.theirsX);
    expect(toHex(crypto.multiply(theirX, ours.secret))).toBe(vector.sharedX);
    expect(toHex(sharedSecret(ours, theirs, theirX, vector.initiator, crypto))).toBe(vector.sharedSecret);
  });

  test('what it encodes decodes to the same x coordinate (§4.3.1.1)', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (seed, entropy) => {
        const secret = crypto.sha256(seed);
        const pair = createEllSwiftKeypair(secret, entropy, crypto);
        expect(decodeEllSwift(pair.encoded, crypto)).toEqual(publicKeyOf(secret, crypto));
      }),
      { numRuns: 40 },
    );
  });

  test('any 64 bytes decode to a key that can be multiplied (BIP324)', () => {
    fc.assert(
      fc.property(bytes(64), bytes(32), (encoded, seed) => {
        const x = decodeEllSwift(encoded, crypto);
        expect(crypto.isPublicKey(x)).toBe(true);
        expect(crypto.isPublicKey(crypto.multiply(x, crypto.sha256(seed)))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('the same key has many encodings, one per entropy', () => {
    const secret = crypto.sha256(Uint8Array.of(1));
    const encodings = [1, 2, 3].map((n) =>
      toHex(createEllSwiftKeypair(secret, new Uint8Array(32).fill(n), crypto).encoded),
    );
    expect(new Set(encodings).size).toBe(3);
    expect(toHex(createEllSwiftKeypair(secret, new Uint8Array(32).fill(1), crypto).encoded)).toBe(encodings[0]);
  });

  test('an encoding never shows its seed as u', () => {
    const x = publicKeyOf(crypto.sha256(Uint8Array.of(2)), crypto);
    const seed = new Uint8Array(32).fill(7);
    expect(encodeEllSwift(x, seed, crypto).subarray(0, 32)).not.toEqual(seed);
  });

  test.each([
    ['zero', '00'.repeat(32)],
    ['the order', ORDER],
    ['above the order', 'ff'.repeat(32)],
  ])('refuses a secret that is %s (§4.3.1.1)', (_, hex) => {
    expect(() => createEllSwiftKeypair(fromHex(hex), new Uint8Array(32), crypto)).toThrow(
      expect.objectContaining({ code: 'bad-key' }),
    );
  });

  test.each([31, 33, 0])('refuses a secret of %i bytes', (length) => {
    expect(() => publicKeyOf(new Uint8Array(length).fill(1), crypto)).toThrow(
      expect.objectContaining({ code: 'bad-length' }),
    );
  });

  test('refuses an encoding that is not 64 bytes, and too little entropy', () => {
    expect(() => decodeEllSwift(new Uint8Array(63), crypto)).toThrow(expect.objectContaining({ code: 'bad-length' }));
    expect(() => createEllSwiftKeypair(crypto.sha256(), new Uint8Array(31), crypto)).toThrow(RangeError);
  });
});
