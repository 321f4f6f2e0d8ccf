// The data types of §3.1. Multibyte numbers are little-endian. Byte arrays are read as views onto the payload.
import type { Reader, Writer } from './cursor.ts';
import { EncodeError } from './errors.ts';
import { fromUtf8, utf8, withoutControls } from './text.ts';

/** What a data type looks like from outside: for documentation, inspectors and generators of test data. */
export type Shape =
  | { readonly kind: 'uint'; readonly bits: 8 | 16 | 24 | 32 | 64 }
  | { readonly kind: 'bool' }
  | { readonly kind: 'float' }
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'bytes'; readonly max: number }
  | { readonly kind: 'text'; readonly max: number; readonly code: boolean }
  | { readonly kind: 'sequence'; readonly of: DataType<unknown>; readonly max: number; readonly optional: boolean };

/** One data type of §3.1. Sizes are in bytes and include length prefixes. */
export interface DataType<T> {
  /** The spec's name, for example `SEQ0_64K[U16]`. */
  readonly name: string;
  readonly shape: Shape;
  readonly minSize: number;
  readonly maxSize: number;
  read(reader: Reader): T;
  size(value: T): number;
  write(writer: Writer, value: T): void;
}

/** Reads `width` bytes (1 to 4) as a little-endian unsigned integer. */
function readUint(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i -= 1) value = value * 256 + (bytes[at + i] as number);
  return value;
}

function writeUint(bytes: Uint8Array, at: number, width: number, value: number): void {
  for (let i = 0; i < width; i += 1) bytes[at + i] = value >>> (8 * i);
}

function uint(name: string, bits: 8 | 16 | 24 | 32): DataType<number> {
  const width = bits / 8;
  const limit = 2 ** bits;
  return {
    name,
    shape: { kind: 'uint', bits },
    minSize: width,
    maxSize: width,
    read: (reader) => readUint(reader.bytes, reader.take(width), width),
    size: () => width,
    write(writer, value) {
      if (!(value >= 0 && value < limit && Number.isInteger(value))) throw outOfRange(name, value);
      writeUint(writer.bytes, writer.take(width), width, value);
    },
  };
}

/** U8. */
export const u8 = uint('U8', 8);
/** U16. */
export const u16 = uint('U16', 16);
/** U24. */
export const u24 = uint('U24', 24);
/** U32; on the hot path of every share, hence written out. */
export const u32: DataType<number> = {
  ...uint('U32', 32),
  read(reader) {
    const at = reader.take(4);
    const b = reader.bytes;
    return (
      ((b[at] as number) |
        ((b[at + 1] as number) << 8) |
        ((b[at + 2] as number) << 16) |
        ((b[at + 3] as number) << 24)) >>>
      0
    );
  },
};

/** U64, a bigint. */
export const u64: DataType<bigint> = {
  name: 'U64',
  shape: { kind: 'uint', bits: 64 },
  minSize: 8,
  maxSize: 8,
  read(reader) {
    const low = u32.read(reader);
    const high = u32.read(reader);
    return (BigInt(high) << 32n) | BigInt(low);
  },
  size: () => 8,
  write(writer, value) {
    if (value < 0n || value >> 64n !== 0n) throw outOfRange('U64', value);
    u32.write(writer, Number(value & 0xffffffffn));
    u32.write(writer, Number(value >> 32n));
  },
};

/** BOOL: only the lowest bit means anything; the others are ignored when read and sent as 0. */
export const bool: DataType<boolean> = {
  name: 'BOOL',
  shape: { kind: 'bool' },
  minSize: 1,
  maxSize: 1,
  read: (reader) => ((reader.bytes[reader.take(1)] as number) & 1) === 1,
  size: () => 1,
  write(writer, value) {
    writer.bytes[writer.take(1)] = value ? 1 : 0;
  },
};

const floatScratch = new Float32Array(1);
const floatBytes = new Uint32Array(floatScratch.buffer);

/** F32: IEEE 754 single precision. NaN and infinities decode; the role judges them. */
export const f32: DataType<number> = {
  name: 'F32',
  shape: { kind: 'float' },
  minSize: 4,
  maxSize: 4,
  read(reader) {
    floatBytes[0] = u32.read(reader);
    return floatScratch[0] as number;
  },
  size: () => 4,
  write(writer, value) {
    floatScratch[0] = value;
    u32.write(writer, floatBytes[0] as number);
  },
};

/** Exactly `length` bytes. */
function fixed(name: string, length: number): DataType<Uint8Array> {
  return {
    name,
    shape: { kind: 'fixed', length },
    minSize: length,
    maxSize: length,
    read(reader) {
      const at = reader.take(length);
      return reader.bytes.subarray(at, at + length);
    },
    size: () => length,
    write(writer, value) {
      if (value.length !== length)
        throw new EncodeError('wrong-length', { type: name, length: value.length, wanted: length });
      writer.bytes.set(value, writer.take(length));
    },
  };
}

