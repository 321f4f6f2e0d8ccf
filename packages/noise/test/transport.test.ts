import {
  MAX_BLOCK_PLAINTEXT,
  MAX_PAYLOAD_SIZE,
  Opener,
  Sealer,
  sealedFrameSize,
  sealedPayloadSize,
} from '@sv2kit/noise';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance } from '../src/blocks.ts';
import { bytes32 } from './fixtures.ts';
import { implementations } from './implementations.ts';

const key = bytes32(50);
const fails = (code: string) => expect.objectContaining({ code });

/** Header and payload whose bytes follow from the length. */
function frameOf(payloadLength: number): Uint8Array {
  return Uint8Array.from({ length: 6 + payloadLength }, (_, i) => (i * 7 + payloadLength) & 0xff);
}

function openFrame(opener: Opener, sealed: Uint8Array, payloadLength: number): Uint8Array {
  const header = opener.openHeader(sealed);
  const payload = opener.openPayload(sealed, 22, payloadLength);
  return Uint8Array.of(...header, ...payload);
}

test.each([
  [0, 0],
  [1, 17],
  [65_519, 65_535],
  [65_520, 65_535 + 17],
  [131_038, 131_070],
  [131_039, 131_070 + 17],
  [0xff_ffff, 0xff_ffff + 257 * 16],
])('a payload of %i bytes takes %i bytes of ciphertext (§4.6 pt_len_to_ct_len)', (plain, sealed) => {
  expect(sealedPayloadSize(plain)).toBe(sealed);
  expect(sealedFrameSize(plain)).toBe(sealed + 22);
});

