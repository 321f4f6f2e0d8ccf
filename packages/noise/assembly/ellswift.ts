import { add, copy, fromBytes, isEqual, isZero, multiply, scale, setSmall, square, subtract, toBytes } from './field';
import { INPUT, OUTPUT } from './memory';
import { power } from './powers';

/** XSwiftEC and its inverse (BIP324), arranged so that each candidate costs one power. */

/** √-3 (the root that is a square), 1/2, (1 - √-3)/2 and (1 + √-3)/2 in limbs. */
const C: usize = memory.data<u32>(
  [0x1cd5f852, 0xc693d70, 0x53b351f, 0x1eda2bb4, 0x1962cc61, 0x186153cb, 0x77c8cdd, 0x1526a0fe, 0xa2d2b, 0, 0, 0],
  16,
);
const HALF: usize = memory.data<u32>(
  [0x1ffffe18, 0x1ffffffb, 0x1fffffff, 0x1fffffff, 0x1fffffff, 0x1fffffff, 0x1fffffff, 0x1fffffff, 0x7fffff, 0, 0, 0],
  16,
);
const MINUS_FACTOR: usize = memory.data<u32>(
  [0x119501ef, 0x9cb6143, 0x1d626570, 0x92ea25, 0x34e99cf, 0x3cf561a, 0x1c41b991, 0x56caf80, 0x7ae96a, 0, 0, 0],
  16,
);
const PLUS_FACTOR: usize = memory.data<u32>(
  [0xe6afa41, 0x16349eb4, 0x29d9a8f, 0x1f6d15da, 0x1cb16630, 0x1c30a9e5, 0x3be466e, 0x1a93507f, 0x851695, 0, 0, 0],
  16,
);

const SEVEN: usize = memory.data<u32>([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
const ZERO: usize = memory.data(48, 16);

const U: usize = memory.data(48, 16);
const G: usize = memory.data(48, 16);
const X: usize = memory.data(48, 16);
const S: usize = memory.data(48, 16);
const S2: usize = memory.data(48, 16);
const V: usize = memory.data(48, 16);
const W: usize = memory.data(48, 16);
const Q: usize = memory.data(48, 16);
const K: usize = memory.data(48, 16);
const M: usize = memory.data(48, 16);
const T2: usize = memory.data(48, 16);
const D1: usize = memory.data(48, 16);
const D2: usize = memory.data(48, 16);
const NUMERATOR: usize = memory.data(48, 16);

/** Decodes the 64 bytes of INPUT to an x coordinate, 32 bytes of OUTPUT. */
export function decodeEllSwift(): void {
  readNonZero(U, INPUT);
  readNonZero(T2, INPUT + 32);
  square(T2, T2);
  cubePlus7(G, U);
  add(D1, G, T2);
  if (isZero(D1)) {
    scale(T2, T2, 4);
    add(D1, G, T2);
  }
  // x3 = u - d1²/d2 with d1 = u³ + t² + 7 and d2 = 3t²u²
  square(D2, U);
  multiply(D2, D2, T2);
  scale(D2, D2, 3);
  multiply(K, U, D2);
  square(M, D1);
  subtract(NUMERATOR, K, M);
  if (!lift(NUMERATOR, D2)) liftOther();
  toBytes(OUTPUT, X);
}

/** x2 = (-r - u·d1)/(2·d1), else x1 = (r - u·d1)/(2·d1), with r = √-3·u(u³ - t² + 7) */
function liftOther(): void {
  subtract(S, G, T2);
  multiply(S, S, U);
  multiply(S, S, C);
  multiply(V, U, D1);
  scale(D2, D1, 2);
  subtract(NUMERATOR, ZERO, S);
  subtract(NUMERATOR, NUMERATOR, V);
  if (lift(NUMERATOR, D2)) return;
  subtract(NUMERATOR, S, V);
  lift(NUMERATOR, D2);
}

/**
 * Whether X = n/d is the x coordinate of a point. With k = n³ + 7d³ it is one exactly if m = kd is a square; and
 * 1/d = k/m follows from the power that tells.
 */
function lift(n: usize, d: usize): bool {
  square(M, d);
  multiply(M, M, d);
  scale(M, M, 7);
  square(K, n);
  multiply(K, K, n);
  add(K, K, M);
  multiply(M, K, d);
  if (!root(M)) return false;
  multiply(Q, Q, K);
  multiply(X, n, Q);
  return true;
}

/** Whether a is a square; W is then its root (the one that is a square itself), and Q is 1/a. */
function root(a: usize): bool {
  power(Q, a);
  multiply(W, a, Q);
  square(Q, Q);
  square(S2, W);
  return isEqual(S2, a);
}

/**
 * The t for which (u, t) decodes to x, if this variant has one: x and u are the 64 bytes of INPUT, t the first 32 of
 * OUTPUT.
 */
export function invertEllSwift(variant: i32): i32 {
  fromBytes(X, INPUT);
  fromBytes(U, INPUT + 32);
  cubePlus7(G, U);
  if (!((variant & 2) === 0 ? firstPair() : secondPair((variant & 1) === 1))) return 0;
  const odd = (variant & 1) === 1;
  multiply(M, U, odd ? PLUS_FACTOR : MINUS_FACTOR);
  add(M, M, V);
  multiply(M, M, W);
  if (odd === ((variant & 4) === 4)) subtract(M, ZERO, M);
  toBytes(OUTPUT, M);
  return 1;
}

/** v = x and w = √(-g/d) with d = u² + ux + x², unless -x-u is on the curve. */
function firstPair(): bool {
  subtract(V, ZERO, X);
  subtract(V, V, U);
  cubePlus7(M, V);
  if (root(M)) return false;
  add(V, U, X);
  multiply(V, V, U);
  square(D1, X);
  add(D1, D1, V);
  subtract(NUMERATOR, ZERO, G);
  copy(V, X);
  return ratioRoot(NUMERATOR, D1);
}

/** W = √(n/d) = nd·(nd³)^((p-3)/4), the root that is a square itself; false where there is none. */
function ratioRoot(n: usize, d: usize): bool {
  multiply(K, n, d);
  square(M, d);
  multiply(M, M, K);
  power(Q, M);
  multiply(W, K, Q);
  square(M, W);
  multiply(M, M, d);
  return isEqual(M, n);
}

/** s = x - u, w = √s, r = √(-s(4g + 3u²s)), v = (r/s - u)/2 */
function secondPair(odd: bool): bool {
  subtract(S, X, U);
  if (isZero(S) || !root(S)) return false;
  copy(D1, W);
  copy(D2, Q);
  square(K, U);
  multiply(K, K, S);
  scale(K, K, 3);
  scale(M, G, 4);
  add(K, K, M);
  subtract(M, ZERO, S);
  multiply(M, M, K);
  copy(NUMERATOR, M);
  if (!root(NUMERATOR) || (odd && isZero(W))) return false;
  multiply(V, W, D2);
  subtract(V, V, U);
  multiply(V, V, HALF);
  copy(W, D1);
  return true;
}

function readNonZero(out: usize, bytes: usize): void {
  fromBytes(out, bytes);
  if (isZero(out)) setSmall(out, 1);
}

/** x³ + 7 */
function cubePlus7(out: usize, x: usize): void {
  square(K, x);
  multiply(K, K, x);
  add(out, K, SEVEN);
}
