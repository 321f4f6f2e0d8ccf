import {
  encodeFrame,
  jobDeclaration,
  type MessageDefinition,
  mining,
  sampleMessage,
  SetTarget,
  SetupConnection,
  SubmitSharesExtended,
  SubmitSharesSuccess,
  templateDistribution,
} from '@sv2kit/codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/page/pages/inspector/bytes.ts';
import { CaptureBuffer, readCaptured } from '../../src/page/pages/inspector/captured.ts';
import { EVERYTHING, passes } from '../../src/page/pages/inspector/filter.ts';
import { look, nameOf, summaryOf, type Wire } from '../../src/page/pages/inspector/look.ts';
import { readFrame } from '../../src/page/pages/inspector/read-frame.ts';
import { asJson } from '../../src/page/pages/inspector/save.ts';
import { readV1Line } from '../../src/page/pages/inspector/v1-line.ts';

const PROTOCOLS = [
  ['mining', mining],
  ['job-declaration', jobDeclaration],
  ['template-distribution', templateDistribution],
] as const;
const everyMessage = PROTOCOLS.flatMap(([protocol, tables]) => [
  ...tables.fromClient.definitions.map((definition) => ({ protocol, side: 'client' as const, definition })),
  ...tables.fromServer.definitions.map((definition) => ({ protocol, side: 'server' as const, definition })),
]);
const sampled = fc
  .tuple(fc.constantFrom(...everyMessage), fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })))
  .map(([{ protocol, side, definition }, numbers]) => {
    const extensions = new Set(definition.tlvList.map(([, { extension }]) => extension));
    const random = () => numbers.next().value ?? 0;
    const message = sampleMessage<MessageDefinition>(definition, random, { largest: 60, most: 5 });
    return { protocol, side, definition, frame: encodeFrame<MessageDefinition>(definition, message, extensions) };
  });
const outgoing: Wire = { protocol: 'mining', direction: 'out' };
const told = (more: object) => ({ atMs: 1, direction: 'sent', size: 6, ...more });

describe('the fields of a frame', () => {
  test('cover every byte of every declared message, in order and without gaps', () => {
    fc.assert(
      fc.property(sampled, ({ protocol, side, definition, frame }) => {
        const read = readFrame(frame, { protocol, side });
        expect(read.problem).toBeUndefined();
        expect(read.name).toBe(definition.specName);
        let at = 0;
        for (const { start, end } of read.rows) {
          expect(start).toBe(at);
          at = end;
        }
        expect(at).toBe(frame.length);
      }),
    );
  });

  test('of a sequence have their elements inside, one after the other', () => {
    fc.assert(
      fc.property(sampled, ({ protocol, side, frame }) => {
        for (const row of readFrame(frame, { protocol, side }).rows) {
          let end: number | undefined;
          for (const element of row.elements ?? []) {
            expect(element.start).toBe(end ?? element.start);
            end = element.end;
          }
          if (end !== undefined && row.elements?.length !== 64) expect(end).toBe(row.end);
        }
      }),
    );
  });

  test('before the one that is wrong are told, and what is wrong with it', () => {
    const message = { type: 'SubmitSharesSuccess', channelId: 7, lastSequenceNumber: 9 } as const;
    const whole = encodeFrame(SubmitSharesSuccess, { ...message, newSubmitsAcceptedCount: 3, newSharesSum: 5n });
    const read = readFrame(whole.subarray(0, whole.length - 4), { protocol: 'mining', side: 'server' });
    expect(read.rows.map(({ name }) => name).slice(3)).toEqual([
      'channelId',
      'lastSequenceNumber',
      'newSubmitsAcceptedCount',
    ]);
    expect(read.problem).toMatch(/ends inside newSharesSum/);
  });

  test('never throw, whatever the bytes are', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.constantFrom(...everyMessage), ({ ...garbage }, { protocol, side, definition }) => {
        const tail = Uint8Array.from(Object.values(garbage));
        const header = [
          definition.extensionType & 0xff,
          definition.extensionType >> 8,
          definition.messageType,
          tail.length,
          0,
          0,
        ];
        const frame = Uint8Array.from([...header, ...tail]);
        const read = readFrame(frame, { protocol, side });
        const last = read.rows.at(-1)?.end ?? 0;
        expect(last).toBeLessThanOrEqual(frame.length);
        expect(read.problem !== undefined || last === frame.length).toBe(true);
        readFrame(tail, { protocol, side });
      }),
    );
  });

  test('with a user identity behind them tell it as text (extension 0x0002)', () => {
    const share = { channelId: 1, sequenceNumber: 2, jobId: 3, nonce: 4, ntime: 5, version: 6 } as const;
    const frame = encodeFrame(
      SubmitSharesExtended,
      {
        type: 'SubmitSharesExtended',
        ...share,
        extranonce: new Uint8Array(4),
        userIdentity: new TextEncoder().encode('rig7'),
      },
      new Set([2]),
    );
    const row = readFrame(frame, { protocol: 'mining', side: 'client' }).rows.at(-1);
    expect(row).toMatchObject({ name: 'userIdentity', type: 'TLV 0x0002', meaning: '"rig7"', end: frame.length });
  });

  test('say what numbers mean: flags, times, targets', () => {
    const setup = encodeFrame(SetupConnection, {
      type: 'SetupConnection',
      protocol: 0,
      minVersion: 2,
      maxVersion: 2,
      flags: 5,
      endpointHost: 'pool.example',
      endpointPort: 3336,
      vendor: '',
      hardwareVersion: '',
      firmware: '',
      deviceId: '',
    });
    const { rows } = readFrame(setup, { protocol: 'mining', side: 'client' });
    expect(rows.find(({ name }) => name === 'flags')?.meaning).toBe('REQUIRES_STANDARD_JOBS, REQUIRES_VERSION_ROLLING');
    const maximumTarget = new Uint8Array(32).fill(0xff, 0, 26).fill(0xff, 26, 28);
    const target = encodeFrame(SetTarget, { type: 'SetTarget', channelId: 1, maximumTarget });
    expect(readFrame(target, { protocol: 'mining', side: 'server' }).rows.at(-1)?.meaning).toMatch(
      /^difficulty (1|0\.99)/,
    );
  });

  test('of a message of the other side are not told, but whose it is', () => {
    const frame = encodeFrame(SetTarget, { type: 'SetTarget', channelId: 1, maximumTarget: new Uint8Array(32) });
    const read = readFrame(frame, { protocol: 'mining', side: 'client' });
    expect(read.problem).toMatch(/SetTarget, which only the server of mining sends/);
    expect(readFrame(Uint8Array.of(0, 0, 0xee, 0, 0, 0), { protocol: 'mining', side: 'client' }).problem).toMatch(
      /^No message has message type 0xee/,
    );
  });

  test('of a frame that came cut are told as far as it goes, and that is no fault of the peer', () => {
    const frame = encodeFrame(SetTarget, { type: 'SetTarget', channelId: 1, maximumTarget: new Uint8Array(32) });
    const read = readFrame(frame.subarray(0, 20), { protocol: 'mining', side: 'server', isCut: true });
    expect(read.problem).toBeUndefined();
    expect(read.notes).toHaveLength(1);
    expect(read.rows.at(-1)?.name).toBe('channelId');
  });
});

