import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  encodeFrame,
  HEADER_SIZE,
  type MessageOf,
  protocols,
  SetTarget,
  SetupConnection,
  SubmitSharesExtended,
  sampleMessage,
} from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import { call, temporaryDirectory } from './scene.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const target = encodeFrame(SetTarget, {
  type: 'SetTarget',
  channelId: 7,
  maximumTarget: Uint8Array.from({ length: 32 }, (_, i) => (i === 26 || i === 27 ? 0xff : 0)),
});
const setup = encodeFrame(SetupConnection, {
  type: 'SetupConnection',
  protocol: 0,
  minVersion: 2,
  maxVersion: 2,
  flags: 0b1101,
  endpointHost: 'pool.example',
  endpointPort: 34_254,
  vendor: 'sv2kit',
  hardwareVersion: '',
  firmware: '1',
  deviceId: '',
});

/** What JSON makes of a message. */
const plain = (fields: object): unknown =>
  JSON.parse(
    JSON.stringify(fields, (_, value: unknown) => {
      if (value instanceof Uint8Array) return hex(value);
      return typeof value === 'bigint' ? value.toString() : value;
    }),
  );

describe('decode as text', () => {
  test('shows every field with its type and what it means', async () => {
    expect((await call(['decode', hex(setup)])).out).toMatchInlineSnapshot(`
      "SetupConnection  (message 0x00; any protocol; from the client; 35 bytes at 0)
        protocol         U8        0  (mining)
        minVersion       U16       2
        maxVersion       U16       2
        flags            U32       13  (REQUIRES_STANDARD_JOBS, REQUIRES_VERSION_ROLLING, unknown bits 0x8)
        endpointHost     STR0_255  "pool.example"
        endpointPort     U16       34254
        vendor           STR0_255  "sv2kit"
        hardwareVersion  STR0_255  ""
        firmware         STR0_255  "1"
        deviceId         STR0_255  ""

      "
    `);
    expect((await call(['decode', hex(target)])).out).toMatchInlineSnapshot(`
      "SetTarget  (message 0x21; mining; from the server; 36 bytes at 0)
        channelId      U32   7
        maximumTarget  U256  0000000000000000000000000000000000000000000000000000ffff00000000  (difficulty 1)

      "
    `);
  });

  test('takes blanks, colons, line breaks and 0x, from an argument, a file or standard input', async () => {
    const expected = await call(['decode', hex(target)]);
    const spaced = hex(target).replace(/../g, '$& ').replace(' ', ':');
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'binary'), target);
    writeFileSync(join(folder, 'text'), `${spaced}\n`);
    for (const given of [`0x${hex(target)}`, spaced, join(folder, 'binary'), join(folder, 'text')]) {
      expect(await call(['decode', given])).toEqual(expected);
    }
    expect(await call(['decode', '-'], target)).toEqual(expected);
    expect(await call(['decode', '-'], `${hex(target)}\n`)).toEqual(expected);
  });

  test('shows frames in a row, and where each begins', async () => {
    const { code, out } = await call(['decode', hex(Buffer.concat([setup, target]))]);
    expect(code).toBe(0);
    expect(out).toContain(`SetTarget  (message 0x21; mining; from the server; 36 bytes at ${setup.length})`);
  });
});

describe('decode --json', () => {
  test('yields every message of every protocol as it was encoded', async () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (const { fromClient, fromServer } of protocols) {
      for (const definition of [...fromClient.definitions, ...fromServer.definitions]) {
        const message: MessageOf<typeof definition> = sampleMessage(definition, random);
        const extensions = new Set(definition.tlvList.map(([, { extension }]) => extension));
        const frame = encodeFrame(definition, message, extensions);
        const { code, out } = await call(['decode', '--json', '-'], frame);
        expect(code, definition.name).toBe(0);
        const decoded = JSON.parse(out);
        const { type, ...fields } = plain(message) as Record<string, unknown>;
        expect(decoded.type).toBe(type);
        expect(decoded.message).toEqual(fields);
      }
    }
  });

  test('shows the worker that extension 0x0002 names', async () => {
    const message = { channelId: 1, sequenceNumber: 2, jobId: 3, nonce: 4, ntime: 5, version: 6 };
    const bytes = { extranonce: Uint8Array.of(9), userIdentity: new TextEncoder().encode('worker') };
    const full = { type: 'SubmitSharesExtended', ...message, ...bytes } as const;
    const frame = encodeFrame(SubmitSharesExtended, full, new Set([2]));
    expect(JSON.parse((await call(['decode', '--json', hex(frame)])).out).message.userIdentity).toBe(
      hex(bytes.userIdentity),
    );
    expect((await call(['decode', hex(frame)])).out).toContain('776f726b6572 "worker"');
  });
});

