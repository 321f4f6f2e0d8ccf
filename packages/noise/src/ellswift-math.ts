import { secp256k1 } from '@noble/curves/secp256k1.js';

/** The two maps of BIP324 between field elements and x coordinates, in integers: the reference implementation. */

const field = secp256k1.Point.Fp;

/** √-3, the root which is itself a square. */
const C = 0xa2d2ba93507f1df233770c2a797962cc61f6d15da14ecd47d8d27ae1cd5f852n;
const HALF = field.inv(2n);
/** (1 - c)/2 and (1 + c)/2, the factors of u in XSwiftECInv. */
const MINUS_FACTOR = field.mul(field.sub(1n, C), HALF);
const PLUS_FACTOR = field.mul(field.add(1n, C), HALF);

const mod = (value: bigint): bigint => field.create(value);
const cubePlus7 = (x: bigint): bigint => mod(mod(x * x) * x + 7n);

/** The BIP's "the square root" (itself a square), or undefined where there is none. */
function squareRoot(square: bigint): bigint | undefined {
  try {
    return field.sqrt(square);
  } catch {
    return undefined;
  }
}

/** Whether x, already reduced, is the x coordinate of a point. */
export function isOnCurve(x: bigint): boolean {
  return squareRoot(cubePlus7(x)) !== undefined;
}

/** XSwiftEC(u, t): defined for all integers, reduced modulo p first. */
export function xSwiftEc(uGiven: bigint, tGiven: bigint): bigint {
  const u = mod(uGiven) || 1n;
  let t = mod(tGiven) || 1n;
  const g = cubePlus7(u);
  if (mod(g + t * t) === 0n) t = mod(2n * t);
  const x = mod((g - t * t) * field.inv(mod(2n * t)));
  const y = mod((x + t) * field.inv(mod(C * u)));
  const third = mod(u + 4n * y * y);
  if (isOnCurve(third)) return third;
  const ratio = mod(x * field.inv(y));
  const second = mod((-ratio - u) * HALF);
  return isOnCurve(second) ? second : mod((ratio - u) * HALF);
}

/** XSwiftECInv(x, u, case) for reduced x on the curve and reduced u. */
export function xSwiftEcInverse(x: bigint, u: bigint, variant: number): bigint | undefined {
  const pair = (variant & 2) === 0 ? firstPair(x, u) : secondPair(x, u, variant);
  if (pair === undefined) return undefined;
  const w = squareRoot(pair.s);
  if (w === undefined) return undefined;
  const odd = (variant & 1) === 1;
  const t = mod(w * mod(u * (odd ? PLUS_FACTOR : MINUS_FACTOR) + pair.v));
  return odd === ((variant & 4) === 4) ? mod(-t) : t;
}

function firstPair(x: bigint, u: bigint): { s: bigint; v: bigint } | undefined {
  if (isOnCurve(mod(-x - u))) return undefined;
  const divisor = mod(u * u + u * x + x * x);
  return { s: mod(-cubePlus7(u) * field.inv(divisor)), v: x };
}

function secondPair(x: bigint, u: bigint, variant: number): { s: bigint; v: bigint } | undefined {
  const s = mod(x - u);
  if (s === 0n) return undefined;
  const r = squareRoot(mod(-s * (4n * cubePlus7(u) + 3n * mod(u * u) * s)));
  if (r === undefined || ((variant & 1) === 1 && r === 0n)) return undefined;
  return { s, v: mod((r * field.inv(s) - u) * HALF) };
}
