import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { FRAME_HEADER_SIZE, MAC_SIZE, MAX_BLOCK_PLAINTEXT } from './blocks.ts';
import { concat, fromInteger, toInteger } from './bytes.ts';
import type { NoiseCrypto } from './crypto.ts';
import { isOnCurve, xSwiftEc, xSwiftEcInverse } from './ellswift-math.ts';

const { Point } = secp256k1;
const P = Point.Fp.ORDER;
const NO_DATA = new Uint8Array(0);
const FIRST = Uint8Array.of(1);
const SECOND = Uint8Array.of(2);

/** 4 zero bytes, then the counter as 8 bytes little-endian (§4.4.1). */
function nonceBytes(nonce: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, nonce % 0x1_0000_0000, true);
  view.setUint32(8, Math.floor(nonce / 0x1_0000_0000), true);
  return bytes;
}

function seal(key: Uint8Array, nonce: number, associated: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return chacha20poly1305(key, nonceBytes(nonce), associated).encrypt(plaintext);
}

function open(key: Uint8Array, nonce: number, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return chacha20poly1305(key, nonceBytes(nonce), associated).decrypt(sealed);
  } catch {
    return undefined;
  }
}

/** The reference: audited JavaScript, slow but the same everywhere. */
export const nobleCrypto: NoiseCrypto = {
  name: 'noble',

  sha256(...parts) {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },

  hkdf(chainingKey, input) {
    const temporary = hmac(sha256, chainingKey, input);
    const first = hmac(sha256, temporary, FIRST);
    const second = hmac(sha256, temporary, concat(first, SECOND));
    temporary.fill(0);
    return [first, second];
  },

  isSecret: (secret) => secp256k1.utils.isValidSecretKey(secret),

  isPublicKey(bytes) {
    const x = toInteger(bytes);
    return x < P && isOnCurve(x);
  },

  publicKey: (secret) => schnorr.getPublicKey(secret),

  multiply(x, secret) {
    const compressed = concat(SECOND, x);
    return secp256k1.getSharedSecret(secret, compressed, true).slice(1);
  },

  decodeEllSwift(encoded) {
    return fromInteger(xSwiftEc(toInteger(encoded.subarray(0, 32)), toInteger(encoded.subarray(32, 64))));
  },

  invertEllSwift(x, u, variant) {
    const t = xSwiftEcInverse(toInteger(x), Point.Fp.create(toInteger(u)), variant);
    return t === undefined ? undefined : fromInteger(t);
  },

  sign: (message, secret, auxRand) => schnorr.sign(message, secret, auxRand),

  verify: (signature, message, publicKey) => schnorr.verify(signature, message, publicKey),

  seal: (key, associated, plaintext) => seal(key, 0, associated, plaintext),

  open: (key, associated, sealed) => open(key, 0, associated, sealed),

  sealFrame(key, nonce, frame, target, offset) {
    let next = nonce;
    let at = offset;
    let start = 0;
    let end = FRAME_HEADER_SIZE;
    do {
      const block = seal(key, next++, NO_DATA, frame.subarray(start, end));
      target.set(block, at);
      at += block.length;
      start = end;
      end = Math.min(start + MAX_BLOCK_PLAINTEXT, frame.length);
    } while (start < end);
  },

  openBlocks(key, nonce, sealed, offset, plaintextLength, target) {
    let next = nonce;
    let at = offset;
    for (let written = 0; written < plaintextLength; written += MAX_BLOCK_PLAINTEXT) {
      const size = Math.min(plaintextLength - written, MAX_BLOCK_PLAINTEXT) + MAC_SIZE;
      const block = open(key, next++, NO_DATA, sealed.subarray(at, at + size));
      if (block === undefined) return false;
      target.set(block, written);
      at += size;
    }
    return true;
  },
};