describe('what came over a connection', () => {
  test('is kept within limits, the latest of it, and what was dropped is counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (sizes, most) => {
          const buffer = new CaptureBuffer({ messages: most, characters: 50 });
          for (const size of sizes) buffer.add(told({ hex: '00'.repeat(size) }));
          const kept = buffer.list();
          expect(buffer.seen).toBe(sizes.length);
          expect(kept.length + buffer.dropped).toBe(sizes.length);
          expect(kept.length).toBeLessThanOrEqual(most);
          const characters = kept.reduce((sum, { hex }) => sum + (hex?.length ?? 0), 0);
          expect(characters <= 50 || kept.length === 1).toBe(true);
          expect(kept.map(({ number }) => number)).toEqual(kept.map((_, at) => sizes.length - kept.length + at + 1));
        },
      ),
    );
  });

  test('is not taken where it is no message', () => {
    for (const data of [undefined, null, 'x', {}, { atMs: 1, size: 2, direction: 'sideways' }]) {
      expect(readCaptured(data, 1)).toBeUndefined();
    }
  });

  test('is found by type, direction, text and bytes', () => {
    const frame = encodeFrame(SetTarget, { type: 'SetTarget', channelId: 0xabcdef, maximumTarget: new Uint8Array(32) });
    const captured = readCaptured(told({ direction: 'received', hex: toHex(frame), size: frame.length }), 1);
    if (captured === undefined) throw new Error('a message was told');
    const name = nameOf(captured, outgoing);
    const described = { captured, name, summary: summaryOf(look(captured, outgoing)) };
    expect(name).toBe('SetTarget');
    const shows = (filter: object) => passes(described, { ...EVERYTHING, ...filter });
    expect([shows({}), shows({ direction: 'sent' }), shows({ type: 'SetTarget' })]).toEqual([true, false, true]);
    expect([shows({ text: 'channelid 11259375' }), shows({ text: 'EF CD AB' }), shows({ text: 'nothing' })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('is saved with its bytes and its fields', () => {
    const frame = encodeFrame(SetTarget, { type: 'SetTarget', channelId: 5, maximumTarget: new Uint8Array(32) });
    const captured = readCaptured(told({ direction: 'received', hex: toHex(frame), size: frame.length }), 1);
    const saved: unknown = JSON.parse(asJson(captured === undefined ? [] : [captured], outgoing, { role: 'pool' }));
    expect(saved).toMatchObject({
      role: 'pool',
      protocol: 'mining',
      messages: [{ type: 'SetTarget', from: 'server', hex: toHex(frame), fields: { channelId: '5' } }],
    });
  });
});

test('hexadecimal comes back as the bytes that it was, and stops where it is none', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void expect(fromHex(toHex(bytes))).toEqual(bytes)));
  expect(fromHex('00zz11')).toEqual(Uint8Array.of(0));
});

test('a line of V1 is told by its method, its result or its error', () => {
  expect(readV1Line('{"id":1,"method":"mining.submit","params":[]}')).toMatchObject({ name: 'mining.submit', id: '1' });
  expect(readV1Line('{"id":"a","result":true,"error":null}')).toMatchObject({ name: 'result', id: 'a' });
  expect(readV1Line('{"id":4,"result":null,"error":[21,"x",null]}')).toMatchObject({ name: 'error' });
  fc.assert(fc.property(fc.string(), (line) => void expect(readV1Line(line).name).not.toBe('')));
});
