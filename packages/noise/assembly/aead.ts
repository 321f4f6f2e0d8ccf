import { STREAM, twoBlocks, xorStream } from './chacha20';
import { ASSOCIATED, INPUT, KEY, OUTPUT, zero } from './memory';
import { absorb, finish, start } from './poly1305';

/**
 * ChaCha20-Poly1305 (RFC 8439 §2.8) for whole frames in one call. The host writes key, associated data and input
 * into memory, calls, and reads the output; the key does not stay.
 */

const HEADER: usize = 6;
const MAC: usize = 16;
const BLOCK: usize = 64;
/** The 32-byte key of the MAC in progress. */
const MAC_KEY: usize = memory.data(32, 16);
/** The two 64-bit lengths that end what is authenticated. */
const LENGTHS: usize = memory.data(16, 16);

/** Seals a 6-byte header under the nonce and, under the next one, a payload of up to 65,519 bytes. */
export function sealFrame(n1: u32, n2: u32, length: usize): void {
  sealBlock(INPUT, OUTPUT, 0, n1, n2, 0, HEADER);
  if (length > HEADER) {
    const next = n1 + 1;
    sealBlock(INPUT + HEADER, OUTPUT + HEADER + MAC, 0, next, n2 + u32(next === 0), 0, length - HEADER);
  }
  forget();
}

/** Seals one block; nonce words as in RFC 8439. */
export function seal(n0: u32, n1: u32, n2: u32, associated: usize, length: usize): void {
  sealBlock(INPUT, OUTPUT, n0, n1, n2, associated, length);
  forget();
}

/** Opens one block of `length` plaintext bytes: 1, or 0 when the MAC does not match and nothing was decrypted. */
export function open(n0: u32, n1: u32, n2: u32, associated: usize, length: usize): i32 {
  const mac = INPUT + length;
  const given = v128.load(mac);
  begin(n0, n1, n2);
  authenticate(INPUT, associated, length);
  const good = !v128.any_true(v128.xor(given, v128.load(mac)));
  if (good) applyStream(INPUT, OUTPUT, n0, n1, n2, length);
  forget();
  return i32(good);
}

function sealBlock(input: usize, output: usize, n0: u32, n1: u32, n2: u32, associated: usize, length: usize): void {
  begin(n0, n1, n2);
  applyStream(input, output, n0, n1, n2, length);
  authenticate(output, associated, length);
}

/** Block 0 holds the MAC's key, block 1 the first key stream: one step computes both. */
function begin(n0: u32, n1: u32, n2: u32): void {
  twoBlocks(0, n0, n1, n2);
  v128.store(MAC_KEY, v128.load(STREAM));
  v128.store(MAC_KEY, v128.load(STREAM, 16), 16);
  start(MAC_KEY);
}

function applyStream(input: usize, output: usize, n0: u32, n1: u32, n2: u32, length: usize): void {
  xorStream(input, output, STREAM + BLOCK, min(length, BLOCK));
  let counter: u32 = 2;
  for (let at = BLOCK; at < length; at += 2 * BLOCK) {
    twoBlocks(counter, n0, n1, n2);
    xorStream(input + at, output + at, STREAM, min(length - at, 2 * BLOCK));
    counter += 2;
  }
}

/** Pads `length` bytes of ciphertext with zeros for the MAC, then writes the MAC over the padding. */
function authenticate(ciphertext: usize, associated: usize, length: usize): void {
  const mac = ciphertext + length;
  if (associated > 0) {
    v128.store(ASSOCIATED + associated, i64x2.splat(0));
    absorb(ASSOCIATED, associated);
  }
  v128.store(mac, i64x2.splat(0));
  absorb(ciphertext, length);
  store<u64>(LENGTHS, associated);
  store<u64>(LENGTHS, length, 8);
  absorb(LENGTHS, 16);
  finish(MAC_KEY, mac);
}

function forget(): void {
  zero(KEY, 32);
  zero(MAC_KEY, 32);
  zero(STREAM, 2 * BLOCK);
}
