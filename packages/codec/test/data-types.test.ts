import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  CloseChannel,
  decodePayload,
  EncodeError,
  encodeFrame,
  HEADER_SIZE,
  message,
  type MessageOf,
  NewMiningJob,
  type SubmitSharesError,
} from '../src/index.ts';
import * as t from '../src/data-types.ts';
import { hex, unhex } from './support.ts';

type Row = readonly [name: string, type: t.DataType<unknown>, value: unknown, hex: string];
const V = <T>(type: t.DataType<T>, value: T, bytes: string, name = type.name): Row => [
  name,
  type as t.DataType<unknown>,
  value,
  bytes,
];

const vectors: readonly Row[] = [
  V(t.bool, true, '01'),
  V(t.u8, 0xfe, 'fe'),
  V(t.u16, 0x1234, '3412'),
  V(t.u24, 0x123456, '563412'),
  V(t.u32, 0xdeadbeef, 'efbeadde'),
  V(t.u64, 0x0102030405060708n, '0807060504030201'),
  V(t.f32, 1, '0000803f'),
  V(t.f32, Math.fround(1e12), 'a5d46853', 'F32 of a terahash'),
  V(t.u256, unhex('01'.padEnd(64, '0')), '01'.padEnd(64, '0')),
  V(t.pubkey, unhex('02'.padEnd(64, '0')), '02'.padEnd(64, '0')),
  V(t.signature, unhex('03'.padEnd(128, '0')), '03'.padEnd(128, '0')),
  V(t.mac, unhex('04'.padEnd(32, '0')), '04'.padEnd(32, '0')),
  V(t.str0_255, 'pool', '04706f6f6c'),
  V(t.str0_255, '', '00', 'empty STR0_255'),
  V(t.b0_32, unhex('aabb'), '02aabb'),
  V(t.b0_255, unhex('aabb'), '02aabb'),
  V(t.b0_64k, unhex('aabb'), '0200aabb'),
  V(t.b0_16m, unhex('aabb'), '020000aabb'),
  V(t.option(t.u32), undefined, '00', 'empty OPTION[U32]'),
  V(t.option(t.u32), 5, '0105000000'),
  V(t.seq0_255(t.u16), [1, 2], '0201000200'),
  V(t.seq0_64k(t.b0_16m), [unhex('aa'), unhex('')], '0200010000aa000000'),
];

const Wrapped = (type: t.DataType<unknown>) => message('Probe', 0x7f, { value: type });

describe('data types (§3.1)', () => {
  test.each(vectors)('%s encodes and decodes its vector', (_, type, value, bytes) => {
    const Probe = Wrapped(type);
    expect(hex(encodeFrame(Probe, { type: 'Probe', value }).subarray(HEADER_SIZE))).toBe(bytes);
    expect(decodePayload(Probe, unhex(bytes))).toEqual({ type: 'Probe', value });
  });

  test.each([0x00, 0x01, 0xfe, 0xff])('BOOL %i means its lowest bit alone', (byte) => {
    expect(decodePayload(Wrapped(t.bool), Uint8Array.of(byte))).toMatchObject({ value: (byte & 1) === 1 });
  });

  test.each([
    ['B0_32 over its range', t.b0_32, '21' + '00'.repeat(33), 'length-out-of-range'],
    ['OPTION of two', t.option(t.u8), '020101', 'length-out-of-range'],
    ['U32 cut short', t.u32, '010203', 'truncated'],
    ['a byte array longer than the payload', t.b0_16m, 'ffffff00', 'truncated'],
    ['a sequence that announces more than can follow', t.seq0_64k(t.u256), 'ffff' + '00'.repeat(32), 'truncated'],
  ] as const)('refuses %s before it allocates', (_, type, bytes, code) => {
    expect(() => decodePayload(Wrapped(type as t.DataType<unknown>), unhex(bytes))).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ message: 'Probe', field: 'value' }) }),
    );
  });

  test.each([
    ['U8', t.u8, 256],
    ['U16', t.u16, -1],
    ['U32', t.u32, 1.5],
    ['U32', t.u32, Number.NaN],
    ['U64', t.u64, 1n << 64n],
    ['U256', t.u256, new Uint8Array(31)],
    ['B0_32', t.b0_32, new Uint8Array(33)],
    ['STR0_255', t.str0_255, 'x'.repeat(256)],
    ['SEQ0_255', t.seq0_255(t.u8), Array.from({ length: 256 }, () => 0)],
  ] as const)('refuses to encode a value outside %s, naming message and field', (_, type, value) => {
    const encode = () => encodeFrame(Wrapped(type as t.DataType<unknown>), { type: 'Probe', value });
    expect(encode).toThrow(EncodeError);
    expect(encode).toThrow(expect.objectContaining({ details: expect.objectContaining({ field: 'value' }) }));
  });
});

describe('error and reason codes (§3.5)', () => {
  const controls = '\u0000\u001b[31m\r\n\u007f\u009b';
  test('control characters are never sent', () => {
    const frame = encodeFrame(CloseChannel, { type: 'CloseChannel', channelId: 1, reasonCode: `bye${controls}` });
    expect(hex(frame.subarray(HEADER_SIZE + 5))).toBe(hex(new TextEncoder().encode('bye??[31m????')));
  });
  test('control characters are replaced on receipt', () => {
    const raw = new TextEncoder().encode(`bye${controls}`);
    const payload = Uint8Array.of(1, 0, 0, 0, raw.length, ...raw);
    expect(decodePayload(CloseChannel, payload).reasonCode).toBe('bye??[31m????');
  });
});

test('types follow from declarations (rule 1)', () => {
  expectTypeOf<SubmitSharesError>().toEqualTypeOf<{
    readonly type: 'SubmitSharesError';
    readonly channelId: number;
    readonly sequenceNumber: number;
    readonly errorCode: string;
  }>();
  expectTypeOf<MessageOf<typeof NewMiningJob>['minNtime']>().toEqualTypeOf<number | undefined>();
});
