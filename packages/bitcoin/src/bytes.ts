import { BitcoinError, type BitcoinErrorCode } from './error.ts';

/** Joins byte strings into a new one. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** A u32 as 4 bytes, little-endian. */
export function uint32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** Bitcoin's variable-length count: 1, 3 or 5 bytes. */
export function compactSize(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value);
  if (value <= 0xffff) return Uint8Array.of(0xfd, value, value >>> 8);
  return Uint8Array.of(0xfe, value, value >>> 8, value >>> 16, value >>> 24);
}

/** Walks consensus-serialized bytes; every read is checked against the end first. */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset = 0;
  readonly #view: DataView;
  readonly #code: BitcoinErrorCode;

  /** @param code of the error thrown when the bytes end early or break a rule */
  constructor(bytes: Uint8Array, code: BitcoinErrorCode) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** A view, not a copy. */
  take(length: number, what: string): Uint8Array {
    const start = this.skip(length, what);
    return this.bytes.subarray(start, start + length);
  }

  /** @returns the offset before the skipped bytes */
  skip(length: number, what: string): number {
    if (length > this.remaining) this.fail(`ends inside ${what}`);
    const start = this.offset;
    this.offset += length;
    return start;
  }

  uint8(what: string): number {
    return this.#view.getUint8(this.skip(1, what));
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true);
  }

  uint64(what: string): bigint {
    return this.#view.getBigUint64(this.skip(8, what), true);
  }

  /** A canonical CompactSize. */
  compactSize(what: string): number {
    const first = this.uint8(what);
    if (first < 0xfd) return first;
    if (first === 0xff) this.fail(`has a 64-bit ${what}`);
    const value =
      first === 0xfd ? this.#view.getUint16(this.skip(2, what), true) : this.#view.getUint32(this.skip(4, what), true);
    if (value < (first === 0xfd ? 0xfd : 0x10000)) this.fail(`has a ${what} that is not in its shortest form`);
    return value;
  }

  fail(problem: string): never {
    throw new BitcoinError(this.#code, `the data ${problem} (at byte ${this.offset} of ${this.bytes.length})`, {
      offset: this.offset,
      length: this.bytes.length,
    });
  }
}
