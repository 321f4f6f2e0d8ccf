import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MinerRequest, readLine, readMinerRequest, writeMinerRequest } from '../src/index.ts';
import { bytesOf, filled } from './builders.ts';

function read(text: string): MinerRequest {
  const line = readLine(bytesOf(text));
  if (line.kind !== 'request') throw new Error(`no request: ${line.kind}`);
  return readMinerRequest(line.id, line.method, line.params);
}

const MASKED = { mask: 0xffffffff, minBitCount: 0 };

describe('what miners send', () => {
  test.each<[string, string, MinerRequest]>([
    [
      'ESP-Miner configures',
      '{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
      { type: 'configure', id: '1', versionRolling: MASKED, unknown: [] },
    ],
    [
      'an Antminer configures',
      '{"id":0,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":16}]}',
      { type: 'configure', id: '0', versionRolling: { mask: 0x1fffe000, minBitCount: 16 }, unknown: [] },
    ],
    [
      'everything of BIP310',
      '{"id":"c","method":"mining.configure","params":[["minimum-difficulty","version-rolling","subscribe-extranonce","info","colour"],{"minimum-difficulty.value":2048,"version-rolling.mask":"00FFF000","version-rolling.min-bit-count":2,"info.hw-version":"8","info.sw-id":"bos"}]}',
      {
        type: 'configure',
        id: '"c"',
        versionRolling: { mask: 0x00fff000, minBitCount: 2 },
        minimumDifficulty: { difficulty: 2048 },
        subscribeExtranonce: true,
        info: { 'hw-version': '8', 'sw-id': 'bos' },
        unknown: ['colour'],
      },
    ],
    [
      'a configure without values',
      '{"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty"]]}',
      { type: 'configure', id: '1', versionRolling: MASKED, minimumDifficulty: { difficulty: undefined }, unknown: [] },
    ],
    [
      'an empty configure',
      '{"id":1,"method":"mining.configure","params":[[],{}]}',
      { type: 'configure', id: '1', unknown: [] },
    ],
    [
      'a configure that makes no sense',
      '{"id":1,"method":"mining.configure","params":[]}',
      { type: 'invalid', id: '1', method: 'mining.configure', problem: 'the extensions are no array' },
    ],
    [
      'ESP-Miner subscribes',
      '{"id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1370/v2.9.0"]}',
      { type: 'subscribe', id: '2', userAgent: 'bitaxe/BM1370/v2.9.0', session: undefined },
    ],
    [
      'cgminer resumes a session',
      '{"id": 0, "method": "mining.subscribe", "params": ["cgminer/4.9.2", "ae6812eb4cd7735a302a8a9dd95cf71f"]}',
      { type: 'subscribe', id: '0', userAgent: 'cgminer/4.9.2', session: 'ae6812eb4cd7735a302a8a9dd95cf71f' },
    ],
    [
      'NiceHash says where it connects to',
      '{"id":1,"method":"mining.subscribe","params":["NiceHash/1.0.0",null,"pool.example",3333]}',
      { type: 'subscribe', id: '1', userAgent: 'NiceHash/1.0.0', session: undefined },
    ],
    [
      'Braiins Hashpower says nothing',
      '{"id":1,"method":"mining.subscribe","params":[]}',
      { type: 'subscribe', id: '1', userAgent: '', session: undefined },
    ],
    [
      'a null user agent',
      '{"id":1,"method":"mining.subscribe","params":[null]}',
      { type: 'subscribe', id: '1', userAgent: '', session: undefined },
    ],
    [
      'authorize',
      '{"params": ["account.worker1", "password"], "id": 2, "method": "mining.authorize"}',
      { type: 'authorise', id: '2', username: 'account.worker1', password: 'password' },
    ],
    [
      'authorize without a password',
      '{"params": ["account"], "id": 2, "method": "mining.authorize"}',
      { type: 'authorise', id: '2', username: 'account', password: '' },
    ],
    [
      'a submit of 5 parameters',
      '{"params": ["slush.miner1", "bf", "00000001", "504e86ed", "b2957c02"], "id": 4, "method": "mining.submit"}',
      {
        type: 'submit',
        id: '4',
        username: 'slush.miner1',
        jobId: 'bf',
        extranonce2: Uint8Array.of(0, 0, 0, 1),
        ntime: 0x504e86ed,
        nonce: 0xb2957c02,
        versionBits: undefined,
      },
    ],
    [
      'a submit of 6 parameters, upper case and without leading zeros',
      '{"params": ["a", "bf", "0000000A", "504E86ED", "2957C02", "0x6000"], "id": 4, "method": "mining.submit"}',
      {
        type: 'submit',
        id: '4',
        username: 'a',
        jobId: 'bf',
        extranonce2: Uint8Array.of(0, 0, 0, 10),
        ntime: 0x504e86ed,
        nonce: 0x02957c02,
        versionBits: 0x6000,
      },
    ],
    [
      'extranonce.subscribe',
      '{"id":3,"method":"mining.extranonce.subscribe","params":[]}',
      { type: 'extranonce-subscribe', id: '3' },
    ],
    [
      'suggest_difficulty',
      '{"id":3,"method":"mining.suggest_difficulty","params":[1000]}',
      { type: 'suggest-difficulty', id: '3', difficulty: 1000 },
    ],
    [
      'suggest_difficulty as text',
      '{"id":3,"method":"mining.suggest_difficulty","params":["0.001"]}',
      { type: 'suggest-difficulty', id: '3', difficulty: 0.001 },
    ],
    [
      'suggest_difficulty of 0',
      '{"id":3,"method":"mining.suggest_difficulty","params":[0]}',
      { type: 'suggest-difficulty', id: '3', difficulty: undefined },
    ],
    [
      'a huge suggest_difficulty',
      '{"id":3,"method":"mining.suggest_difficulty","params":[9.8e53]}',
      { type: 'suggest-difficulty', id: '3', difficulty: undefined },
    ],
    [
      'a suggestion stuck in the name',
      '{"id":3,"method":"mining.suggest_difficulty(512)","params":[]}',
      { type: 'suggest-difficulty', id: '3', difficulty: 512 },
    ],
    [
      'another',
      '{"id":3,"method":"mining.suggest_difficulty, 512","params":[]}',
      { type: 'suggest-difficulty', id: '3', difficulty: 512 },
    ],
    [
      'a suggestion far behind the name',
      `{"id":3,"method":"mining.suggest_difficulty${' '.repeat(300)}512","params":[]}`,
      { type: 'unknown', id: '3', method: `mining.suggest_difficulty${' '.repeat(230)}` },
    ],
    [
      'suggest_target',
      `{"id":3,"method":"mining.suggest_target","params":["${'1'.padStart(64, '0')}"]}`,
      { type: 'suggest-target', id: '3', target: Uint8Array.of(1, ...filled(31, 0)) },
    ],
    [
      'suggest_target of 0',
      '{"id":3,"method":"mining.suggest_target","params":["0"]}',
      { type: 'suggest-target', id: '3', target: undefined },
    ],
    [
      'multi_version',
      '{"id":3,"method":"mining.multi_version","params":[1]}',
      { type: 'multi-version', id: '3', version: 1 },
    ],
    [
      'get_transactions',
      '{"id":3,"method":"mining.get_transactions","params":["bf"]}',
      { type: 'get-transactions', id: '3', jobId: 'bf' },
    ],
    ['ping', '{"id":3,"method":"mining.ping","params":[]}', { type: 'ping', id: '3' }],
    ['pong', '{"id":null,"method":"mining.pong","params":[]}', { type: 'pong', id: 'null' }],
    [
      'something else',
      '{"id":3,"method":"eth_getWork","params":[]}',
      { type: 'unknown', id: '3', method: 'eth_getWork' },
    ],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  const submit = (...params: readonly unknown[]): string =>
    JSON.stringify({ id: 1, method: 'mining.submit', params: ['a', ...params] });

  test.each([
    ['job id', submit(7, '00000001', '504e86ed', 'b2957c02')],
    ['job id', submit('x'.repeat(256), '00000001', '504e86ed', 'b2957c02')],
    ['extranonce2', submit('bf', '0000001', '504e86ed', 'b2957c02')],
    ['extranonce2', submit('bf', '0000000g', '504e86ed', 'b2957c02')],
    ['extranonce2', submit('bf', '00'.repeat(33), '504e86ed', 'b2957c02')],
    ['extranonce2', submit('bf', 1, '504e86ed', 'b2957c02')],
    ['ntime', submit('bf', '00000001', '0504e86ed', 'b2957c02')],
    ['ntime', submit('bf', '00000001', 1_347_323_629, 'b2957c02')],
    ['nonce', submit('bf', '00000001', '504e86ed', '')],
    ['nonce', submit('bf', '00000001', '504e86ed')],
    ['nonce', submit('bf', '00000001', '504e86ed', ' b2957c02')],
    ['version bits', submit('bf', '00000001', '504e86ed', 'b2957c02', '1fffe0000')],
    ['version bits', submit('bf', '00000001', '504e86ed', 'b2957c02', 'xyz')],
  ])('a submit with a bad %s is invalid', (problem, text) => {
    expect(read(text)).toEqual({ type: 'invalid', id: '1', method: 'mining.submit', problem });
  });
});

const id = fc.constantFrom('1', '"x"', 'null');
const name = fc.string({ maxLength: 255 });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const power = fc.integer({ min: -40, max: 60 }).map((exponent) => 2 ** exponent);
const submits = fc.record({
  type: fc.constant('submit' as const),
  id,
  username: name,
  jobId: name,
  extranonce2: fc.uint8Array({ maxLength: 32 }),
  ntime: u32,
  nonce: u32,
  versionBits: fc.option(u32, { nil: undefined }),
});
const configures = fc.record(
  {
    type: fc.constant('configure' as const),
    id,
    versionRolling: fc.record({ mask: u32, minBitCount: fc.nat(32) }),
    minimumDifficulty: fc.record({ difficulty: fc.option(power, { nil: undefined }) }),
    subscribeExtranonce: fc.constant(true as const),
    info: fc.constant({ 'hw-id': 'x' }),
    unknown: fc.constantFrom([], ['colour']),
  },
  { requiredKeys: ['type', 'id', 'unknown'] },
);
const requests = fc.oneof(
  submits,
  configures,
  fc.record({ type: fc.constant('authorise' as const), id, username: name, password: name }),
  fc.record({
    type: fc.constant('subscribe' as const),
    id,
    userAgent: name,
    session: fc.option(
      name.filter((text) => text !== ''),
      { nil: undefined },
    ),
  }),
  fc.record({ type: fc.constantFrom('extranonce-subscribe' as const, 'ping' as const, 'pong' as const), id }),
  fc.record({ type: fc.constant('suggest-difficulty' as const), id, difficulty: fc.option(power, { nil: undefined }) }),
  fc.record({
    type: fc.constant('suggest-target' as const),
    id,
    target: fc.option(
      fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((target) => target.some((byte) => byte !== 0)),
      { nil: undefined },
    ),
  }),
  fc.record({ type: fc.constant('multi-version' as const), id, version: fc.option(fc.nat(), { nil: undefined }) }),
  fc.record({ type: fc.constant('get-transactions' as const), id, jobId: name }),
);

test('every request that is written reads back as it was', () => {
  fc.assert(
    fc.property(requests, (request) => {
      expect(read(writeMinerRequest(request).trimEnd())).toEqual(request);
    }),
  );
});
