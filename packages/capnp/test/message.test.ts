import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageBuilder, MessageReader } from '../src/index.ts';
import { bytesOf, frameOf, hexOf } from './hex.ts';
import { DEFAULTS, encodeSample, FULL, readSample, type Sample } from './sample.ts';

interface Vectors {
  readonly full: readonly { readonly command: string; readonly segments: number; readonly hex: string }[];
  readonly empty: { readonly hex: string };
}
const vectors = JSON.parse(readFileSync(new URL('vectors/sample.json', import.meta.url), 'utf8')) as Vectors;

const root = (frame: Uint8Array) => new MessageReader(frame).root;

describe('what the C++ implementation wrote', () => {
  test.each(vectors.full)('is read alike in $segments segments', ({ hex, segments }) => {
    const frame = bytesOf(hex);
    expect(new DataView(frame.buffer).getUint32(0, true) + 1).toBe(segments);
    expect(readSample(root(frame))).toEqual(FULL);
  });

  test('has every default where nothing was set', () => {
    expect(readSample(root(bytesOf(vectors.empty.hex)))).toEqual(DEFAULTS);
  });

  test('is written byte for byte alike in one segment', () => {
    expect(hexOf(encodeSample(FULL))).toBe(vectors.full[0]?.hex);
    expect(hexOf(encodeSample(DEFAULTS))).toBe(vectors.empty.hex);
  });
});

// Struct pointers are offset << 2, u16 words of data, u16 pointers; list pointers are offset << 2 | 1, count << 3 | size
// code; far pointers are word << 3 | double << 2 | 2 and a segment (encoding spec, "Structs", "Lists",
// "Inter-Segment Pointers").
describe('pointers by hand', () => {
  test('a struct that lies before its pointer', () => {
    const frame = frameOf('04000000 00000100  2a00000000000000  f8ffffff 01000000');
    expect(root(frame).struct(0).u32(0)).toBe(42);
  });

  test('an empty struct is there, though it takes no room', () => {
    const empty = root(frameOf('00000000 00000100  fcffffff 00000000'));
    expect([empty.has(0), empty.struct(0).u64(0), empty.struct(0).has(0)]).toEqual([true, 0n, false]);
  });

  test('a null root is a struct of defaults', () => {
    expect(readSample(root(frameOf('0000000000000000')))).toEqual(DEFAULTS);
  });

  test('a far pointer leads to the pointer in another segment', () => {
    const frame = frameOf('02000000 01000000', '00000000 01000000  2a00000000000000');
    expect(root(frame).u32(0)).toBe(42);
  });

  test('a far pointer may lead into its own segment', () => {
    const frame = frameOf('0a000000 00000000  00000000 01000000  2a00000000000000');
    expect(root(frame).u32(0)).toBe(42);
  });

  test('a double-far pointer leads to the place, and a tag says what is there', () => {
    const frame = frameOf(
      '06000000 01000000',
      '0a000000 02000000  00000000 01000000',
      'ffffffffffffffff  2a00000000000000',
    );
    expect(root(frame).u32(0)).toBe(42);
  });

  test('a double-far pointer to a list of structs', () => {
    const frame = frameOf(
      '00000000 00000100  0e000000 01000000',
      '0000000000000000  02000000 02000000  01000000 17000000',
      '08000000 01000000  0100000000000000  0200000000000000',
    );
    expect(
      root(frame)
        .structList(0)
        .map((item) => item.u32(0)),
    ).toEqual([1, 2]);
  });

  test('a text ends with NUL, which is none of its characters', () => {
    expect(root(frameOf('00000000 00000100  01000000 1a000000  6869000000000000')).text(0)).toBe('hi');
  });

  test('a malformed sequence of UTF-8 is a replacement character', () => {
    expect(root(frameOf('00000000 00000100  01000000 1a000000  68ff000000000000')).text(0)).toBe('h\ufffd');
  });

  test('a text of no bytes is empty', () => {
    expect(root(frameOf('00000000 00000100  01000000 02000000')).data(0)).toEqual(new Uint8Array(0));
  });

  test("bytes that are not there are nobody else's: whoever gets them may give their buffer away", () => {
    const message = root(frameOf('00000000 00000100  00000000 00000000'));
    const given = message.data(0);
    structuredClone(given, { transfer: [given.buffer as ArrayBuffer] });
    expect(message.data(0).slice()).toEqual(new Uint8Array(0));
  });

  test('a capability is an index', () => {
    expect(root(frameOf('00000000 00000100  03000000 05000000')).capability(0)).toBe(5);
    expect(root(frameOf('00000000 00000100  00000000 00000000')).capability(0)).toBeUndefined();
  });

  test('a list of numbers is read as structs that begin with them, and the other way', () => {
    const numbers = frameOf('00000000 00000100  01000000 15000000  0100000000000000 0200000000000000');
    expect(
      root(numbers)
        .structList(0)
        .map((item) => item.i64(0)),
    ).toEqual([1n, 2n]);
    const structs = frameOf('00000000 00000100  01000000 27000000  08000000 01000100', '0000000000000000');
    expect(() => root(structs).int64List(0)).toThrow('malformed');
    const whole = frameOf(
      '00000000 00000100  01000000 27000000  08000000 01000100' +
        '0100000000000000 0000000000000000  0200000000000000 0000000000000000',
    );
    expect(root(whole).int64List(0)).toEqual([1n, 2n]);
  });

  test('a list of pointers is read as structs that begin with one, and the other way', () => {
    const pointers = frameOf('00000000 00000100  01000000 0e000000  01000000 0a000000  6100000000000000');
    expect(
      root(pointers)
        .structList(0)
        .map((item) => item.data(0)),
    ).toEqual([Uint8Array.of(0x61)]);
    const structs = frameOf(
      '00000000 00000100  01000000 17000000  04000000 01000100  0000000000000000 01000000 0a000000  6100000000000000',
    );
    expect(root(structs).dataList(0)).toEqual([Uint8Array.of(0x61)]);
  });

  test('what an older sender has no room for is the default', () => {
    const small = root(frameOf('00000000 01000000  0900000000000000'));
    expect([small.u8(8, 3), small.bool(64, true), small.u16(8, 4), small.u32(8, 5), small.i32(8, -6)]).toEqual([
      3,
      true,
      4,
      5,
      -6,
    ]);
    expect([small.u64(8, 7n), small.i64(8, -8n), small.f64(8, 1.5), small.u64(4)]).toEqual([7n, -8n, 1.5, 0n]);
    expect([small.text(0), small.dataList(3), small.structList(9), small.capability(0)]).toEqual([
      '',
      [],
      [],
      undefined,
    ]);
  });
});

