/**
 * The field of secp256k1 in nine limbs of 29 bits, each stored as 32 bits: sums of nine products of two limbs fit 64
 * bits even when each limb has grown by one bit. An element (36 bytes, aligned to 16) is "loose": limbs a little above
 * 29 bits, and any of the numbers that stand for its residue.
 *
 * No branch and no address depends on a value, except in `isZero` and `isEqual`.
 */

const MASK: u64 = 0x1fff_ffff;
/** 2^261 = 2^37 + 31264 (mod p): 31264 for limb 0 and 2^8 for limb 1. */
const FOLD_LOW: u64 = 31_264;
const FOLD_HIGH: u64 = 256;
const DIFFERENCE: usize = memory.data(48, 16);

function limb(element: usize, i: usize): u64 {
  return u64(load<u32>(element + 4 * i));
}

function put(element: usize, i: usize, value: u64): void {
  store<u32>(element + 4 * i, u32(value));
}

export function copy(out: usize, a: usize): void {
  v128.store(out, v128.load(a));
  v128.store(out, v128.load(a, 16), 16);
  store<u32>(out, load<u32>(a, 32), 32);
}

/** A number below 2^29. */
export function setSmall(out: usize, value: u32): void {
  for (let i: usize = 1; i < 9; i++) put(out, i, 0);
  store<u32>(out, value);
}

/** Limbs may reach twice a loose element's, which `multiply` and `square` still take; add only once. */
export function add(out: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 9; i++) put(out, i, limb(a, i) + limb(b, i));
}

/** a - b, made positive with 64p, whose limbs are chosen above those of any b. */
export function subtract(out: usize, a: usize, b: usize): void {
  let carry: u64 = limb(a, 0) + 0x4000_0000 - 62_528 - limb(b, 0);
  put(out, 0, carry & MASK);
  carry = (carry >> 29) + limb(a, 1) + 0x4000_0000 - 514 - limb(b, 1);
  put(out, 1, carry & MASK);
  for (let i: usize = 2; i < 9; i++) {
    carry = (carry >> 29) + limb(a, i) + 0x4000_0000 - 2 - limb(b, i);
    put(out, i, carry & MASK);
  }
  fold(out, carry >> 29);
}

/** a times a factor below 2^8. */
export function scale(out: usize, a: usize, factor: u64): void {
  let carry: u64 = 0;
  for (let i: usize = 0; i < 9; i++) {
    carry = (carry >> 29) + limb(a, i) * factor;
    put(out, i, carry & MASK);
  }
  fold(out, carry >> 29);
}

/** Adds `over` times 2^261. */
function fold(out: usize, over: u64): void {
  put(out, 0, limb(out, 0) + over * FOLD_LOW);
  put(out, 1, limb(out, 1) + over * FOLD_HIGH);
}

