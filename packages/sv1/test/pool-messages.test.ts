import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type PoolMessage,
  readConfigured,
  readError,
  readLine,
  readPoolMessage,
  readSubscription,
  readVerdict,
  writeConfigured,
  writePoolMessage,
  writeSubscription,
} from '../src/index.ts';
import { bytesOf, filled, JOB, SUBSCRIPTION } from './builders.ts';

function read(text: string): PoolMessage {
  const line = readLine(bytesOf(text));
  if (line.kind !== 'request') throw new Error(`no request: ${line.kind}`);
  return readPoolMessage(line.id, line.method, line.params);
}
const call = (method: string, ...params: readonly unknown[]): string => JSON.stringify({ id: null, method, params });
const result = (text: string) => {
  const line = readLine(bytesOf(text.trimEnd()));
  if (line.kind !== 'answer') throw new Error(`no answer: ${line.kind}`);
  return line;
};

describe('what pools send', () => {
  const reconnect = { type: 'reconnect', host: undefined, port: undefined, waitSeconds: 0 } as const;
  test.each<[string, PoolMessage]>([
    [call('mining.set_difficulty', 2048), { type: 'set-difficulty', difficulty: 2048 }],
    [call('mining.set_difficulty', '0.25'), { type: 'set-difficulty', difficulty: 0.25 }],
    [
      call('mining.set_difficulty', 0),
      { type: 'invalid', id: 'null', method: 'mining.set_difficulty', problem: 'difficulty' },
    ],
    [
      call('mining.set_extranonce', '08000002', 4),
      { type: 'set-extranonce', extranonce1: Uint8Array.of(8, 0, 0, 2), extranonce2Size: 4 },
    ],
    [
      call('mining.set_extranonce', '08000002', 0),
      { type: 'invalid', id: 'null', method: 'mining.set_extranonce', problem: 'extranonce' },
    ],
    [call('mining.set_version_mask', '1fffe000'), { type: 'set-version-mask', mask: 0x1fffe000 }],
    [call('mining.set_version_mask', '0x00006000'), { type: 'set-version-mask', mask: 0x6000 }],
    [
      call('mining.set_version_mask'),
      { type: 'invalid', id: 'null', method: 'mining.set_version_mask', problem: 'mask' },
    ],
    [
      call('client.reconnect', 'eu.pool.example', 3334, 5),
      { type: 'reconnect', host: 'eu.pool.example', port: 3334, waitSeconds: 5 },
    ],
    [
      call('client.reconnect', 'eu.pool.example', '3334', '0'),
      { type: 'reconnect', host: 'eu.pool.example', port: 3334, waitSeconds: 0 },
    ],
    [call('client.reconnect'), reconnect],
    [call('client.reconnect', null, null, null), reconnect],
    [call('client.reconnect', '', undefined, -7), reconnect],
    [
      call('client.reconnect', 'a', 70_000),
      { type: 'invalid', id: 'null', method: 'client.reconnect', problem: 'port' },
    ],
    [call('client.show_message', 'hello'), { type: 'show-message', text: 'hello' }],
    ['{"id":"v","method":"client.get_version","params":[]}', { type: 'get-version', id: '"v"' }],
    ['{"id":5,"method":"mining.ping"}', { type: 'ping', id: '5' }],
    ['{"id":5,"method":"client.pong"}', { type: 'pong', id: '5' }],
    [call('mining.set_goal', 'x'), { type: 'unknown', id: 'null', method: 'mining.set_goal' }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  const notify = (change: (params: unknown[]) => void): string => {
    const params: unknown[] = JSON.parse(writePoolMessage(JOB)).params;
    change(params);
    return call('mining.notify', ...params);
  };

  test.each<[string, string]>([
    ['job id', notify((params) => (params[0] = null))],
    ['prev hash', notify((params) => (params[1] = 'aa'))],
    ['coinb1', notify((params) => (params[2] = 'abc'))],
    ['coinb2', notify((params) => (params[3] = 5))],
    ['merkle branches', notify((params) => (params[4] = 'none'))],
    ['merkle branches', notify((params) => (params[4] = ['aa']))],
    ['merkle branches', notify((params) => (params[4] = Array(33).fill('00'.repeat(32))))],
    ['version', notify((params) => (params[5] = '120000000'))],
    ['nbits', notify((params) => (params[6] = ''))],
    ['ntime', notify((params) => (params[7] = null))],
  ])('a notify with a bad %s is invalid', (problem, text) => {
    expect(read(text)).toEqual({ type: 'invalid', id: 'null', method: 'mining.notify', problem });
  });

  test('a notify says last whether jobs are to be dropped, wherever that is', () => {
    expect(read(notify((params) => (params[8] = true)))).toEqual({ ...JOB, cleanJobs: true });
    expect(read(notify((params) => (params[8] = 1)))).toEqual({ ...JOB, cleanJobs: true });
    expect(read(notify((params) => params.splice(8, 0, 'more', true)))).toEqual({ ...JOB, cleanJobs: false });
    expect(read(notify((params) => params.pop()))).toEqual({ ...JOB, cleanJobs: false });
    expect(read(notify((params) => (params[0] = 26)))).toEqual({ ...JOB, jobId: '26' });
  });
});

describe('what pools answer', () => {
  const subscription = { extranonce1: Uint8Array.of(8, 0, 0, 2), extranonce2Size: 4 };
  test.each([
    [
      'slush',
      '{"id": 1, "result": [[["mining.set_difficulty", "b4b6693b72a50c7116db18d6497cac52"], ["mining.notify", "ae6812eb4cd7735a302a8a9dd95cf71f"]], "08000002", 4], "error": null}',
      { ...subscription, session: 'ae6812eb4cd7735a302a8a9dd95cf71f' },
    ],
    [
      'ckpool',
      '{"result":[[["mining.notify","17b65f66"]],"08000002",4],"id":1,"error":null}',
      { ...subscription, session: '17b65f66' },
    ],
    [
      'a flat pool',
      '{"id":1,"result":[["mining.notify","s1"],"08000002",4],"error":null}',
      { ...subscription, session: 's1' },
    ],
    ['no subscriptions', '{"id":1,"result":[null,"08000002",4],"error":null}', { ...subscription, session: '' }],
    ['two items', '{"id":1,"result":["08000002",4],"error":null}', { ...subscription, session: '' }],
    ['a size in quotes', '{"id":1,"result":[[],"08000002","4"],"error":null}', { ...subscription, session: '' }],
    [
      'an empty extranonce1',
      '{"id":1,"result":[[],"",8]}',
      { extranonce1: new Uint8Array(0), extranonce2Size: 8, session: '' },
    ],
    ['no hex', '{"id":1,"result":[[],"0800000z",4]}', undefined],
    ['half a byte', '{"id":1,"result":[[],"080",4]}', undefined],
    ['a size of 0', '{"id":1,"result":[[],"08000002",0]}', undefined],
    ['more than 32 bytes', '{"id":1,"result":[[],"08000002",29]}', undefined],
    ['nothing', '{"id":1,"result":null,"error":[20,"no",null]}', undefined],
  ])('subscribe, %s', (_, text, expected) => {
    expect(readSubscription(result(text).result)).toEqual(expected);
  });

  test.each([
    ['{"version-rolling":true,"version-rolling.mask":"1fffe000"}', { versionRolling: { mask: 0x1fffe000 } }],
    [
      '{"version-rolling":true,"version-rolling.mask":"1fffe000","minimum-difficulty":false}',
      { versionRolling: { mask: 0x1fffe000 }, minimumDifficulty: false },
    ],
    ['{"version-rolling":false}', { versionRolling: false }],
    ['{"version-rolling":"not here"}', { versionRolling: false }],
    ['{"version-rolling":true}', { versionRolling: false }],
    ['{"subscribe-extranonce":true,"info":true}', { subscribeExtranonce: true, info: true }],
    ['true', {}],
    ['null', {}],
  ])('configure, %s', (text, expected) => {
    expect(readConfigured(JSON.parse(text))).toEqual(expected);
  });

  const rejected = (code: number, message: string) => ({ kind: 'rejected', error: { code, message } });
  test.each([
    ['{"id":4,"result":true,"error":null}', { kind: 'accepted' }],
    ['{"id":4,"result":true}', { kind: 'accepted' }],
    ['{"id":4,"result":true,"error":[]}', { kind: 'accepted' }],
    ['{"id":4,"result":{"status":"OK"},"error":null}', { kind: 'accepted' }],
    ['{"id":4,"result":"OK","error":null}', { kind: 'accepted' }],
    ['{"id":4,"result":null,"error":[23,"Low difficulty share",null]}', rejected(23, 'Low difficulty share')],
    ['{"id":4,"result":false,"error":[21,"Job not found",""]}', rejected(21, 'Job not found')],
    ['{"id":4,"result":false,"error":null}', rejected(20, 'not accepted')],
    ['{"id":4,"result":null,"error":null}', rejected(20, 'not accepted')],
    ['{"id":4,"result":true,"error":[22,"Duplicate"]}', rejected(22, 'Duplicate')],
    ['{"id":4,"result":null,"error":{"code":21,"message":"stale"}}', rejected(21, 'stale')],
    ['{"id":4,"result":null,"error":"H-not-zero"}', rejected(20, 'H-not-zero')],
    ['{"id":4,"error":23}', rejected(23, '')],
    ['{"id":4,"error":["-2","bad"]}', rejected(-2, 'bad')],
    ['{"id":4,"error":["bad-nonce"]}', rejected(20, 'bad-nonce')],
  ])('submit, %s', (text, expected) => {
    const { result: value, error } = result(text);
    expect(readVerdict(value, error)).toEqual(expected);
  });

  test('no error is none', () => {
    for (const none of [null, false, 0, '', []]) expect(readError(none)).toBeUndefined();
  });

  test('to subscribe and configure are read as they were written', () => {
    expect(readSubscription(result(writeSubscription('1', SUBSCRIPTION)).result)).toEqual(SUBSCRIPTION);
    const configured = {
      versionRolling: { mask: 0x6000 },
      minimumDifficulty: true,
      subscribeExtranonce: true,
      info: true,
    };
    expect(readConfigured(result(writeConfigured('1', configured)).result)).toEqual(configured);
  });

  test('the first answer fits the 1,023 bytes that a probe reads', () => {
    expect(
      writeSubscription('1', { extranonce1: filled(31, 1), extranonce2Size: 1, session: 'ab'.repeat(32) }).length,
    ).toBeLessThan(400);
  });
});

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const id = fc.constantFrom('1', '"x"', 'null');
const messages = fc.oneof(
  fc.record({
    type: fc.constant('notify' as const),
    jobId: fc.string({ maxLength: 255 }),
    prevHash: hash,
    coinb1: fc.uint8Array({ maxLength: 200 }),
    coinb2: fc.uint8Array({ maxLength: 200 }),
    merkleBranches: fc.array(hash, { maxLength: 12 }),
    version: u32,
    nbits: u32,
    ntime: u32,
    cleanJobs: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('set-difficulty' as const),
    difficulty: fc.integer({ min: -40, max: 60 }).map((exponent) => 2 ** exponent),
  }),
  fc.record({
    type: fc.constant('set-extranonce' as const),
    extranonce1: fc.uint8Array({ maxLength: 16 }),
    extranonce2Size: fc.integer({ min: 1, max: 16 }),
  }),
  fc.record({ type: fc.constant('set-version-mask' as const), mask: u32 }),
  fc.record({
    type: fc.constant('reconnect' as const),
    host: fc.string({ minLength: 1, maxLength: 255 }),
    port: fc.integer({ min: 1, max: 65_535 }),
    waitSeconds: fc.nat(3600),
  }),
  fc.record({ type: fc.constant('show-message' as const), text: fc.string({ maxLength: 255 }) }),
  fc.record({ type: fc.constantFrom('get-version' as const, 'ping' as const, 'pong' as const), id }),
);

test('every message that is written reads back as it was', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(read(writePoolMessage(message).trimEnd())).toEqual(message);
    }),
  );
});
