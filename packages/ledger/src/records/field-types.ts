import { RecordError, type Sink, type Source } from './sink.ts';

/** How one field of a record lies on disk. */
export interface FieldType<T> {
  /** Bytes, when they are the same for every value. */
  readonly fixed: number | undefined;
  size(value: T): number;
  write(sink: Sink, value: T): void;
  read(source: Source): T;
}

type FixedType<T> = Omit<FieldType<T>, 'fixed' | 'size'>;
const fixed = <T>(size: number, type: FixedType<T>): FieldType<T> => ({ fixed: size, size: () => size, ...type });

export const u32: FieldType<number> = fixed(4, {
  write(sink, value) {
    sink.view.setUint32(sink.offset, value, true);
    sink.offset += 4;
  },
  read: (source) => source.u32(),
});

export const f64: FieldType<number> = fixed(8, {
  write(sink, value) {
    sink.view.setFloat64(sink.offset, value, true);
    sink.offset += 8;
  },
  read: (source) => source.f64(),
});

export const u64: FieldType<bigint> = fixed(8, {
  write(sink, value) {
    sink.view.setBigUint64(sink.offset, value, true);
    sink.offset += 8;
  },
  read: (source) => source.u64(),
});

/** A place in the journal, 8 bytes: whole and at most 2^53 - 1. */
export const position: FieldType<number> = fixed(8, {
  write(sink, value) {
    if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${value} is no position`);
    sink.view.setBigUint64(sink.offset, BigInt(value), true);
    sink.offset += 8;
  },
  read(source) {
    const value = source.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RecordError(`${value} is no position`);
    return Number(value);
  },
});

/** Unix milliseconds, 6 bytes: good until the year 10889. */
export const timeMs: FieldType<number> = fixed(6, {
  write(sink, value) {
    sink.view.setUint32(sink.offset, value % 0x1_0000_0000, true);
    sink.view.setUint16(sink.offset + 4, value / 0x1_0000_0000, true);
    sink.offset += 6;
  },
  read(source) {
    const low = source.u32();
    return low + source.u16() * 0x1_0000_0000;
  },
});

export const bool: FieldType<boolean> = fixed(1, {
  write(sink, value) {
    sink.bytes[sink.offset++] = value ? 1 : 0;
  },
  read: (source) => source.u8() !== 0,
});

/** Exactly `length` bytes. */
export function fixedBytes(length: number): FieldType<Uint8Array> {
  return fixed(length, {
    write(sink, value) {
      if (value.length !== length) throw new TypeError(`${value.length} bytes where ${length} are declared`);
      sink.bytes.set(value, sink.offset);
      sink.offset += length;
    },
    read: (source) => source.bytes(length),
  });
}

/** Up to 65,535 bytes. */
export const bytes: FieldType<Uint8Array> = {
  fixed: undefined,
  size: (value) => 2 + value.length,
  write(sink, value) {
    if (value.length > 0xffff) throw new TypeError(`${value.length} bytes where 65535 are the most`);
    sink.view.setUint16(sink.offset, value.length, true);
    sink.bytes.set(value, sink.offset + 2);
    sink.offset += 2 + value.length;
  },
  read: (source) => source.bytes(source.u16()),
};

/** Up to 4 GiB. */
export const longBytes: FieldType<Uint8Array> = {
  fixed: undefined,
  size: (value) => 4 + value.length,
  write(sink, value) {
    sink.view.setUint32(sink.offset, value.length, true);
    sink.bytes.set(value, sink.offset + 4);
    sink.offset += 4 + value.length;
  },
  read: (source) => source.bytes(source.u32()),
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8, up to 65,535 bytes. */
export const text: FieldType<string> = {
  fixed: undefined,
  size: (value) => 2 + encoder.encode(value).length,
  write: (sink, value) => bytes.write(sink, encoder.encode(value)),
  read: (source) => decoder.decode(bytes.read(source)),
};

/** A value that may be missing. */
export function maybe<T>(inner: FieldType<T>): FieldType<T | undefined> {
  return {
    fixed: undefined,
    size: (value) => (value === undefined ? 1 : 1 + inner.size(value)),
    write(sink, value) {
      sink.bytes[sink.offset++] = value === undefined ? 0 : 1;
      if (value !== undefined) inner.write(sink, value);
    },
    read: (source) => (source.u8() === 0 ? undefined : inner.read(source)),
  };
}

/** One of a few words, by its place in the list: append to the list, never reorder it. */
export function oneOf<const W extends string>(words: readonly W[]): FieldType<W> {
  return fixed(1, {
    write(sink, value) {
      const index = words.indexOf(value);
      if (index < 0) throw new TypeError(`${value} is not one of ${words.join(', ')}`);
      sink.bytes[sink.offset++] = index;
    },
    read(source) {
      const index = source.u8();
      const word = words[index];
      if (word === undefined) throw new RecordError(`${index} is the place of no word`);
      return word;
    },
  });
}
