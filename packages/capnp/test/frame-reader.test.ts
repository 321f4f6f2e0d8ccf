import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CAPNP_LIMITS, FrameReader } from '../src/index.ts';
import { bytesOf, concat, frameOf, hexOf } from './hex.ts';

const ONE = frameOf('0100000000000000');
const TWO = frameOf('0200000000000000 0300000000000000', '', '0400000000000000');
const BIG = frameOf('05'.repeat(200_000));
const hex = (frames: Iterable<Uint8Array>) => [...frames].map(hexOf);

describe('a stream of frames', () => {
  test('is cut alike wherever a chunk ends', () => {
    const stream = concat(ONE, TWO, TWO, ONE);
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const reader = new FrameReader();
      const frames = [...reader.receive(stream.subarray(0, cut)), ...reader.receive(stream.subarray(cut))];
      expect(hex(frames)).toEqual(hex([ONE, TWO, TWO, ONE]));
    }
  });

  test('is cut alike byte by byte', () => {
    const reader = new FrameReader();
    const frames = [...concat(TWO, ONE, TWO)].flatMap((byte) => [...reader.receive(Uint8Array.of(byte))]);
    expect(hex(frames)).toEqual(hex([TWO, ONE, TWO]));
  });

  test('is cut alike in any pieces', () => {
    const piece = fc.integer({ min: 1, max: 70_000 });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(ONE, TWO, BIG), { maxLength: 6 }),
        fc.infiniteStream(piece),
        (sent, sizes) => {
          const stream = concat(...sent);
          const reader = new FrameReader();
          const frames: Uint8Array[] = [];
          for (let at = 0; at < stream.length; ) {
            const size = sizes.next().value ?? 1;
            frames.push(...reader.receive(stream.subarray(at, at + size)));
            at += size;
          }
          expect(frames.map((frame) => frame.length)).toEqual(sent.map((frame) => frame.length));
          expect(concat(...frames).every((byte, i) => byte === stream[i])).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('gives each frame a buffer of its own, so that chunks may be used again', () => {
    const chunk = concat(ONE, TWO);
    const frames = [...new FrameReader().receive(chunk)];
    chunk.fill(0xff);
    expect(hex(frames)).toEqual(hex([ONE, TWO]));
    expect(frames.map((frame) => [frame.byteOffset, frame.buffer.byteLength])).toEqual([
      [0, ONE.length],
      [0, TWO.length],
    ]);
  });

  test('may have a frame without a word', () => {
    expect(hex(new FrameReader().receive(bytesOf('0000000000000000')))).toEqual(['0000000000000000']);
  });
});

describe('frames over the limits', () => {
  const first = (chunk: Uint8Array) => [...new FrameReader().receive(chunk)];
  const table = (...words: readonly number[]) => {
    const bytes = new DataView(new ArrayBuffer((4 + 4 * words.length + 7) & ~7));
    bytes.setUint32(0, words.length - 1, true);
    for (const [i, count] of words.entries()) bytes.setUint32(4 + 4 * i, count, true);
    return new Uint8Array(bytes.buffer);
  };

  test('64 MiB with the table are taken, a word more is not', () => {
    const most = CAPNP_LIMITS.frameBytes / 8 - 1;
    expect(first(table(most))).toEqual([]);
    expect(() => first(table(most + 1))).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(() => first(table(most - 1, 1))).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('segments count together, without wrapping round', () => {
    expect(() => first(table(...Array.from({ length: 9 }, () => 0xffffffff)))).toThrow('too-large');
  });

  test('512 segments are taken, 513 are not, before the table is read', () => {
    expect(first(table(...Array.from({ length: 512 }, () => 0)))).toHaveLength(1);
    expect(() => first(bytesOf('00020000'))).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(() => first(bytesOf('ffffffff'))).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('no memory is taken for what the table does not announce yet', () => {
    const reader = new FrameReader({ ...CAPNP_LIMITS, frameBytes: 64 });
    expect([...reader.receive(bytesOf('00000000 07'))]).toEqual([]);
    expect([...reader.receive(concat(bytesOf('000000'), new Uint8Array(56)))]).toHaveLength(1);
    expect(() => [...reader.receive(bytesOf('00000000 08000000'))]).toThrow('too-large');
  });
});