describe('decode --type', () => {
  const payload = '010000002a0000000b7374616c652d7368617265';

  test.each(['SubmitShares.Error', 'SubmitSharesError', 'submitshareserror'])('finds %s', async (name) => {
    const { code, out } = await call(['decode', '--json', '--type', name, payload]);
    expect(code).toBe(0);
    expect(JSON.parse(out).message).toEqual({ channelId: 1, sequenceNumber: 42, errorCode: 'stale-share' });
  });

  test.each([
    [['--type', 'SetTraget'], "there is no message 'SetTraget'; did you mean SetTarget?"],
    [['--type', 'SetNewPrevHash'], 'SetNewPrevHash means several messages: name the --protocol too'],
    [['--protocol', 'sv1'], '--protocol sv1 is none of mining, jd, job-declaration, tdp, template-distribution'],
    [['--side', 'left'], '--side left is neither client nor server'],
  ])('%j is wrong usage', async (argv, message) => {
    expect(await call(['decode', ...argv, payload])).toMatchObject({
      code: 2,
      error: expect.stringContaining(message),
    });
  });

  test('tells messages of one name apart by their protocol', async () => {
    const argv = ['decode', '--json', '--type', 'SetNewPrevHash', '--protocol', 'tdp', '00'.repeat(80)];
    expect(JSON.parse((await call(argv)).out).message).toHaveProperty('templateId', '0');
  });
});

describe('what cannot be decoded says where and why, and ends with 1:', () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['a payload that ends inside a field', ['000001020000aabb'], 'truncated: '],
    ['half a header', ['000001'], "the input ends inside a frame's header: 3 of 6 bytes are there"],
    ['half a payload', [hex(target.subarray(0, 20))], 'the header announces 36 bytes of payload, 14 are there'],
    ['an unknown message', ['0000ee000000'], 'there is no message type 0xee of extension 0x0000'],
    ['the wrong side', ['--side', 'client', hex(target)], 'SetTarget, which only the server of mining sends'],
    ['no hexadecimal and no file', ['nonsense'], "'nonsense' is neither hexadecimal nor a file"],
    ['half a byte', ['123'], 'has an odd number of hexadecimal digits: 3'],
    ['nothing', [''], 'there is nothing to decode'],
  ];
  test.each(cases)('%s', async (_name, argv, message) => {
    const { code, out, error } = await call(['decode', ...argv]);
    expect(code).toBe(1);
    expect(out + error).toContain(message);
  });

  test('names message, field and offset', async () => {
    const frame = Buffer.concat([setup]);
    frame[HEADER_SIZE + 9] = 200;
    const { out } = await call(['decode', '--json', hex(frame)]);
    expect(JSON.parse(out).error).toMatchObject({ message: 'SetupConnection', field: 'endpointHost', offset: 10 });
  });

  test('whatever the bytes, the answer is an answer', async () => {
    let seed = 99;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let run = 0; run < 500; run++) {
      const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 60) }, () => random() * 256);
      if (random() < 0.8) bytes.set([0, 0, Math.floor(random() * 0x80), bytes.length - 6, 0, 0].slice(0, bytes.length));
      expect([0, 1]).toContain((await call(['decode', '-'], bytes)).code);
    }
  });
});

describe('decode of what else is passed around (§4.7, §4.5.2)', () => {
  const key = '9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72';

  test('an authority key', async () => {
    expect((await call(['decode', key])).out).toMatch(/^type {3}authority key\nxOnly {2}[0-9a-f]{64}\n$/);
  });

  test('a URL', async () => {
    const { out } = await call(['decode', '--json', `stratum2+tcp://pool.example:34254/${key}`]);
    expect(JSON.parse(out)).toMatchObject({ type: 'url', host: 'pool.example', port: 34_254, authority: key });
  });

  test('a certificate', async () => {
    const { out } = await call(['decode', `0000${'00f15365'}${'80436d65'}${'11'.repeat(64)}`]);
    expect(out).toContain('validFrom      2023-11-14T');
  });

  test('a mistyped URL is an error with an example', async () => {
    const { code, error } = await call(['decode', 'stratum2+tcp://pool.example']);
    expect(code).toBe(1);
    expect(error).toContain('an example of right: stratum2+tcp://');
  });
});
