// Double SHA-256 for mining (FIPS 180-4), compiled to WebAssembly by assembly/generate.ts.
// Everything works on fixed addresses: nothing is ever allocated. The memory map below is mirrored in src/wasm-kernel.ts.

const STATE: usize = 1024; // 8 words, native order
const DIGEST: usize = 1088; // 64-byte block that holds a first digest and its padding
const PAIR: usize = 1152; // two 32-byte hashes of one merkle level, then the padding block of a 64-byte message
const OUT: usize = 1280; // 32 bytes: the result of every call
const HEADER: usize = 1344; // 80 bytes, then the padding of an 80-byte message
const MIDSTATE: usize = 1472; // 8 words
const WORDS: usize = 1536; // 64 words: message schedule
const PATH: usize = 2048; // up to 255 hashes of a merkle path
const INPUT: usize = 10240; // message bytes

// biome-ignore format: the table reads better eight to a line
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

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

/** Schedules the 64-byte block at `block` and folds it into STATE. */
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
  for (let t: usize = 0; t < 256; t += 32) {
    h += big1(e) + choose(e, f, g) + load<u32>(K + t) + load<u32>(WORDS + t);
    d += h;
    h += big0(a) + majority(a, b, c);
    g += big1(d) + choose(d, e, f) + load<u32>(K + t, 4) + load<u32>(WORDS + t, 4);
    c += g;
    g += big0(h) + majority(h, a, b);
    f += big1(c) + choose(c, d, e) + load<u32>(K + t, 8) + load<u32>(WORDS + t, 8);
    b += f;
    f += big0(g) + majority(g, h, a);
    e += big1(b) + choose(b, c, d) + load<u32>(K + t, 12) + load<u32>(WORDS + t, 12);
    a += e;
    e += big0(f) + majority(f, g, h);
    d += big1(a) + choose(a, b, c) + load<u32>(K + t, 16) + load<u32>(WORDS + t, 16);
    h += d;
    d += big0(e) + majority(e, f, g);
    c += big1(h) + choose(h, a, b) + load<u32>(K + t, 20) + load<u32>(WORDS + t, 20);
    g += c;
    c += big0(d) + majority(d, e, f);
    b += big1(g) + choose(g, h, a) + load<u32>(K + t, 24) + load<u32>(WORDS + t, 24);
    f += b;
    b += big0(c) + majority(c, d, e);
    a += big1(f) + choose(f, g, h) + load<u32>(K + t, 28) + load<u32>(WORDS + t, 28);
    e += a;
    a += big0(b) + majority(b, c, d);
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

/** STATE as big-endian bytes at `target`. */
function writeDigest(target: usize): void {
  for (let t: usize = 0; t < 32; t += 4) store<u32>(target + t, bswap<u32>(load<u32>(STATE + t)));
}

/** Hashes the digest in STATE once more; the result is at OUT. */
function second(): void {
  writeDigest(DIGEST);
  initialize();
  compress(DIGEST);
  writeDigest(OUT);
}

/** Writes the constant paddings; called once, before anything else. */
export function prepare(): void {
  store<u8>(DIGEST, 0x80, 32);
  store<u16>(DIGEST, 0x0001, 62); // 256 bits, big-endian
  store<u8>(PAIR, 0x80, 64);
  store<u16>(PAIR, 0x0002, 126); // 512 bits
  store<u8>(HEADER, 0x80, 80);
  store<u16>(HEADER, 0x8002, 126); // 640 bits
}

/** Starts a message whose blocks arrive through `absorb`. */
export function begin(): void {
  initialize();
}

/** Folds `length` bytes at INPUT (a multiple of 64) into the message. */
export function absorb(length: usize): void {
  for (let block = INPUT; block < INPUT + length; block += 64) compress(block);
}

/** Pads and folds the last `length` bytes at INPUT of a message of `total` bytes; its double hash is at OUT. */
export function finish(length: usize, total: u64): void {
  const blocks = (length + 9 + 63) & ~63;
  memory.fill(INPUT + length, 0, blocks - length);
  store<u8>(INPUT + length, 0x80);
  store<u64>(INPUT + blocks - 8, bswap<u64>(total << 3));
  absorb(blocks);
  second();
}

/** Double hash of the 80 bytes at HEADER, at OUT. */
export function header(): void {
  initialize();
  compress(HEADER);
  compress(HEADER + 64);
  second();
}

/** Folds the hash at OUT with the `depth` hashes at PATH into a merkle root, at OUT. */
export function fold(depth: usize): void {
  for (let level = PATH; level < PATH + (depth << 5); level += 32) {
    memory.copy(PAIR, OUT, 32);
    memory.copy(PAIR + 32, level, 32);
    initialize();
    compress(PAIR);
    compress(PAIR + 64);
    second();
  }
}

/** The state after the first `length` bytes (a multiple of 64) at INPUT, at MIDSTATE. */
export function midstate(length: usize): void {
  initialize();
  absorb(length);
  memory.copy(MIDSTATE, STATE, 32);
}

/**
 * One share of an extended job: coinbase txid from MIDSTATE and the `length` bytes at INPUT (`total` with those before
 * the midstate), merkle root over `depth` hashes at PATH into HEADER, header hash at OUT.
 */
export function extended(length: usize, total: u64, depth: usize): void {
  memory.copy(STATE, MIDSTATE, 32);
  finish(length, total);
  fold(depth);
  memory.copy(HEADER + 36, OUT, 32);
  header();
}
