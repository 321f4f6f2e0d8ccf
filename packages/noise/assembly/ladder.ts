import { add, copy, fromBytes, multiply, scale, setSmall, square, subtract, toBytes } from './field';
import { INPUT, KEY, OUTPUT, zero } from './memory';
import { forgetPowers, invert } from './powers';

/**
 * Multiplication by a secret, on x coordinates alone: a Montgomery ladder over y² = x³ + 7 (Brier and Joye, PKC 2002).
 * All 256 bits take the same steps on the same addresses, whatever they are.
 */

/** Two points as fractions x/z, the second always the first plus the base point. */
const POINTS: usize = memory.data(192, 16);
const X0 = POINTS;
const Z0 = POINTS + 48;
const X1 = POINTS + 96;
const Z1 = POINTS + 144;
const BASE: usize = memory.data(48, 16);
const SCRATCH: usize = memory.data(192, 16);
const A = SCRATCH;
const B = SCRATCH + 48;
const C = SCRATCH + 96;
const D = SCRATCH + 144;

/** The x coordinate (32 bytes of INPUT) of a point, times the secret at KEY: 32 bytes of OUTPUT. */
export function multiplyPoint(): void {
  fromBytes(BASE, INPUT);
  setSmall(X0, 1);
  setSmall(Z0, 0);
  copy(X1, BASE);
  setSmall(Z1, 1);
  let swapped: u32 = 0;
  for (let i = 0; i < 256; i++) {
    const bit = (u32(load<u8>(KEY + (i >> 3))) >> (7 - (i & 7))) & 1;
    swapPoints(swapped ^ bit);
    swapped = bit;
    step();
  }
  swapPoints(swapped);
  invert(A, Z0);
  multiply(B, X0, A);
  toBytes(OUTPUT, B);
  zero(KEY, 32);
  zero(POINTS, 192);
  zero(SCRATCH, 192);
  forgetPowers();
}

/** Exchanges the two points when `bit` is 1, in the same time as when it is 0. */
function swapPoints(bit: u32): void {
  const mask = i32x4.splat(0 - bit);
  for (let at: usize = 0; at < 96; at += 16) {
    const first = v128.load(X0 + at);
    const second = v128.load(X1 + at);
    const change = v128.and(v128.xor(first, second), mask);
    v128.store(X0 + at, v128.xor(first, change));
    v128.store(X1 + at, v128.xor(second, change));
  }
}

/** (P, Q) becomes (2P, P + Q). */
function step(): void {
  multiply(A, X0, Z1);
  multiply(B, X1, Z0);
  add(C, A, B);
  subtract(A, A, B);
  square(A, A);
  multiply(B, Z0, Z1);
  multiply(B, B, C);
  scale(B, B, 28);
  multiply(C, X0, X1);
  square(C, C);
  subtract(X1, C, B);
  multiply(Z1, A, BASE);

  square(A, X0);
  multiply(A, A, X0);
  square(B, Z0);
  multiply(B, B, Z0);
  scale(B, B, 7);
  add(C, A, B);
  multiply(C, C, Z0);
  scale(B, B, 8);
  subtract(D, A, B);
  multiply(X0, D, X0);
  scale(Z0, C, 4);
}