export function multiply(out: usize, a: usize, b: usize): void {
  const a0 = limb(a, 0);
  const a1 = limb(a, 1);
  const a2 = limb(a, 2);
  const a3 = limb(a, 3);
  const a4 = limb(a, 4);
  const a5 = limb(a, 5);
  const a6 = limb(a, 6);
  const a7 = limb(a, 7);
  const a8 = limb(a, 8);
  const b0 = limb(b, 0);
  const b1 = limb(b, 1);
  const b2 = limb(b, 2);
  const b3 = limb(b, 3);
  const b4 = limb(b, 4);
  const b5 = limb(b, 5);
  const b6 = limb(b, 6);
  const b7 = limb(b, 7);
  const b8 = limb(b, 8);
  const c9 = a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1;
  const c10 = a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + (c9 >> 29);
  const c11 = a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + (c10 >> 29);
  const c12 = a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + (c11 >> 29);
  const c13 = a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + (c12 >> 29);
  const c14 = a6 * b8 + a7 * b7 + a8 * b6 + (c13 >> 29);
  const c15 = a7 * b8 + a8 * b7 + (c14 >> 29);
  const c16 = a8 * b8 + (c15 >> 29);
  const high0 = c9 & MASK;
  const high1 = c10 & MASK;
  const high2 = c11 & MASK;
  const high3 = c12 & MASK;
  const high4 = c13 & MASK;
  const high5 = c14 & MASK;
  const high6 = c15 & MASK;
  const high7 = c16 & MASK;
  const high8 = c16 >> 29;
  const c0 = a0 * b0 + high0 * FOLD_LOW;
  const c1 = a0 * b1 + a1 * b0 + high1 * FOLD_LOW + high0 * FOLD_HIGH + (c0 >> 29);
  const c2 = a0 * b2 + a1 * b1 + a2 * b0 + high2 * FOLD_LOW + high1 * FOLD_HIGH + (c1 >> 29);
  const c3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + high3 * FOLD_LOW + high2 * FOLD_HIGH + (c2 >> 29);
  const c4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + high4 * FOLD_LOW + high3 * FOLD_HIGH + (c3 >> 29);
  const c5 =
    a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + high5 * FOLD_LOW + high4 * FOLD_HIGH + (c4 >> 29);
  const c6 =
    a0 * b6 +
    a1 * b5 +
    a2 * b4 +
    a3 * b3 +
    a4 * b2 +
    a5 * b1 +
    a6 * b0 +
    high6 * FOLD_LOW +
    high5 * FOLD_HIGH +
    (c5 >> 29);
  const c7 =
    a0 * b7 +
    a1 * b6 +
    a2 * b5 +
    a3 * b4 +
    a4 * b3 +
    a5 * b2 +
    a6 * b1 +
    a7 * b0 +
    high7 * FOLD_LOW +
    high6 * FOLD_HIGH +
    (c6 >> 29);
  const c8 =
    a0 * b8 +
    a1 * b7 +
    a2 * b6 +
    a3 * b5 +
    a4 * b4 +
    a5 * b3 +
    a6 * b2 +
    a7 * b1 +
    a8 * b0 +
    high8 * FOLD_LOW +
    high7 * FOLD_HIGH +
    (c7 >> 29);
  const over = (c8 >> 29) + high8 * FOLD_HIGH;
  const r0 = (c0 & MASK) + over * FOLD_LOW;
  const r1 = (c1 & MASK) + over * FOLD_HIGH + (r0 >> 29);
  put(out, 0, r0 & MASK);
  put(out, 1, r1 & MASK);
  put(out, 2, (c2 & MASK) + (r1 >> 29));
  put(out, 3, c3 & MASK);
  put(out, 4, c4 & MASK);
  put(out, 5, c5 & MASK);
  put(out, 6, c6 & MASK);
  put(out, 7, c7 & MASK);
  put(out, 8, c8 & MASK);
}

export function square(out: usize, a: usize): void {
  const a0 = limb(a, 0);
  const a1 = limb(a, 1);
  const a2 = limb(a, 2);
  const a3 = limb(a, 3);
  const a4 = limb(a, 4);
  const a5 = limb(a, 5);
  const a6 = limb(a, 6);
  const a7 = limb(a, 7);
  const a8 = limb(a, 8);
  const d0 = a0 << 1;
  const d1 = a1 << 1;
  const d2 = a2 << 1;
  const d3 = a3 << 1;
  const d4 = a4 << 1;
  const d5 = a5 << 1;
  const d6 = a6 << 1;
  const d7 = a7 << 1;
  const c9 = d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5;
  const c10 = d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5 + (c9 >> 29);
  const c11 = d3 * a8 + d4 * a7 + d5 * a6 + (c10 >> 29);
  const c12 = d4 * a8 + d5 * a7 + a6 * a6 + (c11 >> 29);
  const c13 = d5 * a8 + d6 * a7 + (c12 >> 29);
  const c14 = d6 * a8 + a7 * a7 + (c13 >> 29);
  const c15 = d7 * a8 + (c14 >> 29);
  const c16 = a8 * a8 + (c15 >> 29);
  const high0 = c9 & MASK;
  const high1 = c10 & MASK;
  const high2 = c11 & MASK;
  const high3 = c12 & MASK;
  const high4 = c13 & MASK;
  const high5 = c14 & MASK;
  const high6 = c15 & MASK;
  const high7 = c16 & MASK;
  const high8 = c16 >> 29;
  const c0 = a0 * a0 + high0 * FOLD_LOW;
  const c1 = d0 * a1 + high1 * FOLD_LOW + high0 * FOLD_HIGH + (c0 >> 29);
  const c2 = d0 * a2 + a1 * a1 + high2 * FOLD_LOW + high1 * FOLD_HIGH + (c1 >> 29);
  const c3 = d0 * a3 + d1 * a2 + high3 * FOLD_LOW + high2 * FOLD_HIGH + (c2 >> 29);
  const c4 = d0 * a4 + d1 * a3 + a2 * a2 + high4 * FOLD_LOW + high3 * FOLD_HIGH + (c3 >> 29);
  const c5 = d0 * a5 + d1 * a4 + d2 * a3 + high5 * FOLD_LOW + high4 * FOLD_HIGH + (c4 >> 29);
  const c6 = d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + high6 * FOLD_LOW + high5 * FOLD_HIGH + (c5 >> 29);
  const c7 = d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + high7 * FOLD_LOW + high6 * FOLD_HIGH + (c6 >> 29);
  const c8 = d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + high8 * FOLD_LOW + high7 * FOLD_HIGH + (c7 >> 29);
  const over = (c8 >> 29) + high8 * FOLD_HIGH;
  const r0 = (c0 & MASK) + over * FOLD_LOW;
  const r1 = (c1 & MASK) + over * FOLD_HIGH + (r0 >> 29);
  put(out, 0, r0 & MASK);
  put(out, 1, r1 & MASK);
  put(out, 2, (c2 & MASK) + (r1 >> 29));
  put(out, 3, c3 & MASK);
  put(out, 4, c4 & MASK);
  put(out, 5, c5 & MASK);
  put(out, 6, c6 & MASK);
  put(out, 7, c7 & MASK);
  put(out, 8, c8 & MASK);
}

