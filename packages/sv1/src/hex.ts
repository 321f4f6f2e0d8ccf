import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Json } from './envelope.ts';

const DIGITS = /^[0-9a-f]*$/i;
const NUMBER = /^(?:0x)?([0-9a-f]{1,8})$/i;

/** Hex as Stratum V1 writes it: lower case. */
export { bytesToHex };

/**
 * Hex digits of either case as bytes.
 *
 * @returns undefined for what is no string of whole bytes, or not between `least` and `most` bytes long
 */
export function bytesFromHex(value: Json | undefined, least: number, most: number = least): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0) return undefined;
  if (value.length < 2 * least || value.length > 2 * most || !DIGITS.test(value)) return undefined;
  return hexToBytes(value);
}

/** One to eight hex digits, with or without 0x, as a u32: what firmware sends without leading zeros is the same number. */
export function uint32FromHex(value: Json | undefined): number | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = NUMBER.exec(value)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** A u32 as eight hex digits. */
export function uint32ToHex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
