import { compareTargets, difficultyFromTarget, targetFromDifficulty, targetFromBigint } from '@sv2kit/bitcoin';
import type { Json } from './envelope.ts';
import { SV1_LIMITS } from './limits.ts';

/** A decimal number, and nothing else, as passwords and string params have it. */
const DECIMAL = /^(?:\d{1,30}(?:\.\d{0,40})?|\.\d{1,40})(?:e[+-]?\d{1,3})?$/i;
const TARGET = /^(?:0x)?([0-9a-f]{1,64})$/i;
/** Easier than the easiest target; what is below it is noise. */
const LEAST_DIFFICULTY = 2 ** -40;
/** Decimals that write any believed power of two exactly. */
const DECIMALS = 40;

/** A difficulty within the limits, from a number or a string of one; undefined for noise. */
export function readDifficulty(value: Json | undefined): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  return number >= LEAST_DIFFICULTY && number <= SV1_LIMITS.mostDifficulty ? number : undefined;
}

/** Up to 64 hex digits, the most significant first, as a target of 32 bytes, little-endian; undefined for noise and zero. */
export function readTarget(value: Json | undefined): Uint8Array | undefined {
  const digits = typeof value === 'string' ? TARGET.exec(value)?.[1] : undefined;
  if (digits === undefined || /^0+$/.test(digits)) return undefined;
  return targetFromBigint(BigInt(`0x${digits}`));
}

/** The largest power of two that is at most `difficulty`: what firmware that rounds down still mines right. */
export function floorPowerOfTwo(difficulty: number): number {
  if (!(difficulty > LEAST_DIFFICULTY)) return LEAST_DIFFICULTY;
  if (difficulty >= SV1_LIMITS.mostDifficulty) return SV1_LIMITS.mostDifficulty;
  const power = 2 ** Math.floor(Math.log2(difficulty));
  if (power > difficulty) return power / 2;
  return 2 * power <= difficulty ? 2 * power : power;
}

/**
 * The difficulty to give a V1 miner for an upstream target: the hardest power of two whose target is no harder, so that
 * no paid share is withheld. Below 1 too.
 *
 * @param target 32 bytes, little-endian
 */
export function minerDifficulty(target: Uint8Array): number {
  const power = floorPowerOfTwo(difficultyFromTarget(target));
  return compareTargets(targetFromDifficulty(power), target) < 0 && power > LEAST_DIFFICULTY ? power / 2 : power;
}

/** A difficulty as a JSON number without an exponent, which some firmware cannot read. */
export function writeDifficulty(difficulty: number): string {
  const text = String(difficulty);
  return text.includes('e') ? difficulty.toFixed(DECIMALS).replace(/\.?0+$/, '') : text;
}
