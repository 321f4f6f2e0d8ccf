import { isRecord } from './answer.ts';
import { RpcError } from './rpc-error.ts';

const HASH_BYTES = 32;
const SATOSHIS_PER_BITCOIN = 100_000_000;
const MAX_SATOSHIS = 21_000_000 * SATOSHIS_PER_BITCOIN;

/** Reads the fields of a JSON object, naming whatever is not as promised. */
export class Fields {
  readonly #record: Readonly<Record<string, unknown>>;
  readonly #method: string;
  readonly #path: string;

  constructor(method: string, value: unknown, path = 'result') {
    if (!isRecord(value)) throw malformed(method, path, 'an object');
    this.#record = value;
    this.#method = method;
    this.#path = path;
  }

  /** A whole number from `min` to `max`. */
  integer(name: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#record[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw this.#bad(name, `a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** An amount that the node writes in bitcoins, in satoshis. */
  satoshis(name: string): number {
    const value = this.#record[name];
    // Eight places of at most 21 million: rounding the product is exact.
    const amount = typeof value === 'number' ? Math.round(value * SATOSHIS_PER_BITCOIN) : -1;
    if (!(amount >= 0 && amount <= MAX_SATOSHIS)) throw this.#bad(name, 'an amount');
    return amount;
  }

  record(name: string): Fields {
    return new Fields(this.#method, this.#record[name], `${this.#path}.${name}`);
  }

  text(name: string): string {
    const value = this.#record[name];
    if (typeof value !== 'string') throw this.#bad(name, 'text');
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#record[name] === undefined ? undefined : this.text(name);
  }

  boolean(name: string): boolean {
    const value = this.#record[name];
    if (typeof value !== 'boolean') throw this.#bad(name, 'true or false');
    return value;
  }

  list(name: string): readonly unknown[] {
    const value: unknown = this.#record[name];
    if (!Array.isArray(value)) throw this.#bad(name, 'a list');
    return value;
  }

  /** 32 bytes that are shown in hex back to front; returned in internal byte order, or little-endian for a number. */
  hash(name: string): Uint8Array {
    return this.bytes(name, HASH_BYTES).reverse();
  }

  /** Compact difficulty bits, eight hex digits. */
  nbits(name: string): number {
    return Number.parseInt(Buffer.from(this.bytes(name, 4)).toString('hex'), 16);
  }

  bytes(name: string, length?: number): Uint8Array<ArrayBuffer> {
    const hex = this.text(name);
    const bytes = new Uint8Array(hex.length >> 1);
    const wrongLength = length !== undefined && bytes.length !== length;
    if (wrongLength || !writeHex(bytes, 0, hex)) {
      throw this.#bad(name, length === undefined ? 'hex' : `${length} bytes of hex`);
    }
    return bytes;
  }

  #bad(name: string, expected: string): RpcError {
    return malformed(this.#method, `${this.#path}.${name}`, expected);
  }
}

export function malformed(method: string, path: string, expected: string): RpcError {
  return new RpcError('malformed', `${method}: ${path} is not ${expected}`, { method, path });
}

/** False when `hex` is not an even number of hex digits. */
export function writeHex(target: Uint8Array, offset: number, hex: string): boolean {
  if (hex.length % 2 !== 0) return false;
  const view = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  return view.write(hex, offset, hex.length >> 1, 'hex') === hex.length >> 1;
}
