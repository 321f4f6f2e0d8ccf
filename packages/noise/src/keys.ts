import { concat } from './bytes.ts';
import type { NoiseCrypto } from './crypto.ts';
import { defaultCrypto } from './default-crypto.ts';
import { NoiseError } from './errors.ts';

/** Bytes of a secret, of an x-only public key. */
export const KEY_SIZE = 32;
/** Bytes of an ElligatorSwift encoding. */
export const ENCODED_KEY_SIZE = 64;

const ENTROPY_TAG = ascii('sv2kit/ellswift');

/** A key of the handshake (§4.3.1.1): the secret, and its public key's x coordinate in ElligatorSwift encoding. */
export interface EllSwiftKeypair {
  /** 32 bytes, big-endian, in 1..n-1. */
  readonly secret: Uint8Array;
  /** 64 bytes: u, then t, each big-endian. */
  readonly encoded: Uint8Array;
}

/**
 * Makes a key of the handshake from random bytes (§4.3.1.1, BIP324 ellswift_create).
 *
 * @param secret - 32 random bytes; kept, not copied
 * @param entropy - at least 32 further random bytes, which choose one of the many encodings
 * @throws NoiseError 'bad-key' when `secret` is zero or not below the group's order
 */
export function createEllSwiftKeypair(
  secret: Uint8Array,
  entropy: Uint8Array,
  crypto: NoiseCrypto = defaultCrypto,
): EllSwiftKeypair {
  const x = publicKeyOf(secret, crypto);
  if (entropy.length < 32) throw new RangeError(`entropy has ${entropy.length} bytes, 32 are needed`);
  const seed = crypto.sha256(ENTROPY_TAG, entropy, secret);
  const encoded = encodeEllSwift(x, seed, crypto);
  seed.fill(0);
  return { secret, encoded };
}

/**
 * One of the ElligatorSwift encodings of an x coordinate, chosen by `seed` (BIP324 XElligatorSwift).
 *
 * @param x - 32 bytes, the x coordinate of a point
 * @param seed - 32 bytes that nobody else knows; the same seed gives the same encoding
 */
export function encodeEllSwift(x: Uint8Array, seed: Uint8Array, crypto: NoiseCrypto = defaultCrypto): Uint8Array {
  for (let attempt = 0; ; attempt++) {
    const u = crypto.sha256(seed, counter(attempt));
    const variant = (crypto.sha256(seed, u)[0] ?? 0) & 7;
    const t = crypto.invertEllSwift(x, u, variant);
    if (t !== undefined) return concat(u, t);
  }
}

/**
 * The x coordinate that an ElligatorSwift encoding stands for; every string of 64 bytes has one.
 *
 * @throws NoiseError 'bad-length' when `encoded` is not 64 bytes
 */
export function decodeEllSwift(encoded: Uint8Array, crypto: NoiseCrypto = defaultCrypto): Uint8Array {
  requireLength('encoded key', encoded, ENCODED_KEY_SIZE);
  return crypto.decodeEllSwift(encoded);
}

/**
 * The x-only public key (32 bytes, BIP340) of a secret.
 *
 * @throws NoiseError 'bad-key' when `secret` is zero or not below the group's order
 */
export function publicKeyOf(secret: Uint8Array, crypto: NoiseCrypto = defaultCrypto): Uint8Array {
  requireSecret(secret, crypto);
  return crypto.publicKey(secret);
}

/** Throws NoiseError unless `secret` is 32 bytes in 1..n-1; its value never enters the error. */
export function requireSecret(secret: Uint8Array, crypto: NoiseCrypto): void {
  requireLength('secret', secret, KEY_SIZE);
  if (!crypto.isSecret(secret))
    throw new NoiseError('bad-key', 'a secret must be in 1..n-1; was this one used already?');
}

/** Throws NoiseError unless `key` is 32 bytes that are not all zero, as a key is that was given away already. */
export function requireTransportKey(key: Uint8Array): void {
  requireLength('transport key', key, KEY_SIZE);
  if (key.every((byte) => byte === 0)) throw new NoiseError('bad-key', 'a transport key of zeros is no key');
}

/** Throws NoiseError 'bad-length' unless `bytes` has exactly `expected` bytes. */
export function requireLength(what: string, bytes: Uint8Array, expected: number): void {
  if (bytes.length === expected) return;
  throw new NoiseError('bad-length', `${what} has ${bytes.length} bytes instead of ${expected}`, {
    what,
    expected,
    actual: bytes.length,
  });
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function counter(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}
