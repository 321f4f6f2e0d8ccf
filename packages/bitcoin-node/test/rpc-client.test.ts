import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@sv2kit/daemon';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRpcClient, LIMITS, type RpcClient } from '../src/index.ts';
import { FakeNode } from './fake-node.ts';

const credentials = { user: 'miner', password: 'secret' };
const clock = new VirtualClock();

function clientOf(node: { readonly url: string }): RpcClient & Disposable {
  const client = createRpcClient({ url: node.url, credentials, clock });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

describe('an answer', () => {
  test('is the result, over kept connections', async () => {
    await using node = await FakeNode.listen({ ping: ({ params }) => ({ result: params }) });
    using client = clientOf(node);
    expect(await client.call('ping', [1, 'two'])).toEqual([1, 'two']);
    expect(await client.call('ping')).toEqual([]);
    expect(node.calls[0]?.authorization).toBe(`Basic ${btoa('miner:secret')}`);
  });

  test('is waited for by a few calls of one kind at once; those of another kind go past', async () => {
    const { promise, resolve } = Promise.withResolvers<{ result: unknown }>();
    await using node = await FakeNode.listen({ ask: () => promise, submit: () => ({ result: null }) });
    using client = clientOf(node);
    const asked = Promise.all(Array.from({ length: 100 }, () => client.call('ask', [], { lane: 'confirm' })));
    await node.called('ask', LIMITS.callsAtOnce);
    await client.call('submit', [], { lane: 'submit' });
    expect(node.count('ask')).toBe(LIMITS.callsAtOnce);
    resolve({ result: 'known' });
    expect(new Set(await asked)).toEqual(new Set(['known']));
  });

  const faults = [
    {
      name: 'an error of the node’s, with HTTP 500',
      answer: { error: { code: -8, message: 'Block height out of range' } },
      code: 'rpc',
      message: 'ask: Block height out of range (code -8)',
    },
    {
      name: 'an error of the node’s, with HTTP 200',
      answer: { status: 200, body: '{"result":null,"error":{"code":-5,"message":"Block not found"},"id":1}' },
      code: 'rpc',
      message: 'ask: Block not found (code -5)',
    },
    {
      name: 'a web page',
      answer: { status: 200, body: '<html>' },
      code: 'malformed',
      message: 'ask: the answer is not JSON',
    },
    {
      name: 'bytes that are not text',
      answer: { status: 200, body: Uint8Array.of(0xff, 0xfe) },
      code: 'malformed',
      message: 'ask: the answer is not JSON',
    },
    {
      name: 'JSON that is no object',
      answer: { status: 200, body: '[]' },
      code: 'malformed',
      message: 'ask: the answer is not an object',
    },
    {
      name: 'an object without a result',
      answer: { status: 200, body: '{}' },
      code: 'malformed',
      message: 'ask: the answer has no result',
    },
    {
      name: 'an error that is text',
      answer: { status: 200, body: '{"error":"no"}' },
      code: 'malformed',
      message: "ask: the answer's error is not an object",
    },
    {
      name: 'HTTP 502 from something in between',
      answer: { status: 502, body: 'Bad Gateway' },
      code: 'malformed',
      message: 'ask: HTTP 502 without a JSON-RPC answer',
    },
    {
      name: 'HTTP 403',
      answer: { status: 403, body: '' },
      code: 'forbidden',
      message: 'ask: the node does not allow this call from here (HTTP 403)',
    },
    {
      name: 'HTTP 503',
      answer: { status: 503, body: 'Work queue depth exceeded' },
      code: 'busy',
      message: "ask: the node's work queue is full (HTTP 503)",
    },
    {
      name: 'HTTP 401',
      answer: { status: 401, body: '' },
      code: 'unauthorized',
      message: 'the node refuses our credentials (HTTP 401)',
    },
  ] as const;
  for (const { name, answer, code, message } of faults) {
    test(`that is ${name} is the error ${code}`, async () => {
      await using node = await FakeNode.listen({ ask: () => answer });
      using client = clientOf(node);
      await expect(client.call('ask')).rejects.toMatchObject({ name: 'RpcError', code, message });
      expect(node.count('ask')).toBe(1);
    });
  }

  test('that ends half-way is unreachable', async () => {
    await using node = await FakeNode.listen({ ask: () => 'cut' });
    using client = clientOf(node);
    await expect(client.call('ask')).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('that is not HTTP is malformed', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    using client = clientOf({ url: `http://127.0.0.1:${address.port}` });
    await expect(client.call('ask')).rejects.toMatchObject({ code: 'malformed' });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test('over its limit is refused, whether its length is declared or not', async () => {
    const large = 'x'.repeat(LIMITS.maxAnswer + 1);
    await using node = await FakeNode.listen({ ask: () => ({ status: 200, body: large }) });
    using client = clientOf(node);
    await expect(client.call('ask')).rejects.toMatchObject({ code: 'answer-too-large' });
    await expect(client.call('ask', [], { maxBytes: 10 })).rejects.toMatchObject({
      code: 'answer-too-large',
      details: { maxBytes: 10 },
    });
  });

  test('that does not come is given up after its time', async () => {
    await using node = await FakeNode.listen({ ask: () => 'silence' });
    using client = clientOf(node);
    const call = expect(client.call('ask')).rejects.toMatchObject({ code: 'timeout' });
    await node.called('ask');
    clock.advance(LIMITS.callTimeoutMs);
    await call;
    expect(clock.pending).toBe(0);
  });

  test('that nobody waits for any more is left, and the node sees it', async () => {
    await using node = await FakeNode.listen({ ask: () => 'silence' });
    using client = clientOf(node);
    const abort = new AbortController();
    const call = expect(client.call('ask', [], { signal: abort.signal })).rejects.toBe('enough');
    await node.called('ask');
    abort.abort('enough');
    await call;
    const gone = node.calls[0]?.gone;
    if (gone?.aborted === false) await once(gone, 'abort');
  });
});

test('a kept connection that the node closed meanwhile costs nothing', async () => {
  await using node = await FakeNode.listen({ ask: () => ({ result: 1 }) });
  using client = clientOf(node);
  await client.call('ask');
  node.dropIdleConnections();
  expect(await client.call('ask')).toBe(1);
});

test('a node that is not there is unreachable', async () => {
  const node = await FakeNode.listen();
  await node[Symbol.asyncDispose]();
  using client = clientOf(node);
  await expect(client.call('ask')).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/^127\.0\.0\.1:\d+ cannot be reached: nobody listens there \(ECONNREFUSED\)$/),
    details: { systemCode: 'ECONNREFUSED' },
  });
});

test('an address that is not http is refused before anything is sent', () => {
  expect(() => clientOf({ url: 'https://127.0.0.1:8332' })).toThrow(/must be an http: address/);
});

describe('a batch', () => {
  test('has its answers in the order asked, errors among them', async () => {
    const refusal = { code: -5, message: 'No such transaction' };
    await using node = await FakeNode.listen({
      ask: ({ params }) => (params[0] === 2 ? { error: refusal } : { result: params[0] }),
    });
    using client = clientOf(node);
    expect(await client.batch('ask', [[1], [2], [3]])).toEqual([
      { kind: 'result', value: 1 },
      { kind: 'error', error: expect.objectContaining({ code: 'rpc', message: 'ask: No such transaction (code -5)' }) },
      { kind: 'result', value: 3 },
    ]);
  });

  const faults = [
    { name: 'out of order is put in order', body: '[{"id":1,"result":"b"},{"id":0,"result":"a"}]', values: ['a', 'b'] },
    { name: 'that misses one', body: '[{"id":1,"result":"b"}]', message: 'ask: call 0 of a batch was not answered' },
    {
      name: 'that is refused as a whole',
      body: '{"error":{"code":-32600,"message":"no"}}',
      message: 'ask: no (code -32600)',
    },
    { name: 'that is no list', body: '{"result":1}', message: 'ask: the answer to a batch is not a list' },
    {
      name: 'of something else',
      body: '[1,{"id":"0","result":1},null]',
      message: 'ask: call 0 of a batch was not answered',
    },
    { name: 'without results', body: '[{"id":0},{"id":1}]', message: 'ask: the answer has no result' },
  ];
  test.each(faults)('$name', async ({ body, values, message }) => {
    await using node = await FakeNode.listen({ ask: () => ({ status: 200, body }) });
    using client = clientOf(node);
    const answer = client.batch('ask', [[], []]);
    if (message !== undefined) await expect(answer).rejects.toThrow(message);
    else expect(await answer).toEqual(values.map((value) => ({ kind: 'result', value })));
  });
});

describe('a cookie', () => {
  let folder = '';
  let cookieFile = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sv2kit-cookie-'));
    cookieFile = join(folder, '.cookie');
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('that the node wrote anew at its restart is read anew on 401, once', async () => {
    let expected = 'old';
    await using node = await FakeNode.listen({
      ask: ({ authorization }) =>
        authorization === `Basic ${btoa(`__cookie__:${expected}`)}` ? { result: 1 } : { status: 401, body: '' },
    });
    await writeFile(cookieFile, '__cookie__:old\n');
    const client = createRpcClient({ url: node.url, credentials: { cookieFile }, clock });
    expect(await client.call('ask')).toBe(1);
    expected = 'new';
    await writeFile(cookieFile, '__cookie__:new\n');
    expect(await client.call('ask')).toBe(1);
    expected = 'another';
    await expect(client.call('ask')).rejects.toMatchObject({ code: 'unauthorized' });
    expect(node.count('ask')).toBe(5);
    client.close();
  });

  test('that is not there is named, without asking the node', async () => {
    await using node = await FakeNode.listen();
    const missing = join(folder, 'missing');
    const client = createRpcClient({ url: node.url, credentials: { cookieFile: missing }, clock });
    await expect(client.call('ask')).rejects.toMatchObject({ code: 'unauthorized', details: { cookieFile: missing } });
    expect(node.calls).toEqual([]);
    client.close();
  });
});
