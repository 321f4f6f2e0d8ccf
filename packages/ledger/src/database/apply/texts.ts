import { hash } from 'node:crypto';

/** Longest name that is kept as it is: names are keys of indexes, whose entries are bounded. */
const MOST_NAME = 200;
const MOST_TEXT = 1000;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** What cannot be shown, and the backslash. */
const ODD = /[\p{Cc}\\]/u;
const EACH_ODD = /[\p{Cc}\\]/gu;

/**
 * The bytes of an identity as text, so that different bytes are different text: money depends on it. What is no UTF-8,
 * or cannot be shown, is written as `\xNN`, a backslash as two. Long ones end in their hash.
 */
export function identityText(bytes: Uint8Array): string {
  if (bytes.length > MOST_NAME * 4) return shortened(escaped(bytes.subarray(0, MOST_NAME * 4)), bytes);
  const name = escaped(bytes);
  return name.length > MOST_NAME ? shortened(name, bytes) : name;
}

function escaped(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return Array.from(bytes, escapedByte).join('');
  }
  return ODD.test(text) ? text.replaceAll(EACH_ODD, escapedCharacter) : text;
}

function escapedByte(byte: number): string {
  if (byte === 0x5c) return '\\\\';
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}

function escapedCharacter(character: string): string {
  if (character === '\\') return '\\\\';
  return Array.from(new TextEncoder().encode(character), escapedByte).join('');
}

function shortened(name: string, bytes: Uint8Array): string {
  return `${name.slice(0, 100).toWellFormed()}\\…${hash('sha256', bytes, 'hex')}`;
}

/** Text that every database takes, of a bounded length. For people: different texts may become the same. */
export function plainText(text: string, most = MOST_TEXT): string {
  const kept = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return kept.toWellFormed().replaceAll('\u0000', '\ufffd');
}
