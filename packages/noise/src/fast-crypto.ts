import { isPrivate, isXOnlyPoint, signSchnorr, verifySchnorr, xOnlyPointFromScalar } from 'tiny-secp256k1';
import { FRAME_HEADER_SIZE, MAC_SIZE, MAX_BLOCK_PLAINTEXT } from './blocks.ts';
import type { NoiseCrypto } from './crypto.ts';
import { KERNEL_INPUT_SIZE, type Kernel, kernel, take } from './kernel.ts';
import { nobleCrypto } from './noble-crypto.ts';

const UPPER = 0x1_0000_0000;

/** Seals one block of plaintext without associated data; returns the bytes written. */
function sealBlock(
  k: Kernel,
  key: Uint8Array,
  nonce: number,
  plain: Uint8Array,
  target: Uint8Array,
  at: number,
): number {
  const size = plain.length + MAC_SIZE;
  k.memory.set(key, k.key);
  k.memory.set(plain, k.input);
  k.run.seal(0, nonce, nonce / UPPER, 0, plain.length);
  target.set(k.memory.subarray(k.output, k.output + size), at);
  return size;
}

/**
 * WebAssembly: libsecp256k1 (the tiny-secp256k1 package) for public keys and signatures, this package's kernel for
 * ECDH, ElligatorSwift, ChaCha20-Poly1305, SHA-256 and HKDF. A session's key is copied in for each call and zeroed by it, so that a session costs 32 bytes and
 * a counter. Measured in bench/.
 */
export const fastCrypto: NoiseCrypto = {
  name: 'fast',

  sha256(...parts) {
    const k = kernel();
    let length = 0;
    for (const part of parts) {
      if (length + part.length > KERNEL_INPUT_SIZE) return nobleCrypto.sha256(...parts);
      k.memory.set(part, k.input + length);
      length += part.length;
    }
    k.run.sha256(length);
    return take(k, 32);
  },

  hkdf(chainingKey, input) {
    const k = kernel();
    k.memory.set(chainingKey, k.key);
    k.memory.set(input, k.input);
    k.run.hkdf(input.length);
    const keys = take(k, 64);
    const pair = [keys.slice(0, 32), keys.slice(32)] as const;
    keys.fill(0);
    return pair;
  },

  isSecret: (secret) => isPrivate(secret),

  isPublicKey: (x) => isXOnlyPoint(x),

  publicKey: (secret) => xOnlyPointFromScalar(secret),

  multiply(x, secret) {
    const k = kernel();
    k.memory.set(secret, k.key);
    k.memory.set(x, k.input);
    k.run.multiplyPoint();
    return take(k, 32);
  },

  decodeEllSwift(encoded) {
    const k = kernel();
    k.memory.set(encoded, k.input);
    k.run.decodeEllSwift();
    return take(k, 32);
  },

  invertEllSwift(x, u, variant) {
    const k = kernel();
    k.memory.set(x, k.input);
    k.memory.set(u, k.input + 32);
    return k.run.invertEllSwift(variant) === 1 ? take(k, 32) : undefined;
  },

  sign: (message, secret, auxRand) => signSchnorr(message, secret, auxRand),

  verify(signature, message, publicKey) {
    try {
      return verifySchnorr(message, publicKey, signature);
    } catch {
      return false;
    }
  },

  seal(key, associated, plaintext) {
    const k = kernel();
    k.memory.set(key, k.key);
    k.memory.set(associated, k.associated);
    k.memory.set(plaintext, k.input);
    k.run.seal(0, 0, 0, associated.length, plaintext.length);
    return take(k, plaintext.length + MAC_SIZE);
  },

  open(key, associated, sealed) {
    const k = kernel();
    const length = sealed.length - MAC_SIZE;
    k.memory.set(key, k.key);
    k.memory.set(associated, k.associated);
    k.memory.set(sealed, k.input);
    return k.run.open(0, 0, 0, associated.length, length) === 1 ? take(k, length) : undefined;
  },

  sealFrame(key, nonce, frame, target, offset) {
    const k = kernel();
    const first = Math.min(frame.length, FRAME_HEADER_SIZE + MAX_BLOCK_PLAINTEXT);
    const size = first + (first > FRAME_HEADER_SIZE ? 2 * MAC_SIZE : MAC_SIZE);
    k.memory.set(key, k.key);
    k.memory.set(first === frame.length ? frame : frame.subarray(0, first), k.input);
    k.run.sealFrame(nonce, nonce / UPPER, first);
    target.set(k.memory.subarray(k.output, k.output + size), offset);
    let next = nonce + 2;
    let at = offset + size;
    for (let start = first; start < frame.length; start += MAX_BLOCK_PLAINTEXT) {
      at += sealBlock(k, key, next++, frame.subarray(start, start + MAX_BLOCK_PLAINTEXT), target, at);
    }
  },

  openBlocks(key, nonce, sealed, offset, plaintextLength, target) {
    const k = kernel();
    let next = nonce;
    let at = offset;
    for (let written = 0; written < plaintextLength; written += MAX_BLOCK_PLAINTEXT) {
      const length = Math.min(plaintextLength - written, MAX_BLOCK_PLAINTEXT);
      const end = at + length + MAC_SIZE;
      k.memory.set(key, k.key);
      k.memory.set(sealed.subarray(at, end), k.input);
      if (k.run.open(0, next, next / UPPER, 0, length) !== 1) return false;
      target.set(k.memory.subarray(k.output, k.output + length), written);
      next++;
      at = end;
    }
    return true;
  },
};