describe('bytes that are no message', () => {
  test.each<[string, Uint8Array, (frame: Uint8Array) => unknown]>([
    ['no segment table', bytesOf('000000'), root],
    ['a table that is cut off', bytesOf('0200000001000000'), root],
    ['a segment that is cut off', bytesOf('00000000 02000000 0000000000000000'), root],
    ['bytes behind the last segment', bytesOf('00000000 00000000 0000000000000000'), root],
    ['no word for the root', bytesOf('00000000 00000000'), root],
    ['a root that is a list', frameOf('01000000 02000000'), root],
    ['a root that is a capability', frameOf('03000000 00000000'), root],
    ['a struct behind its segment', frameOf('04000000 01000000  0000000000000000'), root],
    ['a struct before its segment', frameOf('f0ffffff 01000000'), root],
    ['a struct that begins before the segment, in the table', frameOf('f8ffffff 01000000'), root],
    ['a far pointer to no segment', frameOf('02000000 01000000'), root],
    ['a far pointer behind its segment', frameOf('0a000000 00000000'), root],
    ['a far pointer to a far pointer', frameOf('02000000 01000000', '02000000 00000000'), root],
    ['a double-far pointer without room for the tag', frameOf('06000000 01000000', '02000000 00000000'), root],
    ['a double-far pointer to a near one', frameOf('06000000 01000000', '00000000 00000000 00000000 00000000'), root],
    [
      'a double-far pointer to a double-far one',
      frameOf('06000000 01000000', '06000000 00000000 00000000 00000000'),
      root,
    ],
    ['a tag that is a far pointer', frameOf('06000000 01000000', '02000000 00000000 02000000 00000000'), root],
    ['a double-far pointer to no segment', frameOf('06000000 01000000', '02000000 07000000 00000000 00000000'), root],
    ['a text without NUL', frameOf('00000000 00000100  01000000 12000000  6869000000000000'), (f) => root(f).text(0)],
    ['a text without any byte', frameOf('00000000 00000100  01000000 02000000'), (f) => root(f).text(0)],
    [
      'bytes behind their segment',
      frameOf('00000000 00000100  01000000 4a000000  0000000000000000'),
      (f) => root(f).data(0),
    ],
    [
      'words where bytes belong',
      frameOf('00000000 00000100  01000000 0d000000  0000000000000000'),
      (f) => root(f).data(0),
    ],
    ['a struct where a list belongs', frameOf('00000000 00000100  fcffffff 00000000'), (f) => root(f).data(0)],
    [
      'bytes where numbers belong',
      frameOf('00000000 00000100  01000000 0a000000  0000000000000000'),
      (f) => root(f).int64List(0),
    ],
    [
      'numbers where pointers belong',
      frameOf('00000000 00000100  01000000 0d000000  0000000000000000'),
      (f) => root(f).dataList(0),
    ],
    [
      'bits where structs belong',
      frameOf('00000000 00000100  01000000 09000000  0000000000000000'),
      (f) => root(f).structList(0),
    ],
    [
      'more elements than words',
      frameOf('00000000 00000100  01000000 0f000000  08000000 01000000  0000000000000000'),
      (f) => root(f).structList(0),
    ],
    [
      'a list whose tag is no struct',
      frameOf('00000000 00000100  01000000 0f000000  05000000 01000000  0000000000000000'),
      (f) => root(f).structList(0),
    ],
    ['a list without room for its tag', frameOf('00000000 00000100  01000000 07000000'), (f) => root(f).structList(0)],
    [
      'a struct where a capability belongs',
      frameOf('00000000 00000100  fcffffff 00000000'),
      (f) => root(f).capability(0),
    ],
    ['a pointer of a kind to come', frameOf('00000000 00000100  07000000 00000000'), (f) => root(f).capability(0)],
  ])('%s', (_, frame, read) => {
    expect(() => read(frame)).toThrow(expect.objectContaining({ name: 'CapnpError', code: 'malformed' }));
  });
});