describe.each(implementations)('frames sealed by $name', (crypto) => {
  const pair = () => ({ sealer: new Sealer(key, crypto), opener: new Opener(key, crypto) });

  test.each([0, 1, 64, 255, 4_096, MAX_BLOCK_PLAINTEXT - 1, MAX_BLOCK_PLAINTEXT, MAX_BLOCK_PLAINTEXT + 1, 200_000])(
    'open to what was sealed, payload of %i bytes',
    (length) => {
      const { sealer, opener } = pair();
      for (const frame of [frameOf(length), frameOf(length)]) {
        const sealed = sealer.seal(frame);
        expect(sealed.length).toBe(sealer.sealedSize(length));
        const header = opener.openHeader(sealed);
        const payload = opener.openPayload(sealed, 22, length);
        expect(header).toEqual(frame.subarray(0, 6));
        expect(payload).toEqual(frame.subarray(6));
      }
    },
  );

  test('the payload length follows from the ciphertext where it is not given', () => {
    const { sealer, opener } = pair();
    for (const length of [1, 70_000]) {
      const sealed = sealer.seal(frameOf(length));
      opener.openHeader(sealed.subarray(0, 22));
      expect(opener.openPayload(sealed.subarray(22))).toEqual(frameOf(length).subarray(6));
    }
  });

  test('each block has the next nonce: 4 zero bytes, then 8 bytes little-endian (§4.4.1)', () => {
    const { sealer } = pair();
    const first = sealer.seal(frameOf(1));
    const second = sealer.seal(frameOf(1));
    expect(first).not.toEqual(second);
    const alone = new Uint8Array(2 * first.length);
    crypto.sealFrame(key, 2, frameOf(1), alone, 3);
    expect(alone.slice(3, 3 + second.length)).toEqual(second);
  });

  test('nonces above 32 bits carry into the upper word', () => {
    const sealed = new Uint8Array(sealedFrameSize(1));
    for (const nonce of [0xffff_ffff, 0x1_0000_0000, 0x1f_ffff_ffff_fff0]) {
      crypto.sealFrame(key, nonce, frameOf(1), sealed, 0);
      const header = new Uint8Array(6);
      expect(crypto.openBlocks(key, nonce, sealed, 0, 6, header)).toBe(true);
      expect(header).toEqual(frameOf(1).subarray(0, 6));
      const payload = new Uint8Array(1);
      expect(crypto.openBlocks(key, nonce + 1, sealed, 22, 1, payload)).toBe(true);
      expect(crypto.openBlocks(key, nonce % 0x1_0000_0000, sealed, 0, 6, header)).toBe(nonce < 0x1_0000_0000);
    }
  });

  test('frames that overtake each other do not open', () => {
    const { sealer, opener } = pair();
    sealer.seal(frameOf(4));
    const second = sealer.seal(frameOf(4));
    expect(() => opener.openHeader(second)).toThrow(fails('bad-mac'));
  });

  test('the first bad MAC ends the session for good (§4.5)', () => {
    const { sealer, opener } = pair();
    const good = sealer.seal(frameOf(4));
    const bad = good.slice();
    bad[3] = (bad[3] ?? 0) ^ 1;
    expect(() => opener.openHeader(bad)).toThrow(fails('bad-mac'));
    expect(() => opener.openHeader(good)).toThrow(fails('bad-mac'));
    expect(() => opener.openPayload(good, 22, 4)).toThrow(fails('bad-mac'));
    expect(() => opener.openPayload(good, 22, 0)).toThrow(fails('bad-mac'));
  });

  test('any flipped bit of any frame is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(7), (length, at, bit) => {
        const { sealer, opener } = pair();
        const sealed = sealer.seal(frameOf(length));
        const position = at % sealed.length;
        sealed[position] = (sealed[position] ?? 0) ^ (1 << bit);
        expect(() => openFrame(opener, sealed, length)).toThrow(fails('bad-mac'));
      }),
    );
  });

  test('a bad second block of a payload is refused', () => {
    const { sealer, opener } = pair();
    const sealed = sealer.seal(frameOf(70_000));
    opener.openHeader(sealed);
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 0x80;
    expect(() => opener.openPayload(sealed, 22, 70_000)).toThrow(fails('bad-mac'));
  });

  test('writes nothing outside its place in the target', () => {
    const { sealer } = pair();
    const target = new Uint8Array(200).fill(0xee);
    const written = sealer.sealInto(frameOf(10), target, 7);
    expect(written).toBe(22 + 26);
    expect(target.subarray(0, 7).every((byte) => byte === 0xee)).toBe(true);
    expect(target.subarray(7 + written).every((byte) => byte === 0xee)).toBe(true);
    expect(target.subarray(7, 7 + written)).toEqual(pair().sealer.seal(frameOf(10)));
  });

  test('copies its key, and forgets it when destroyed', () => {
    const own = key.slice();
    const sealer = new Sealer(own, crypto);
    own.fill(0);
    expect(sealer.seal(frameOf(1))).toEqual(pair().sealer.seal(frameOf(1)));
    sealer.destroy();
    expect(() => sealer.seal(frameOf(1))).toThrow(fails('nonce-exhausted'));
    const { opener } = pair();
    opener.destroy();
    expect(() => opener.openHeader(new Uint8Array(22))).toThrow(fails('bad-mac'));
  });

  test('refuses what cannot be a frame, a key, or a place', () => {
    const { sealer, opener } = pair();
    expect(() => sealer.seal(new Uint8Array(5))).toThrow(RangeError);
    expect(() => sealer.seal(new Uint8Array(6 + MAX_PAYLOAD_SIZE + 1))).toThrow(fails('frame-too-large'));
    expect(() => sealer.sealInto(frameOf(4), new Uint8Array(41), 0)).toThrow(RangeError);
    expect(() => opener.openHeader(new Uint8Array(21))).toThrow(RangeError);
    expect(() => opener.openPayload(new Uint8Array(16))).toThrow(RangeError);
    expect(() => opener.openPayload(new Uint8Array(20), 0, 5)).toThrow(RangeError);
    expect(() => new Sealer(new Uint8Array(31), crypto)).toThrow(fails('bad-length'));
    expect(() => new Sealer(new Uint8Array(32), crypto)).toThrow(fails('bad-key'));
    expect(() => new Opener(new Uint8Array(32), crypto)).toThrow(fails('bad-key'));
    expect(() => new Opener(new Uint8Array(33), crypto)).toThrow(fails('bad-length'));
  });
});

test.each([
  [Number.MAX_SAFE_INTEGER - 1, 1],
  [0, 2],
])('a nonce of %i may advance by %i', (nonce, count) => {
  expect(advance(nonce, count)).toBe(nonce + count);
});

test('a direction ends before its nonce could repeat (§4.4.1)', () => {
  expect(() => advance(Number.MAX_SAFE_INTEGER, 1)).toThrow(fails('nonce-exhausted'));
  expect(() => advance(Number.MAX_SAFE_INTEGER - 1, 2)).toThrow(fails('nonce-exhausted'));
});
