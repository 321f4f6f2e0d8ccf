import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  LineReader,
  MINER_LINE_LIMITS,
  readLine,
  Sv1Error,
  writeError,
  writeRequest,
  writeResult,
} from '../src/index.ts';
import { bytesOf, textOf } from './builders.ts';

/** Every line of a stream cut as given, and how it ended. */
function lines(chunks: readonly Uint8Array[], cap = 64): { lines: string[]; error?: string } {
  const reader = new LineReader({ line: cap });
  const read: string[] = [];
  try {
    for (const chunk of chunks) for (const bytes of reader.receive(chunk)) read.push(textOf(bytes));
  } catch (error) {
    return { lines: read, error: error instanceof Sv1Error ? error.code : String(error) };
  }
  return { lines: read };
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe('a line reader', () => {
  test.each([
    ['one line', 'a\n', ['a']],
    ['several in a packet', 'a\nb\nc\n', ['a', 'b', 'c']],
    ['CRLF', 'a\r\nb\r\n', ['a', 'b']],
    ['a CR inside', 'a\rb\n', ['a\rb']],
    ['blank lines', '\n\r\n\na\n\n', ['a']],
    ['an unfinished line', 'a\nb', ['a']],
  ])('reads %s', (_, text, expected) => {
    expect(lines([bytesOf(text)])).toEqual({ lines: expected });
  });

  test('yields the same lines and the same end however the bytes are split', () => {
    const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x61), fc.nat(255));
    const stream = fc.array(byte, { maxLength: 300 }).map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(
        stream,
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        (bytes, cuts, cap) => {
          expect(lines(cutAt(bytes, cuts), cap)).toEqual(lines([bytes], cap));
        },
      ),
    );
  });

  test('holds a line to its cap before its end is there, and keeps no more than that', () => {
    const reader = new LineReader({ line: 10 });
    expect([...reader.receive(bytesOf('0123456789'))]).toEqual([]);
    expect(reader.buffered).toBe(10);
    expect(() => [...reader.receive(bytesOf('x'))]).toThrow(new Sv1Error('line-too-long', { bytes: 11, allowed: 10 }));
  });

  test('reads a line of exactly the cap', () => {
    expect(lines([bytesOf('0123456789\nx\n')], 10)).toEqual({ lines: ['0123456789', 'x'] });
    expect(lines([bytesOf('ok\n01234567890\nx\n')], 10)).toEqual({ lines: ['ok'], error: 'line-too-long' });
  });
});

