import { fastCrypto as fast, nobleCrypto as noble, sealedFrameSize } from '@sv2kit/noise';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex } from './hex.ts';

const bytes = (length: number, max = length) => fc.uint8Array({ minLength: length, maxLength: max });
const secret = bytes(32).map((seed) => noble.sha256(seed));
const publicKey = secret.map((value) => noble.publicKey(value));
const P = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f';
/** The largest secret, n-1. */
const LARGEST = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140';
/** Encodings made of edge values as well as of any bytes. */
const half = fc.oneof(
  bytes(32),
  fc.constantFrom('00'.repeat(32), P, `${P.slice(0, -1)}e`, `${'00'.repeat(31)}01`, 'ff'.repeat(32)).map(fromHex),
);
const nonce = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1_000 }));

describe('fast and reference agree on', () => {
  test('SHA-256 of any parts', () => {
    fc.assert(
      fc.property(fc.array(bytes(0, 150), { maxLength: 5 }), (parts) => {
        expect(fast.sha256(...parts)).toEqual(noble.sha256(...parts));
      }),
    );
  });

  test('SHA-256 of messages longer than the kernel takes', () => {
    for (const length of [65_536, 65_537, 200_000]) {
      const message = new Uint8Array(length).fill(length);
      expect(fast.sha256(message)).toEqual(noble.sha256(message));
    }
  });

  test('HKDF (§4.4.2)', () => {
    fc.assert(
      fc.property(bytes(32), bytes(0, 32), (chainingKey, input) => {
        expect(fast.hkdf(chainingKey, input)).toEqual(noble.hkdf(chainingKey, input));
      }),
    );
  });

  test('which secrets and public keys are in range', () => {
    fc.assert(
      fc.property(half, (value) => {
        expect(fast.isSecret(value)).toBe(noble.isSecret(value));
        expect(fast.isPublicKey(value)).toBe(noble.isPublicKey(value));
      }),
    );
  });

  test('public keys and ECDH (§4.4.2)', () => {
    fc.assert(
      fc.property(secret, publicKey, (value, x) => {
        expect(fast.publicKey(value)).toEqual(noble.publicKey(value));
        expect(fast.multiply(x, value)).toEqual(noble.multiply(x, value));
      }),
      { numRuns: 30 },
    );
  });

  test.each(['01', '02', '03', '80', LARGEST])('ECDH with the small or large secret %s', (hex) => {
    const value = fromHex(hex.padStart(64, '0'));
    const x = noble.publicKey(noble.sha256(value));
    expect(fast.multiply(x, value)).toEqual(noble.multiply(x, value));
  });

  test('ElligatorSwift decoding of any 64 bytes (BIP324)', () => {
    fc.assert(
      fc.property(half, half, (u, t) => {
        const encoded = Uint8Array.of(...u, ...t);
        expect(fast.decodeEllSwift(encoded)).toEqual(noble.decodeEllSwift(encoded));
      }),
      { numRuns: 300 },
    );
  });

  test('ElligatorSwift inversion in all eight cases (BIP324)', () => {
    fc.assert(
      fc.property(publicKey, half, (x, u) => {
        for (const other of [u, x]) {
          for (let variant = 0; variant < 8; variant++) {
            expect(fast.invertEllSwift(x, other, variant)).toEqual(noble.invertEllSwift(x, other, variant));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('signatures, and which of them are good (BIP340)', () => {
    fc.assert(
      fc.property(bytes(32), secret, bytes(32), fc.nat(64 * 8 - 1), (message, value, auxRand, bit) => {
        const signature = fast.sign(message, value, auxRand);
        const key = noble.publicKey(value);
        expect(signature).toEqual(noble.sign(message, value, auxRand));
        expect([fast, noble].map((crypto) => crypto.verify(signature, message, key))).toEqual([true, true]);
        signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect([fast, noble].map((crypto) => crypto.verify(signature, message, key))).toEqual([false, false]);
      }),
      { numRuns: 20 },
    );
  });

  test('AEAD with associated data, whole and damaged', () => {
    fc.assert(
      fc.property(bytes(32), bytes(0, 64), bytes(0, 300), fc.nat(), (key, associated, plaintext, at) => {
        const sealed = fast.seal(key, associated, plaintext);
        expect(sealed).toEqual(noble.seal(key, associated, plaintext));
        expect(fast.open(key, associated, sealed)).toEqual(plaintext);
        const damaged = sealed.slice();
        damaged[at % damaged.length] = (damaged[at % damaged.length] ?? 0) ^ 1;
        expect(fast.open(key, associated, damaged)).toBeUndefined();
        expect(noble.open(key, associated, damaged)).toBeUndefined();
      }),
    );
  });

  test('frames of any length under any nonce (§4.6)', () => {
    const length = fc.oneof(
      { arbitrary: fc.nat(400), weight: 10 },
      { arbitrary: fc.constantFrom(4_096, 65_518, 65_519, 65_520, 131_038, 131_039), weight: 1 },
    );
    fc.assert(
      fc.property(bytes(32), nonce, length, fc.nat(40), (key, first, payload, offset) => {
        const frame = Uint8Array.from({ length: 6 + payload }, (_, i) => (i * 31 + payload) & 0xff);
        const [ours, reference] = [0, 1].map(() => new Uint8Array(offset + sealedFrameSize(payload)).fill(0xaa));
        if (ours === undefined || reference === undefined) throw new Error('no targets');
        fast.sealFrame(key, first, frame, ours, offset);
        noble.sealFrame(key, first, frame, reference, offset);
        expect(ours).toEqual(reference);
        for (const crypto of [fast, noble]) {
          const opened = new Uint8Array(6 + payload);
          expect(crypto.openBlocks(key, first, ours, offset, 6, opened)).toBe(true);
          expect(crypto.openBlocks(key, first + 1, ours, offset + 22, payload, opened.subarray(6))).toBe(true);
          expect(opened).toEqual(frame);
        }
      }),
      { numRuns: 60 },
    );
  });
});