/** U256: 32 bytes, little-endian; hashes in internal byte order. */
export const u256 = fixed('U256', 32);
/** PUBKEY: x coordinate of a secp256k1 key (BIP340). */
export const pubkey = fixed('PUBKEY', 32);
/** SIGNATURE: BIP340 Schnorr. */
export const signature = fixed('SIGNATURE', 64);
/** MAC of the AEAD. */
export const mac = fixed('MAC', 16);

function lengthPrefixed(name: string, width: 1 | 2 | 3, max: number): DataType<Uint8Array> {
  return {
    name,
    shape: { kind: 'bytes', max },
    minSize: width,
    maxSize: width + max,
    read(reader) {
      const length = readUint(reader.bytes, reader.take(width), width);
      if (length > max) throw reader.error('length-out-of-range', { length, max });
      const at = reader.take(length);
      return reader.bytes.subarray(at, at + length);
    },
    size: (value) => width + value.length,
    write(writer, value) {
      if (value.length > max) throw outOfRange(name, `${value.length} bytes`);
      writeUint(writer.bytes, writer.take(width), width, value.length);
      writer.bytes.set(value, writer.take(value.length));
    },
  };
}

/** B0_32. */
export const b0_32 = lengthPrefixed('B0_32', 1, 32);
/** B0_255. */
export const b0_255 = lengthPrefixed('B0_255', 1, 255);
/** B0_64K. */
export const b0_64k = lengthPrefixed('B0_64K', 2, 0xffff);
/** B0_16M. */
export const b0_16m = lengthPrefixed('B0_16M', 3, 0xffffff);
/** STR0_255 that the spec calls an unconstrained sequence of bytes (user identities): bytes. */
export const str0_255_bytes: DataType<Uint8Array> = { ...b0_255, name: 'STR0_255' };

function text(code: boolean): DataType<string> {
  const clean = code ? withoutControls : (value: string) => value;
  return {
    name: 'STR0_255',
    shape: { kind: 'text', max: 255, code },
    minSize: 1,
    maxSize: 256,
    read: (reader) => clean(fromUtf8(b0_255.read(reader))),
    size: (value) => 1 + utf8(clean(value)).length,
    write: (writer, value) => b0_255.write(writer, utf8(clean(value))),
  };
}

/** STR0_255 as UTF-8 text. */
export const str0_255 = text(false);
/** STR0_255 of an error or reason code: control characters are neither sent nor passed on (§3.5); each becomes `?`. */
export const code = text(true);

function sequence<T>(name: string, of: DataType<T>, width: 1 | 2, max: number): DataType<readonly T[]> {
  return {
    name: `${name}[${of.name}]`,
    shape: { kind: 'sequence', of, max, optional: false },
    minSize: width,
    maxSize: width + max * of.maxSize,
    read(reader) {
      const count = readUint(reader.bytes, reader.take(width), width);
      if (count > max) throw reader.error('length-out-of-range', { count, max });
      if (count * of.minSize > reader.remaining)
        throw reader.error('truncated', { count, remaining: reader.remaining });
      const values: T[] = [];
      for (let i = 0; i < count; i += 1) values.push(of.read(reader));
      return values;
    },
    size: (values) => values.reduce<number>((sum, value) => sum + of.size(value), width),
    write(writer, values) {
      if (values.length > max) throw outOfRange(this.name, `${values.length} elements`);
      writeUint(writer.bytes, writer.take(width), width, values.length);
      for (const value of values) of.write(writer, value);
    },
  };
}

/** SEQ0_255[T]. */
export const seq0_255 = <T>(of: DataType<T>): DataType<readonly T[]> => sequence('SEQ0_255', of, 1, 255);
/** SEQ0_64K[T]. */
export const seq0_64k = <T>(of: DataType<T>): DataType<readonly T[]> => sequence('SEQ0_64K', of, 2, 0xffff);

/** OPTION[T]: a sequence of none or one; `undefined` when empty. */
export function option<T>(of: DataType<T>): DataType<T | undefined> {
  const inner = sequence('OPTION', of, 1, 1);
  return {
    ...inner,
    shape: { kind: 'sequence', of, max: 1, optional: true },
    read: (reader) => inner.read(reader)[0],
    size: (value) => (value === undefined ? 1 : 1 + of.size(value)),
    write: (writer, value) => inner.write(writer, value === undefined ? [] : [value]),
  };
}

function outOfRange(type: string, value: unknown): EncodeError {
  return new EncodeError('value-out-of-range', { type, value });
}
