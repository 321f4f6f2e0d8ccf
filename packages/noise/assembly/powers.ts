import { copy, multiply, square } from './field';
import { zero } from './memory';

const SCRATCH: usize = memory.data(336, 16);
const GIVEN = SCRATCH;
const BASE = SCRATCH + 48;
/** X<n> is the base to the power of n ones in binary. */
const X2 = SCRATCH + 96;
const X3 = SCRATCH + 144;
const X22 = SCRATCH + 192;
const X44 = SCRATCH + 240;
const X = SCRATCH + 288;

/**
 * a^((p-3)/4), from which root and inverse both follow. The exponent is 223 ones, then 0, 22 ones, 0000 1011 in
 * binary; runs of ones are doubled in length.
 */
export function power(out: usize, a: usize): void {
  copy(BASE, a);
  raise(X2, BASE, 1, BASE);
  raise(X3, X2, 1, BASE);
  raise(X, X3, 3, X3);
  raise(X, X, 3, X3);
  raise(X, X, 2, X2);
  raise(X22, X, 11, X);
  raise(X44, X22, 22, X22);
  raise(X, X44, 44, X44);
  copy(out, X);
  raise(X, X, 88, out);
  raise(X, X, 44, X44);
  raise(X, X, 3, X3);
  raise(X, X, 23, X22);
  raise(X, X, 5, BASE);
  raise(out, X, 3, X2);
}

/** 1/a */
export function invert(out: usize, a: usize): void {
  copy(GIVEN, a);
  power(out, a);
  square(out, out);
  square(out, out);
  multiply(out, out, GIVEN);
}

/** a squared `times` times, then multiplied with `factor`. */
function raise(out: usize, a: usize, times: i32, factor: usize): void {
  square(out, a);
  for (let i = 1; i < times; i++) square(out, out);
  multiply(out, out, factor);
}

/** For those who raised a secret. */
export function forgetPowers(): void {
  zero(SCRATCH, 336);
}
