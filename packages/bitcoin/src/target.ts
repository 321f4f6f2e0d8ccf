import { BitcoinError } from './error.ts';

const TWO_256 = 1n << 256n;
const MAX = TWO_256 - 1n;
const DIFFICULTY_1 = 0xffffn << 208n;

/** The easiest target there is: every hash meets it. 32 bytes, little-endian. */
export const MAX_TARGET: Uint8Array = new Uint8Array(32).fill(0xff);
/** The target of difficulty 1, 0x00000000ffff0000…, little-endian. */
export const DIFFICULTY_1_TARGET: Uint8Array = targetFromBigint(DIFFICULTY_1);

/** A little-endian 32-byte target or hash as a number. */
export function targetToBigint(target: Uint8Array): bigint {
  const view = new DataView(target.buffer, target.byteOffset, 32);
  let value = 0n;
  for (let offset = 24; offset >= 0; offset -= 8) value = (value << 64n) | view.getBigUint64(offset, true);
  return value;
}

/** A number from 0 to 2^256 - 1 as a little-endian 32-byte target; larger numbers become {@link MAX_TARGET}. */
export function targetFromBigint(value: bigint): Uint8Array {
  const target = new Uint8Array(32);
  const view = new DataView(target.buffer);
  let rest = value > MAX ? MAX : value;
  for (let offset = 0; offset < 32; offset += 8, rest >>= 64n)
    view.setBigUint64(offset, rest & 0xffffffffffffffffn, true);
  return target;
}

/** Orders two little-endian 32-byte numbers. */
export function compareTargets(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
  for (let i = 31; i >= 0; i--) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** Whether a hash is at or below a target, both 32 bytes little-endian. */
export function meetsTarget(hash: Uint8Array, target: Uint8Array): boolean {
  return compareTargets(hash, target) <= 0;
}

/**
 * The target that a header's compact `nbits` stands for.
 *
 * @throws {@link BitcoinError} `bad-nbits` when it is negative or does not fit 256 bits
 */
export function targetFromNbits(nbits: number): Uint8Array {
  const size = nbits >>> 24;
  const mantissa = nbits & 0x007fffff;
  const value = size <= 3 ? BigInt(mantissa >>> (8 * (3 - size))) : BigInt(mantissa) << BigInt(8 * (size - 3));
  const text = `0x${(nbits >>> 0).toString(16).padStart(8, '0')}`;
  if (value !== 0n && (nbits & 0x00800000) !== 0) {
    throw new BitcoinError('bad-nbits', `nbits ${text} is negative; 0x1d00ffff would be right`, { nbits });
  }
  if (value > MAX) {
    throw new BitcoinError('bad-nbits', `nbits ${text} is above 256 bits; 0x1d00ffff would be right`, { nbits });
  }
  return targetFromBigint(value);
}

/** The compact form of a target, rounded down to the three bytes that it keeps. */
export function nbitsFromTarget(target: Uint8Array): number {
  let size = 32;
  while (size > 0 && target[size - 1] === 0) size--;
  let mantissa = ((target[size - 1] ?? 0) << 16) | ((target[size - 2] ?? 0) << 8) | (target[size - 3] ?? 0);
  if ((mantissa & 0x00800000) !== 0) {
    mantissa >>>= 8;
    size++;
  }
  return ((size << 24) | mantissa) >>> 0;
}

/** Difficulty of a target, correctly rounded; Infinity for the target 0. */
export function difficultyFromTarget(target: Uint8Array): number {
  return ratio(DIFFICULTY_1, targetToBigint(target));
}

/**
 * The easiest target of at least a difficulty.
 *
 * @param difficulty above 0; NaN and what is not above 0 yield {@link MAX_TARGET}, Infinity the target 0
 */
export function targetFromDifficulty(difficulty: number): Uint8Array {
  if (!(difficulty > 0)) return MAX_TARGET.slice();
  if (difficulty === Infinity) return new Uint8Array(32);
  const { mantissa, exponent } = parts(difficulty);
  const target =
    exponent < 0 ? (DIFFICULTY_1 << BigInt(-exponent)) / mantissa : DIFFICULTY_1 / (mantissa << BigInt(exponent));
  return targetFromBigint(target);
}

/**
 * The target at which a miner finds a number of shares a minute, by the formula that deployed servers use:
 * (2^256 - 1 - x) / (x + 1) with x the hashes per share, rounded down.
 *
 * @param hashrate hashes per second; NaN, 0 and negative numbers count as no hashes at all: {@link MAX_TARGET}
 * @param sharesPerMinute above 0; 0 asks for no shares: the target 0
 */
export function targetFromHashrate(hashrate: number, sharesPerMinute: number): Uint8Array {
  const hashes = (hashrate * 60) / sharesPerMinute;
  if (!(hashes > 0)) return MAX_TARGET.slice();
  if (hashes >= 2 ** 256) return new Uint8Array(32);
  const x = BigInt(Math.floor(hashes));
  return targetFromBigint((MAX - x) / (x + 1n));
}

/**
 * Hashes per second of a miner that finds a number of shares a minute: the inverse of {@link targetFromHashrate}.
 *
 * @param sharesPerMinute finite, not negative
 */
export function hashrateFromTarget(target: Uint8Array, sharesPerMinute: number): number {
  const value = targetToBigint(target);
  return (ratio(TWO_256 - value, value + 1n) * sharesPerMinute) / 60;
}

/** Hashes that a share at a target takes on average: 2^256 / (target + 1). */
export function workOfTarget(target: Uint8Array): number {
  return ratio(TWO_256, targetToBigint(target) + 1n);
}

/** numerator / denominator as the nearest double. */
function ratio(numerator: bigint, denominator: bigint): number {
  if (denominator === 0n) return Infinity;
  if (numerator === 0n) return 0;
  // A quotient of at least 64 bits with a sticky last bit rounds as the exact quotient does.
  const shift = Math.max(0, bits(denominator) - bits(numerator) + 65);
  const scaled = numerator << BigInt(shift);
  const quotient = scaled / denominator;
  const sticky = quotient * denominator === scaled ? quotient : quotient | 1n;
  return Number(sticky) * 2 ** -shift;
}

function bits(value: bigint): number {
  return value.toString(16).length * 4;
}

/** A positive double as mantissa * 2^exponent, exactly. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const word = view.getBigUint64(0);
  const fraction = word & 0xfffffffffffffn;
  const biased = Number(word >> 52n);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 };
}
