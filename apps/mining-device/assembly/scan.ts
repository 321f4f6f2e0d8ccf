// Searches nonces of a block header for double SHA-256 hashes at or below a target: four nonces at once in SIMD lanes,
// then exactly. Compiled to WebAssembly by scripts/compile-scanner.ts, which appends `prepareLanes` and `lastWord`
// (scripts/lanes-source.ts) and the round constants. The memory map is mirrored in src/scanner.ts.

const MIDSTATE: usize = 1024; // 8 words, native order: the state after the header's first 64 bytes
const STATE: usize = 1056; // 8 words
const HEADER: usize = 1088; // 80 bytes, then the padding of an 80-byte message
const DIGEST: usize = 1216; // 64-byte block that holds a first digest and its padding
const HASH: usize = 1280; // 32 bytes: the hash of the last nonce that was checked exactly
const TARGET: usize = 1312; // 32 bytes, little-endian
const WORDS: usize = 1408; // 64 words: message schedule
const HITS: usize = 2048; // nonces that met the target
const MAX_HITS: u32 = 256;
const SLOTS: usize = 4096; // v128 each: what is the same for every nonce

function rotr(x: u32, n: u32): u32 {
  return (x >> n) | (x << (32 - n));
}

function big0(x: u32): u32 {
  return rotr(x, 2) ^ rotr(x, 13) ^ rotr(x, 22);
}

function big1(x: u32): u32 {
  return rotr(x, 6) ^ rotr(x, 11) ^ rotr(x, 25);
}

function small0(x: u32): u32 {
  return rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3);
}

function small1(x: u32): u32 {
  return rotr(x, 17) ^ rotr(x, 19) ^ (x >> 10);
}

function choose(e: u32, f: u32, g: u32): u32 {
  return g ^ (e & (f ^ g));
}

function majority(a: u32, b: u32, c: u32): u32 {
  return (a & b) | (c & (a | b));
}

function rotr4(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
}

function big04(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 2), rotr4(x, 13)), rotr4(x, 22));
}

function big14(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 6), rotr4(x, 11)), rotr4(x, 25));
}

function small04(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 7), rotr4(x, 18)), i32x4.shr_u(x, 3));
}

function small14(x: v128): v128 {
  return v128.xor(v128.xor(rotr4(x, 17), rotr4(x, 19)), i32x4.shr_u(x, 10));
}

function choose4(e: v128, f: v128, g: v128): v128 {
  return v128.xor(g, v128.and(e, v128.xor(f, g)));
}

function majority4(a: v128, b: v128, c: v128): v128 {
  return v128.xor(b, v128.and(v128.xor(a, b), v128.xor(b, c)));
}

function swapBytes4(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function initialize(): void {
  store<u32>(STATE, 0x6a09e667);
  store<u32>(STATE, 0xbb67ae85, 4);
  store<u32>(STATE, 0x3c6ef372, 8);
  store<u32>(STATE, 0xa54ff53a, 12);
  store<u32>(STATE, 0x510e527f, 16);
  store<u32>(STATE, 0x9b05688c, 20);
  store<u32>(STATE, 0x1f83d9ab, 24);
  store<u32>(STATE, 0x5be0cd19, 28);
}

/** Folds the 64-byte block at `block` into STATE, one round at a time: for midstates and exact checks only. */
function compress(block: usize): void {
  for (let t: usize = 0; t < 64; t += 4) store<u32>(WORDS + t, bswap<u32>(load<u32>(block + t)));
  for (let t: usize = WORDS + 64; t < WORDS + 256; t += 4) {
    store<u32>(t, small1(load<u32>(t - 8)) + load<u32>(t - 28) + small0(load<u32>(t - 60)) + load<u32>(t - 64));
  }
  let a = load<u32>(STATE);
  let b = load<u32>(STATE, 4);
  let c = load<u32>(STATE, 8);
  let d = load<u32>(STATE, 12);
  let e = load<u32>(STATE, 16);
  let f = load<u32>(STATE, 20);
  let g = load<u32>(STATE, 24);
  let h = load<u32>(STATE, 28);
  for (let t: usize = 0; t < 256; t += 4) {
    const t1 = h + load<u32>(ROUND_CONSTANTS + t) + load<u32>(WORDS + t) + choose(e, f, g) + big1(e);
    const t2 = majority(a, b, c) + big0(a);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  store<u32>(STATE, load<u32>(STATE) + a);
  store<u32>(STATE, load<u32>(STATE, 4) + b, 4);
  store<u32>(STATE, load<u32>(STATE, 8) + c, 8);
  store<u32>(STATE, load<u32>(STATE, 12) + d, 12);
  store<u32>(STATE, load<u32>(STATE, 16) + e, 16);
  store<u32>(STATE, load<u32>(STATE, 20) + f, 20);
  store<u32>(STATE, load<u32>(STATE, 24) + g, 24);
  store<u32>(STATE, load<u32>(STATE, 28) + h, 28);
}

function writeDigest(target: usize): void {
  for (let t: usize = 0; t < 32; t += 4) store<u32>(target + t, bswap<u32>(load<u32>(STATE + t)));
}

/** Takes the 80 bytes at HEADER (the nonce does not matter) as what `scan` searches. */
export function prepare(): void {
  store<u8>(HEADER, 0x80, 80);
  store<u16>(HEADER, 0x8002, 126); // 640 bits, big-endian
  store<u8>(DIGEST, 0x80, 32);
  store<u16>(DIGEST, 0x0001, 62); // 256 bits
  initialize();
  compress(HEADER);
  memory.copy(MIDSTATE, STATE, 32);
  prepareLanes();
}

/** Double hash of the header with this nonce, at HASH. */
export function hash(nonce: u32): void {
  store<u32>(HEADER, nonce, 76);
  memory.copy(STATE, MIDSTATE, 32);
  compress(HEADER + 64);
  writeDigest(DIGEST);
  initialize();
  compress(DIGEST);
  writeDigest(HASH);
}

/** Whether HASH is at or below TARGET. */
function meetsTarget(): bool {
  for (let offset: usize = 32; offset > 0; offset -= 8) {
    const hashWord = load<u64>(HASH - 8 + offset);
    const targetWord = load<u64>(TARGET - 8 + offset);
    if (hashWord != targetWord) return hashWord < targetWord;
  }
  return true;
}

/** Nonces that the last `scan` went through before its list of hits was full. */
let scanned: u32 = 0;

export function getScanned(): u32 {
  return scanned;
}

/**
 * Tries `count` nonces from `start` on (a multiple of four) and lists those that meet TARGET at HITS.
 * Stops early when the list is full: `getScanned` says where. Returns the number of hits.
 */
export function scan(start: u32, count: u32): u32 {
  const top = i32x4.splat(load<u32>(TARGET, 28));
  let nonces = i32x4.add(i32x4.splat(start), i32x4(0, 1, 2, 3));
  let hits: u32 = 0;
  for (let done: u32 = 0; done < count; done += 4) {
    const candidates = i32x4.le_u(swapBytes4(lastWord(swapBytes4(nonces))), top);
    if (v128.any_true(candidates)) {
      const mask = i32x4.bitmask(candidates);
      for (let lane: u32 = 0; lane < 4; lane++) {
        if (!((mask >> lane) & 1)) continue;
        hash(start + done + lane);
        if (meetsTarget()) store<u32>(HITS + (hits++ << 2), start + done + lane);
      }
      if (hits > MAX_HITS - 4) {
        scanned = done + 4;
        return hits;
      }
    }
    nonces = i32x4.add(nonces, i32x4.splat(4));
  }
  scanned = count;
  return hits;
}
