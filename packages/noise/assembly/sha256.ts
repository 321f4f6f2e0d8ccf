import { INPUT, KEY, OUTPUT, zero } from './memory';

/** SHA-256 (FIPS 180-4), and on it HMAC and the HKDF of Noise with two outputs. */

const ROUNDS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const BLOCK: usize = 64;
const HASH: usize = 32;
/** The running hash, eight words. */
const STATE: usize = memory.data(32, 16);
/** The 64 words of a block's schedule. */
const SCHEDULE: usize = memory.data(256, 16);
/** A padded last part of a message. */
const TAIL: usize = memory.data(128, 16);
/** HMAC: the padded key of one direction, then the message or the inner hash. */
const PADDED: usize = memory.data(64 + 96, 16);
const TEMPORARY_KEY: usize = memory.data(32, 16);
const TEMPORARY_HASH: usize = memory.data(32, 16);

/** Hashes `length` bytes of INPUT to 32 bytes of OUTPUT. */
export function sha256(length: usize): void {
  digest(INPUT, length, OUTPUT);
  zero(INPUT, length);
  wipe();
}

/** HKDF of §4.4.2: the chaining key at KEY, `length` bytes (at most 32) of INPUT; 2 x 32 bytes to OUTPUT. */
export function hkdf(length: usize): void {
  hmac(KEY, INPUT, length, TEMPORARY_KEY);
  store<u8>(INPUT, 1);
  hmac(TEMPORARY_KEY, INPUT, 1, OUTPUT);
  copyHash(OUTPUT, INPUT);
  store<u8>(INPUT + HASH, 2);
  hmac(TEMPORARY_KEY, INPUT, HASH + 1, OUTPUT + HASH);
  zero(INPUT, 64);
  zero(KEY, 32);
  zero(TEMPORARY_KEY, 32);
  zero(PADDED, 64 + 96);
  wipe();
}

/** HMAC-SHA-256 with a 32-byte key and at most 33 bytes of message. */
function hmac(key: usize, message: usize, length: usize, output: usize): void {
  for (let at: usize = 0; at < HASH; at++) store<u8>(PADDED + BLOCK + at, load<u8>(message + at));
  store<u8>(PADDED + BLOCK + HASH, load<u8>(message + HASH));
  padKey(key, 0x36);
  digest(PADDED, BLOCK + length, TEMPORARY_HASH);
  copyHash(TEMPORARY_HASH, PADDED + BLOCK);
  padKey(key, 0x5c);
  digest(PADDED, BLOCK + HASH, output);
}

function padKey(key: usize, pad: u8): void {
  const pads = i8x16.splat(pad);
  v128.store(PADDED, v128.xor(v128.load(key), pads));
  v128.store(PADDED, v128.xor(v128.load(key, 16), pads), 16);
  v128.store(PADDED, pads, 32);
  v128.store(PADDED, pads, 48);
}

function copyHash(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

function digest(message: usize, length: usize, output: usize): void {
  copyHash(INITIAL, STATE);
  let at: usize = 0;
  for (; at + BLOCK <= length; at += BLOCK) compress(message + at);
  const rest = length - at;
  const tail: usize = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
  zero(TAIL, 2 * BLOCK);
  for (let i: usize = 0; i < rest; i++) store<u8>(TAIL + i, load<u8>(message + at + i));
  store<u8>(TAIL + rest, 0x80);
  store<u64>(TAIL + tail - 8, bswap<u64>(u64(length) << 3));
  for (let i: usize = 0; i < tail; i += BLOCK) compress(TAIL + i);
  for (let i: usize = 0; i < HASH; i += 4) store<u32>(output + i, bswap<u32>(load<u32>(STATE + i)));
}

function wipe(): void {
  zero(STATE, 32);
  zero(SCHEDULE, 256);
  zero(TAIL, 128);
}

function mixE(e: u32, f: u32, g: u32): u32 {
  return (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ (e & (f ^ g)));
}

function mixA(a: u32, b: u32, c: u32): u32 {
  return (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b)));
}

function constant(at: usize): u32 {
  return load<u32>(ROUNDS + at) + load<u32>(SCHEDULE + at);
}

function expand(block: usize): void {
  for (let at: usize = 0; at < 64; at += 4) store<u32>(SCHEDULE + at, bswap<u32>(load<u32>(block + at)));
  for (let at: usize = 64; at < 256; at += 4) {
    const w15 = load<u32>(SCHEDULE + at - 60);
    const w2 = load<u32>(SCHEDULE + at - 8);
    const s0 = rotr(w15, 7) ^ rotr(w15, 18) ^ (w15 >> 3);
    const s1 = rotr(w2, 17) ^ rotr(w2, 19) ^ (w2 >> 10);
    store<u32>(SCHEDULE + at, load<u32>(SCHEDULE + at - 64) + s0 + load<u32>(SCHEDULE + at - 28) + s1);
  }
}

/** Eight rounds a turn, so that the eight words change places by their names instead of being moved. */
function compress(block: usize): void {
  expand(block);
  let a = load<u32>(STATE);
  let b = load<u32>(STATE, 4);
  let c = load<u32>(STATE, 8);
  let d = load<u32>(STATE, 12);
  let e = load<u32>(STATE, 16);
  let f = load<u32>(STATE, 20);
  let g = load<u32>(STATE, 24);
  let h = load<u32>(STATE, 28);
  for (let at: usize = 0; at < 256; at += 32) {
    h += mixE(e, f, g) + constant(at);
    d += h;
    h += mixA(a, b, c);
    g += mixE(d, e, f) + constant(at + 4);
    c += g;
    g += mixA(h, a, b);
    f += mixE(c, d, e) + constant(at + 8);
    b += f;
    f += mixA(g, h, a);
    e += mixE(b, c, d) + constant(at + 12);
    a += e;
    e += mixA(f, g, h);
    d += mixE(a, b, c) + constant(at + 16);
    h += d;
    d += mixA(e, f, g);
    c += mixE(h, a, b) + constant(at + 20);
    g += c;
    c += mixA(d, e, f);
    b += mixE(g, h, a) + constant(at + 24);
    f += b;
    b += mixA(c, d, e);
    a += mixE(f, g, h) + constant(at + 28);
    e += a;
    a += mixA(b, c, d);
  }
  add(0, a);
  add(4, b);
  add(8, c);
  add(12, d);
  add(16, e);
  add(20, f);
  add(24, g);
  add(28, h);
}

function add(at: usize, word: u32): void {
  store<u32>(STATE + at, load<u32>(STATE + at) + word);
}