/** Reduces completely: limbs of 29 bits, a number below p. */
export function normalize(a: usize): void {
  settle(a);
  settle(a);
  // a + 2^256 - p reaches 2^256 exactly when a >= p
  let carry: u64 = limb(a, 0) + 977;
  carry = (carry >> 29) + limb(a, 1) + 8;
  for (let i: usize = 2; i < 9; i++) carry = (carry >> 29) + limb(a, i);
  const reaches = u64(carry >> 24 !== 0);
  put(a, 0, limb(a, 0) + 977 * reaches);
  put(a, 1, limb(a, 1) + 8 * reaches);
  carryOn(a);
  put(a, 8, limb(a, 8) & 0xff_ffff);
}

/** Carries, and folds what is above 2^256 = 2^32 + 977 (mod p). */
function settle(a: usize): void {
  carryOn(a);
  const top = limb(a, 8);
  put(a, 8, top & 0xff_ffff);
  put(a, 0, limb(a, 0) + (top >> 24) * 977);
  put(a, 1, limb(a, 1) + (top >> 24) * 8);
  carryOn(a);
}

function carryOn(a: usize): void {
  let carry: u64 = 0;
  for (let i: usize = 0; i < 8; i++) {
    carry = (carry >> 29) + limb(a, i);
    put(a, i, carry & MASK);
  }
  put(a, 8, (carry >> 29) + limb(a, 8));
}

export function isZero(a: usize): bool {
  normalize(a);
  let any: u64 = 0;
  for (let i: usize = 0; i < 9; i++) any |= limb(a, i);
  return any === 0;
}

export function isEqual(a: usize, b: usize): bool {
  subtract(DIFFERENCE, a, b);
  return isZero(DIFFERENCE);
}

/** From 32 bytes, big-endian; a number above p stands for its residue. */
export function fromBytes(out: usize, bytes: usize): void {
  for (let i: usize = 0; i < 9; i++) {
    const word = (i * 29) / 64;
    const shift = u64(29 * i) & 63;
    let value = bswap<u64>(load<u64>(bytes + 24 - 8 * word)) >> shift;
    if (shift > 35 && word < 3) value |= bswap<u64>(load<u64>(bytes + 16 - 8 * word)) << (64 - shift);
    put(out, i, value & MASK);
  }
}

/** To 32 bytes, big-endian. */
export function toBytes(bytes: usize, a: usize): void {
  normalize(a);
  for (let word: usize = 0; word < 4; word++) {
    let value: u64 = 0;
    for (let i: usize = 0; i < 9; i++) {
      const shift = i64(29 * i) - i64(64 * word);
      if (shift > -29 && shift < 0) value |= limb(a, i) >> -shift;
      else if (shift >= 0 && shift < 64) value |= limb(a, i) << shift;
    }
    store<u64>(bytes + 24 - 8 * word, bswap<u64>(value));
  }
}