describe('bounds on what is read', () => {
  test('512 segments are read, 513 are not', () => {
    const segments = (count: number) => frameOf('0000000000000000', ...Array.from({ length: count - 1 }, () => ''));
    expect(root(segments(512)).u8(0)).toBe(0);
    expect(() => root(segments(513))).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('many pointers to the same big list end in an error, not in memory', () => {
    // 1,000 pointers, each to the same 64 KiB.
    const big = new MessageBuilder();
    const list = big.root(0, 1);
    list.dataList(0, [new Uint8Array(65_536), ...Array.from({ length: 999 }, () => new Uint8Array(0))]);
    const frame = big.frame();
    const view = new DataView(frame.buffer, frame.byteOffset);
    for (let i = 1; i < 1_000; i += 1) {
      view.setUint32(24 + 8 * i, ((999 - i) << 2) | 1, true);
      view.setUint32(28 + 8 * i, (65_536 << 3) | 2, true);
    }
    expect(root(frame).struct(1)).toBeDefined();
    expect(() => root(frame).dataList(0)).toThrow(expect.objectContaining({ code: 'too-much-read' }));
  });

  test('lists of half a billion elements that take no room end in an error', () => {
    const structs = frameOf('00000000 00000100  01000000 07000000  fcffff7f 00000000');
    expect(() => root(structs).structList(0)).toThrow(expect.objectContaining({ code: 'too-large' }));
    const nothings = frameOf('00000000 00000100  01000000 f8ffffff');
    expect(() => root(nothings).structList(0)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('each element counts, whether it takes room or not', () => {
    const tag = (count: number) => (count << 2).toString(16).padStart(6, '0').match(/../g)?.reverse().join('');
    const structs = (count: number) => frameOf(`00000000 00000100  01000000 07000000  ${tag(count)}00 00000000`);
    expect(root(structs(1_000)).structList(0)).toHaveLength(1_000);
    expect(() => root(structs(10_000)).structList(0)).toThrow(expect.objectContaining({ code: 'too-much-read' }));
  });

  test('a list has 262,144 elements and no more; data may have any number of bytes', () => {
    const numbers = (count: number) => {
      const message = new MessageBuilder();
      message.root(0, 1).int64List(
        0,
        Array.from({ length: count }, () => 1n),
      );
      return message.frame();
    };
    expect(root(numbers(262_144)).int64List(0)).toHaveLength(262_144);
    expect(() => root(numbers(262_145)).int64List(0)).toThrow(expect.objectContaining({ code: 'too-large' }));
    const bytes = new MessageBuilder();
    bytes.root(0, 1).data(0, new Uint8Array(300_000));
    expect(root(bytes.frame()).data(0)).toHaveLength(300_000);
    expect(() => root(bytes.frame()).structList(0)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('a pointer to the struct that it is in can be followed so often and no further', () => {
    let inner = root(frameOf('00000000 00000100  f8ffffff 00000100'));
    const follow = () => {
      for (let i = 0; i < 1_000; i += 1) inner = inner.struct(0);
    };
    expect(follow).toThrow(expect.objectContaining({ code: 'too-deep' }));
  });

  test('a list that is an element of itself can be followed so often and no further', () => {
    const list = frameOf('00000000 00000100  01000000 0f000000  04000000 00000100  f9ffffff 0f000000');
    const follow = () => {
      for (let inner = root(list), i = 0; i < 1_000; i += 1) inner = inner.structList(0)[0] ?? inner;
    };
    expect(follow).toThrow(expect.objectContaining({ code: 'too-deep' }));
  });

  test('the same struct can be read so often and no more', () => {
    const struct = root(frameOf('00000000 00000100  00000000 01000000  2a00000000000000'));
    const read = () => {
      for (let i = 0; i < 10_000; i += 1) expect(struct.struct(0).u8(0)).toBe(42);
    };
    expect(read).toThrow(expect.objectContaining({ code: 'too-much-read' }));
  });

  test('a message may be read from the start several times', () => {
    const frame = encodeSample({ ...FULL, data: new Uint8Array(1_000_000) });
    const message = new MessageReader(frame);
    for (let i = 0; i < 3; i += 1) expect(message.root.data(1)).toHaveLength(1_000_000);
  });
});

const int = (bits: number, signed: boolean) =>
  fc.bigInt({ min: signed ? -(2n ** BigInt(bits - 1)) : 0n, max: 2n ** BigInt(signed ? bits - 1 : bits) - 1n });
const small = (bits: number, signed = false) => int(bits, signed).map(Number);
const bytes = fc.uint8Array({ maxLength: 40 });
const samples = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.record({
    u8: small(8),
    flag: fc.boolean(),
    other: fc.boolean(),
    u16: small(16),
    u32: small(32),
    i32: small(32, true),
    u64: int(64, false),
    i64: int(64, true),
    f64: fc.double(),
    text: fc.string({ unit: 'grapheme' }),
    data: bytes,
    numbers: fc.array(int(64, true)),
    datas: fc.array(bytes),
    points: fc.array(fc.record({ x: small(32, true), y: small(32, true), name: fc.string() })),
    nested: fc.option(tie('sample'), { nil: undefined, maxDepth: 3 }),
    empty: fc.boolean(),
  }),
})).sample;

describe('messages that are built', () => {
  test('are read as they were meant', () => {
    fc.assert(
      fc.property(samples, (sample) => {
        expect(readSample(root(encodeSample(sample)))).toEqual(sample);
      }),
    );
  });

  test('grow over the first buffer, whatever comes after what is big', () => {
    const sample: Sample = { ...FULL, data: new Uint8Array(300_000).fill(7), text: 'x'.repeat(5_000) };
    expect(readSample(root(encodeSample(sample)))).toEqual(sample);
  });

  test('a bit can be set back', () => {
    const message = new MessageBuilder();
    const flags = message.root(1, 0);
    flags.bool(3, true);
    flags.bool(4, true);
    flags.bool(3, false);
    flags.bool(5, false, true);
    expect(root(message.frame()).u8(0)).toBe(0b110000);
  });

  test('refuse fields that the struct has no room for', () => {
    const struct = new MessageBuilder().root(1, 1);
    expect(() => struct.u32(8, 1)).toThrow(RangeError);
    expect(() => struct.bool(64, true)).toThrow(RangeError);
    expect(() => struct.text(1, '')).toThrow(RangeError);
  });

  test('number the capabilities in the order in which they are set', () => {
    const message = new MessageBuilder();
    const struct = message.root(0, 3);
    struct.capability(2, { id: 40 });
    struct.capability(0, { id: 41 });
    expect(message.capabilities).toEqual([{ id: 40 }, { id: 41 }]);
    const read = root(message.frame());
    expect([read.capability(0), read.capability(1), read.capability(2)]).toEqual([1, undefined, 0]);
  });
});