describe('a line', () => {
  test.each([
    ['1', '{"id":1,"method":"m","params":[]}'],
    ['"1"', '{"id": "1" ,"method":"m"}'],
    ['null', '{"id":null,"method":"m","params":[]}'],
    ['null', '{"method":"m","params":[]}'],
    ['1.0', '{"method":"m","id":1.0}'],
    ['-0', '{"method":"m","id":-0}'],
    ['12345678901234567890123', '{"id":12345678901234567890123,"method":"m"}'],
    ['1e400', '{"id":1e400,"method":"m"}'],
    ['[1, {"a":2}]', '{"id":[1, {"a":2}],"method":"m"}'],
    ['{"id":3}', '{"id":{"id":3},"method":"m"}'],
    ['"a\\"},{b"', '{"id":"a\\"},{b","method":"m"}'],
    ['true', '{"params":[{"id":1},"\\"id\\":2"],"id":true,"method":"m"}'],
    ['2', '{"id":1,"method":"m","id":2}'],
    ['7', '{"\\u0069d":7,"method":"m"}'],
    ['"ü"', '{"id":"ü","method":"m"}'],
  ])('keeps the id %s to the letter', (id, text) => {
    expect(readLine(bytesOf(text))).toMatchObject({ kind: 'request', id, method: 'm' });
    expect(writeResult(id, true)).toBe(`{"id":${id},"result":true,"error":null}\n`);
  });

  test.each([
    ['"no array"', ['no array']],
    ['{"a":1}', [{ a: 1 }]],
    ['null', []],
    ['[]', []],
    ['["a",null,1.5]', ['a', null, 1.5]],
  ])('takes params %s', (params, expected) => {
    expect(readLine(bytesOf(`{"id":1,"method":"m","params":${params}}`))).toMatchObject({ params: expected });
  });

  test.each([
    ['{"id":1,"result":true,"error":null}', { kind: 'answer', id: '1', result: true, error: null }],
    ['{"id":1,"result":true}', { kind: 'answer', id: '1', result: true, error: null }],
    ['{"id":1,"error":[20,"x",null]}', { kind: 'answer', id: '1', result: null, error: [20, 'x', null] }],
    ['{"id":1,"method":null,"result":3}', { kind: 'answer', id: '1', result: 3, error: null }],
  ])('%s is an answer', (text, expected) => {
    expect(readLine(bytesOf(text))).toEqual(expected);
  });

  const nested = (depth: number): string => `{"id":1,"method":"m","params":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  const array = (items: number): string =>
    `{"id":1,"method":"m","params":[${Array.from({ length: items }, () => '1').join(',')}]}`;
  const keys = (count: number): string =>
    `{"id":1,"method":"m","params":[{${Array.from({ length: count }, (_, i) => `"${i}":1`).join(',')}}]}`;

  test.each([
    ['{"id":1,', 'not-json', 'null'],
    ['GET / HTTP/1.1', 'not-json', 'null'],
    ['{"id":1}', 'not-a-message', '1'],
    ['[]', 'not-a-message', 'null'],
    ['null', 'not-a-message', 'null'],
    ['7', 'not-a-message', 'null'],
    ['{"id":5,"method":7}', 'not-a-message', '5'],
    [nested(32), 'beyond-bounds', 'null'],
    ['['.repeat(16_000), 'beyond-bounds', 'null'],
    [array(101), 'beyond-bounds', 'null'],
    [keys(51), 'beyond-bounds', 'null'],
    [`{"id":"${'a'.repeat(255)}","method":"m"}`, 'beyond-bounds', 'null'],
  ])('%.40s is malformed: %s', (text, reason, id) => {
    expect(readLine(bytesOf(text))).toEqual({ kind: 'malformed', id, reason });
  });

  test.each([
    ['depth', nested(31)],
    ['items', array(100)],
    ['keys', keys(50)],
    ['id', `{"id":"${'a'.repeat(254)}","method":"m"}`],
  ])('may reach its bound of %s', (_, text) => {
    expect(readLine(bytesOf(text)).kind).toBe('request');
  });

  test('is not UTF-8 where it holds half a character, but may hold a replacement character', () => {
    const bytes = bytesOf('{"id":1,"method":"mXm"}');
    bytes[bytes.indexOf(0x58)] = 0xe4;
    expect(readLine(bytes)).toEqual({ kind: 'malformed', id: 'null', reason: 'not-utf8' });
    expect(readLine(bytesOf('{"id":1,"method":"\ufffd"}'))).toMatchObject({ method: '\ufffd' });
  });

  test('never throws, whatever its bytes are', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '"id"', '"method"', '1', 'null', ' ', 'é');
    const text = fc.array(piece, { maxLength: 40 }).map((pieces) => bytesOf(pieces.join('')));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), text), (bytes) => {
        expect(['request', 'answer', 'malformed']).toContain(readLine(bytes).kind);
      }),
    );
  });

  test('keeps any id and any params of a request, as JSON has them', () => {
    const id = fc.json({ maxDepth: 3 }).filter((text) => text.length <= MINER_LINE_LIMITS.idLength);
    fc.assert(
      fc.property(id, fc.string(), fc.array(fc.string(), { maxLength: 100 }), (json, method, params) => {
        const line = writeRequest(method, params, json);
        expect(line.endsWith('\n') && !line.slice(0, -1).includes('\n')).toBe(true);
        expect(readLine(bytesOf(line.trimEnd()))).toEqual({ kind: 'request', id: json.trim(), method, params });
      }),
    );
  });

  test('of an error has the widest form', () => {
    expect(writeError('"a"', { code: 23, message: 'Low "difficulty"' })).toBe(
      '{"id":"a","result":null,"error":[23,"Low \\"difficulty\\"",null]}\n',
    );
  });
});
