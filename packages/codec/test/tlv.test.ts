import { describe, expect, test } from 'vitest';
import { decodePayload, encodeFrame, HEADER_SIZE, SetTarget, SubmitSharesExtended, utf8 } from '../src/index.ts';
import { hex, unhex } from './support.ts';

const share = {
  type: 'SubmitSharesExtended',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce: 4,
  ntime: 5,
  version: 6,
  extranonce: unhex('aabb'),
} as const;
const base = hex(encodeFrame(SubmitSharesExtended, share).subarray(HEADER_SIZE));
const name = hex(utf8('Worker_001'));
const NEGOTIATED = new Set([1, 2]);
const NOT = new Set<number>();

describe('TLV fields (§3.4.3, extension 0x0002)', () => {
  test('user_identity is written little-endian, as deployed implementations do', () => {
    const frame = encodeFrame(SubmitSharesExtended, { ...share, userIdentity: utf8('Worker_001') }, NEGOTIATED);
    expect(hex(frame.subarray(HEADER_SIZE))).toBe(`${base}0200010a00${name}`);
  });

  test('user_identity is not written where the extension was not negotiated', () => {
    const frame = encodeFrame(SubmitSharesExtended, { ...share, userIdentity: utf8('Worker_001') }, NOT);
    expect(hex(frame.subarray(HEADER_SIZE))).toBe(base);
  });

  test.each([
    ['little-endian, as deployed', NEGOTIATED, `0200010a00${name}`, 'Worker_001'],
    ["big-endian, as the spec's example", NEGOTIATED, `000201000a${name}`, 'Worker_001'],
    ['empty', NEGOTIATED, '0200010000', ''],
    ['32 bytes', NEGOTIATED, `0200012000${'61'.repeat(32)}`, 'a'.repeat(32)],
    ['behind a field of an unknown extension', NEGOTIATED, `0740010100ff0200010a00${name}`, 'Worker_001'],
    ['before a field of an unknown extension', NEGOTIATED, `0200010a00${name}0740010100ff`, 'Worker_001'],
    ['not negotiated: ignored', NOT, `0200010a00${name}`, undefined],
    ['not negotiated, big-endian: ignored', NOT, `000201000a${name}`, undefined],
    ['an unknown field of the extension: ignored', NEGOTIATED, '0200020100ff', undefined],
    ['over 32 bytes but not negotiated: ignored', NOT, `0200012100${'61'.repeat(33)}`, undefined],
  ])('reads user_identity %s', (_, negotiated, tail, expected) => {
    const message = decodePayload(SubmitSharesExtended, unhex(base + tail), negotiated);
    expect(message).toEqual(expected === undefined ? share : { ...share, userIdentity: utf8(expected) });
  });

  test.each([
    ['a value over 32 bytes', `0200012100${'61'.repeat(33)}`, 'length-out-of-range', 'userIdentity'],
    ['a tail of four bytes', '02000100', 'malformed-tlv', 'TLV'],
    ['a length beyond the payload in both byte orders', '020001ffff61', 'malformed-tlv', 'TLV'],
    ['the same field twice', '02000101006102000101 0062', 'malformed-tlv', 'userIdentity'],
    ['a stray byte behind a field', '020001010061ff', 'malformed-tlv', 'TLV'],
  ])('refuses %s', (_, tail, code, field) => {
    expect(() => decodePayload(SubmitSharesExtended, unhex(base + tail), NEGOTIATED)).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ message: 'SubmitSharesExtended', field }) }),
    );
  });

  test('a well-formed TLV behind a message that declares none is ignored, a malformed one refused', () => {
    const payload = `01000000${'00'.repeat(32)}`;
    expect(decodePayload(SetTarget, unhex(`${payload}0740010000`)).channelId).toBe(1);
    expect(() => decodePayload(SetTarget, unhex(`${payload}07`))).toThrow(
      expect.objectContaining({ code: 'malformed-tlv' }),
    );
  });
});
