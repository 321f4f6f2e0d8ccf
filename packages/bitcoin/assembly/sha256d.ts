// Double SHA-256 for mining (FIPS 180-4), compiled to WebAssembly by scripts/compile-kernel.ts.
// Everything works on fixed addresses: nothing is ever allocated. The memory map below is mirrored in src/wasm-kernel.ts.

const STATE: usize = 1024; // 8 words, native order
const DIGEST: usize = 1088; // 64-byte block that holds a first digest and its padding
const PAIR: usize = 1152; // two 32-byte hashes of one merkle level, then the padding block of a 64-byte message
const OUT: usize = 1280; // 32 bytes: the result of every call
const HEADER: usize = 1344; // 80 bytes, then the padding of an 80-byte message
const MIDSTATE: usize = 1472; // 8 words
const PATH: usize = 2048; // up to 255 hashes of a merkle path
const INPUT: usize = 10240; // message bytes

// `compress(block)`, which folds a 64-byte block into STATE, is appended by scripts/compress-source.ts.

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
