import { MessageBuilder, type StructBuilder, type StructReader } from '../src/index.ts';

/** `Sample` of vectors/sample.capnp, by offset. */
export interface Sample {
  readonly u8: number;
  readonly flag: boolean;
  readonly other: boolean;
  readonly u16: number;
  readonly u32: number;
  readonly i32: number;
  readonly u64: bigint;
  readonly i64: bigint;
  readonly f64: number;
  readonly text: string;
  readonly data: Uint8Array;
  readonly numbers: readonly bigint[];
  readonly datas: readonly Uint8Array[];
  readonly points: readonly { readonly x: number; readonly y: number; readonly name: string }[];
  readonly nested: Sample | undefined;
  readonly empty: boolean;
}

const NO_BYTES = new Uint8Array(0);

/** What every field is until it is set: the defaults of the schema. */
export const DEFAULTS: Sample = {
  u8: 7,
  flag: true,
  other: false,
  u16: 0,
  u32: 0xffffffff,
  i32: -2,
  u64: 8000n,
  i64: -1n,
  f64: Number.MAX_VALUE,
  text: '',
  data: NO_BYTES,
  numbers: [],
  datas: [],
  points: [],
  nested: undefined,
  empty: false,
};

/** The value of vectors/sample.txt. */
export const FULL: Sample = {
  u8: 250,
  flag: false,
  other: true,
  u16: 65_535,
  u32: 1,
  i32: -(2 ** 31),
  u64: 2n ** 64n - 1n,
  i64: 2n ** 63n - 1n,
  f64: 30_000,
  text: 'grüße ₿',
  data: Uint8Array.of(0, 255, 16),
  numbers: [1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  datas: [NO_BYTES, Uint8Array.of(0xaa, 0xbb), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8)],
  points: [
    { x: 1, y: -1, name: 'a' },
    { x: 2, y: 0, name: '' },
  ],
  nested: { ...DEFAULTS, text: 'inner', nested: { ...DEFAULTS, data: Uint8Array.of(1) } },
  empty: true,
};

export function readSample(from: StructReader): Sample {
  return {
    u8: from.u8(0, 7),
    flag: from.bool(8, true),
    other: from.bool(9),
    u16: from.u16(2),
    u32: from.u32(4, 0xffffffff),
    i32: from.i32(8, -2),
    u64: from.u64(16, 8000n),
    i64: from.i64(24, -1n),
    f64: from.f64(32, Number.MAX_VALUE),
    text: from.text(0),
    data: from.data(1).slice(),
    numbers: from.int64List(2),
    datas: from.dataList(3).map((item) => item.slice()),
    points: from.structList(4).map((point) => ({ x: point.i32(0), y: point.i32(4), name: point.text(0) })),
    nested: from.has(5) ? readSample(from.struct(5)) : undefined,
    empty: from.has(6),
  };
}

/** Sets what differs from its default, in the order of the schema. */
export function writeSample(to: StructBuilder, sample: Sample): void {
  to.u8(0, sample.u8, 7);
  to.bool(8, sample.flag, true);
  to.bool(9, sample.other);
  to.u16(2, sample.u16);
  to.u32(4, sample.u32, 0xffffffff);
  to.i32(8, sample.i32, -2);
  to.u64(16, sample.u64, 8000n);
  to.i64(24, sample.i64, -1n);
  to.f64(32, sample.f64, Number.MAX_VALUE);
  if (sample.text !== '') to.text(0, sample.text);
  if (sample.data.length > 0) to.data(1, sample.data);
  if (sample.numbers.length > 0) to.int64List(2, sample.numbers);
  if (sample.datas.length > 0) to.dataList(3, sample.datas);
  if (sample.points.length > 0) writePoints(to.structList(4, sample.points.length, 1, 1), sample.points);
  if (sample.nested !== undefined) writeSample(to.struct(5, 5, 7), sample.nested);
  if (sample.empty) to.struct(6, 0, 0);
}

function writePoints(to: readonly StructBuilder[], points: Sample['points']): void {
  for (const [i, { x, y, name }] of points.entries()) {
    to[i]?.i32(0, x);
    to[i]?.i32(4, y);
    if (name !== '') to[i]?.text(0, name);
  }
}

export function encodeSample(sample: Sample): Uint8Array {
  const message = new MessageBuilder();
  writeSample(message.root(5, 7), sample);
  return message.frame();
}
