import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePayload, DecodeError, encodeFrame, HEADER_SIZE, readHeader, sampleMessage } from '../src/index.ts';
import { anyRandom, everyDefinition } from './support.ts';

const ALL = new Set([1, 2]);

describe.each(everyDefinition.map((definition) => [definition.specName, definition] as const))(
  '%s',
  (_, definition) => {
    test('decodes to what was encoded, and encodes to the same bytes again (§3.1)', () => {
      fc.assert(
        fc.property(anyRandom, (random) => {
          const message = sampleMessage(definition, random);
          const frame = encodeFrame(definition, message, ALL);
          const header = readHeader(frame);
          expect(header).toEqual({
            extensionType: definition.extensionType,
            channelMsg: definition.channelMsg,
            messageType: definition.messageType,
            length: frame.length - HEADER_SIZE,
          });
          const decoded = decodePayload(definition, frame.subarray(HEADER_SIZE), ALL);
          expect(decoded).toEqual(message);
          expect(encodeFrame(definition, decoded, ALL)).toEqual(frame);
        }),
        { numRuns: 60 },
      );
    });

    test('throws nothing but DecodeError, naming message, field and offset, whatever the bytes', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
          expectDecodeErrorOnly(() => decodePayload(definition, bytes, ALL), definition.specName);
        }),
        { numRuns: 100 },
      );
    });

    test('throws nothing but DecodeError for a valid payload with bytes changed, cut or added', () => {
      fc.assert(
        fc.property(
          anyRandom,
          fc.nat(),
          fc.integer({ min: 0, max: 255 }),
          fc.constantFrom('flip', 'cut', 'add'),
          (random, at, value, how) => {
            const payload = encodeFrame(definition, sampleMessage(definition, random), ALL).slice(HEADER_SIZE);
            const index = payload.length === 0 ? 0 : at % payload.length;
            if (how === 'flip' && payload.length > 0) payload[index] = value;
            const changed =
              how === 'cut' ? payload.subarray(0, index) : how === 'add' ? Uint8Array.of(...payload, value) : payload;
            expectDecodeErrorOnly(() => decodePayload(definition, changed, ALL), definition.specName);
          },
        ),
        { numRuns: 100 },
      );
    });

    test('a payload shorter than the smallest form is refused at every length (§3.1)', () => {
      for (let length = 0; length < definition.minPayload; length += 1) {
        expect(() => decodePayload(definition, new Uint8Array(length))).toThrow(DecodeError);
      }
    });
  },
);

function expectDecodeErrorOnly(decode: () => unknown, message: string): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    expect(error.details).toMatchObject({ message, field: expect.any(String), offset: expect.any(Number) });
  }
}
