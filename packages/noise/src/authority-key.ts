import { concat } from './bytes.ts';
import type { NoiseCrypto } from './crypto.ts';
import { defaultCrypto } from './default-crypto.ts';
import { NoiseError } from './errors.ts';
import { KEY_SIZE, requireLength } from './keys.ts';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Key version 1 as U16, little-endian (§4.7). */
const PREFIX = Uint8Array.of(1, 0);
const CHECKSUM_SIZE = 4;
const TOTAL_SIZE = PREFIX.length + KEY_SIZE + CHECKSUM_SIZE;
/** 38 bytes never need more digits. */
const MAX_DIGITS = 52;

/**
 * An authority's public key as people pass it around (§4.7): Base58Check of the prefix 01 00 and the x-only key.
 *
 * @param key - x-only, 32 bytes
 */
export function formatAuthorityKey(key: Uint8Array, crypto: NoiseCrypto = defaultCrypto): string {
  requireLength('authority public key', key, KEY_SIZE);
  const prefixed = concat(PREFIX, key);
  return encodeBase58(concat(prefixed, checksum(prefixed, crypto)));
}

/**
 * The reverse of `formatAuthorityKey`.
 *
 * @returns the x-only key, 32 bytes
 * @throws NoiseError 'bad-authority-key' saying what is wrong
 */
export function parseAuthorityKey(text: string, crypto: NoiseCrypto = defaultCrypto): Uint8Array {
  if (text.length > MAX_DIGITS)
    throw badKey(text.slice(0, 80), `it has ${text.length} characters, the longest has ${MAX_DIGITS}`);
  const bytes = decodeBase58(text);
  if (bytes === undefined) throw badKey(text, 'a character is not a Base58 digit (0, O, I and l are none)');
  if (bytes.length !== TOTAL_SIZE) throw badKey(text, `it holds ${bytes.length} bytes instead of ${TOTAL_SIZE}`);
  const prefixed = bytes.subarray(0, TOTAL_SIZE - CHECKSUM_SIZE);
  const expected = checksum(prefixed, crypto);
  if (expected.some((byte, i) => byte !== bytes[prefixed.length + i])) {
    throw badKey(text, 'its checksum does not match: a character is missing or mistyped');
  }
  const [low = 0, high = 0] = prefixed;
  if (low !== PREFIX[0] || high !== PREFIX[1]) throw badKey(text, `its version is ${low + 256 * high} instead of 1`);
  const key = prefixed.slice(PREFIX.length);
  if (!crypto.isPublicKey(key)) throw badKey(text, 'it is not the x coordinate of a point of secp256k1');
  return key;
}

function badKey(text: string, reason: string): NoiseError {
  return new NoiseError('bad-authority-key', `the authority key cannot be read: ${reason}`, { text, reason });
}

function checksum(data: Uint8Array, crypto: NoiseCrypto): Uint8Array {
  return crypto.sha256(crypto.sha256(data)).subarray(0, CHECKSUM_SIZE);
}

function encodeBase58(bytes: Uint8Array): string {
  let value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = '';
  for (; value > 0n; value /= 58n) text = ALPHABET.charAt(Number(value % 58n)) + text;
  for (let i = 0; bytes[i] === 0; i++) text = ALPHABET.charAt(0) + text;
  return text;
}

/** The bytes, or undefined for a foreign character. */
function decodeBase58(text: string): Uint8Array | undefined {
  const reversed: number[] = [];
  let value = 0n;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    value = value * 58n + BigInt(digit);
  }
  for (let rest = value; rest > 0n; rest >>= 8n) reversed.push(Number(rest & 0xffn));
  for (let i = 0; text[i] === ALPHABET[0]; i++) reversed.push(0);
  return Uint8Array.from(reversed).reverse();
}
