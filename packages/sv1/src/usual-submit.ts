import type { Id } from './envelope.ts';
import { SV1_LIMITS } from './limits.ts';
import type { Submit } from './miner-requests.ts';

const MEMBERS = 3;
const MOST_ID_DIGITS = 15;
const MOST_NUMBER_DIGITS = 8;
const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;
/** What a hex digit is worth, by its code. */
const WORTH = Uint8Array.from({ length: 128 }, (_, code) => {
  const worth = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(worth) ? 255 : worth;
});

/**
 * Reads mining.submit as nearly all firmware writes it: id, method and params in any order, a plain number as id, five or
 * six plain strings. That is most of what a server reads, and several times cheaper than `readLine` and `readMinerRequest`,
 * which say the same of it.
 *
 * @returns undefined for all that is not just so, be it good or bad: the general way is for that
 */
export function readUsualSubmit(text: string): Submit | undefined {
  const line = new Cursor(text);
  let id: Id | undefined;
  let isSubmit = false;
  let params: Params | undefined;
  if (!line.take('{')) return undefined;
  for (let member = 0; member < MEMBERS; member += 1) {
    if (member > 0 && !line.comma()) return undefined;
    if (line.key('"params":')) params = readParams(line);
    else if (line.key('"id":')) id = line.id();
    else if (line.key('"method":')) isSubmit = line.take('"mining.submit"');
    else return undefined;
  }
  if (!line.take('}') || !line.atEnd || !isSubmit || id === undefined || params === undefined) return undefined;
  return { type: 'submit', id, ...params };
}

type Params = Omit<Submit, 'type' | 'id'>;

function readParams(line: Cursor): Params | undefined {
  if (!line.take('[')) return undefined;
  const username = line.string();
  const jobId = line.comma() ? line.string() : undefined;
  const extranonce2 = line.comma() ? line.bytes() : undefined;
  const ntime = line.comma() ? line.number() : undefined;
  const nonce = line.comma() ? line.number() : undefined;
  const isRolled = line.comma();
  const versionBits = isRolled ? line.number() : undefined;
  if (!line.take(']') || (isRolled && versionBits === undefined)) return undefined;
  if (username === undefined || jobId === undefined || extranonce2 === undefined) return undefined;
  if (ntime === undefined || nonce === undefined) return undefined;
  return { username, jobId, extranonce2, ntime, nonce, versionBits };
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** A place in a text. What is not there as expected is false or undefined. */
class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  take(literal: string): boolean {
    if (!this.#text.startsWith(literal, this.#at)) return false;
    this.#at += literal.length;
    return true;
  }

  /** With a blank behind it or not. */
  comma(): boolean {
    return this.key(',');
  }

  key(literal: string): boolean {
    if (!this.take(literal)) return false;
    if (this.#text.charCodeAt(this.#at) === FIRST_PRINTABLE) this.#at += 1;
    return true;
  }

  /** A whole number without sign or leading zeros. */
  id(): Id | undefined {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1;
    const length = this.#at - start;
    if (length === 0 || length > MOST_ID_DIGITS) return undefined;
    if (length > 1 && this.#text.charCodeAt(start) === ZERO) return undefined;
    return this.#text.slice(start, this.#at);
  }

  /** Printable ASCII without escapes, in quotes. */
  string(): string | undefined {
    const text = this.#text;
    const start = this.#at + 1;
    if (text.charCodeAt(this.#at) !== QUOTE) return undefined;
    const last = Math.min(text.length - 1, start + SV1_LIMITS.nameLength);
    for (let at = start; at <= last; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code < FIRST_PRINTABLE || code > LAST_PRINTABLE || code === BACKSLASH) return undefined;
    }
    return undefined;
  }

  /** One to eight hex digits, in quotes. */
  number(): number | undefined {
    const digits = this.#digits(MOST_NUMBER_DIGITS);
    if (digits === undefined || digits === 0) return undefined;
    let value = 0;
    for (let at = this.#at - 1 - digits; at < this.#at - 1; at += 1) value = value * 16 + this.#worth(at);
    return value;
  }

  /** Hex digits of whole bytes, in quotes. */
  bytes(): Uint8Array | undefined {
    const digits = this.#digits(SV1_LIMITS.extranonceDigits);
    if (digits === undefined || digits % 2 !== 0) return undefined;
    const bytes = new Uint8Array(digits / 2);
    const start = this.#at - 1 - digits;
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at] = this.#worth(start + 2 * at) * 16 + this.#worth(start + 2 * at + 1);
    }
    return bytes;
  }

  /** Moves behind hex digits in quotes. @returns how many there are; undefined for anything else */
  #digits(most: number): number | undefined {
    const start = this.#at + 1;
    if (this.#text.charCodeAt(this.#at) !== QUOTE) return undefined;
    let at = start;
    while (at - start < most && this.#worth(at) < 16) at += 1;
    if (this.#text.charCodeAt(at) !== QUOTE) return undefined;
    this.#at = at + 1;
    return at - start;
  }

  /** Of the digit there; 16 or more where there is none. */
  #worth(at: number): number {
    return WORTH[this.#text.charCodeAt(at)] ?? 255;
  }
}
