import { displayHash, fromDisplayHash, sha256d } from '@sv2kit/bitcoin';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { XPublisher } from 'zeromq';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createRpcNode, LIMITS, type Logger, type WholeTemplate, type RpcNodeOptions } from '../src/index.ts';
import type { RpcNode } from '../src/rpc/rpc-node.ts';
import { type FakeAnswer, FakeNode, templateJson, transactionJson } from './fake-node.ts';

const NEVER = 1e9;
let clock: VirtualClock;
let fake: FakeNode;
let node: RpcNode;
let abort: AbortController;
let lines: string[];

const recorder: Logger = {
  ...silentLogger,
  info: (message) => lines.push(message),
  warn: (message, fields) => lines.push(`${message}: ${String(fields?.['reason'])}`),
  error: (message) => lines.push(message),
  child: () => recorder,
};

function open(options: Partial<RpcNodeOptions> = {}): RpcNode {
  node = createRpcNode({ url: fake.url, user: 'u', password: 'p', clock, log: recorder, random: () => 0, ...options });
  return node;
}

function templates(): AsyncIterator<WholeTemplate> {
  return node.templates(abort.signal)[Symbol.asyncIterator]();
}

async function next(iterator: AsyncIterator<WholeTemplate>): Promise<WholeTemplate> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('the templates ended');
  return result.value;
}

/** Lets time pass, a step at a time, until `until` has happened. */
async function passUntil<T>(until: Promise<T>, stepMs = 100): Promise<T> {
  let over = false;
  const settled = (): void => {
    over = true;
  };
  until.then(settled, settled);
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advanceAsync(stepMs);
  }
  return await until;
}

beforeEach(async () => {
  clock = new VirtualClock();
  abort = new AbortController();
  lines = [];
  fake = await FakeNode.listen({
    getblocktemplate: ({ params }) => (hasLongPollId(params) ? 'silence' : { result: templateJson() }),
  });
});
afterEach(async () => {
  abort.abort();
  await node.close();
  await fake[Symbol.asyncDispose]();
});

function hasLongPollId(params: readonly unknown[]): boolean {
  return JSON.stringify(params).includes('longpollid');
}

describe('templates wait for a node', () => {
  const waits: readonly { readonly name: string; readonly answer: FakeAnswer; readonly health: object }[] = [
    {
      name: 'that is still downloading the chain',
      answer: { error: { code: -10, message: 'Bitcoin is in initial sync and waiting for blocks...' } },
      health: { state: 'ibd', reason: 'the node has downloaded 100 of 100 blocks' },
    },
    {
      name: 'that has no peers',
      answer: { error: { code: -9, message: 'Bitcoin is not connected!' } },
      health: { state: 'away', reason: 'the node has no peers' },
    },
    {
      name: 'that is starting',
      answer: { error: { code: -28, message: 'Loading block index…' } },
      health: { state: 'away', reason: 'getblocktemplate: Loading block index… (code -28)' },
    },
    {
      name: 'that answers with nonsense',
      answer: { status: 200, body: '{"result":{"height":"high"}}' },
      health: { state: 'away', reason: 'getblocktemplate: result.transactions is not a list' },
    },
    {
      name: 'that breaks off in the middle of its answer',
      answer: 'cut',
      health: { state: 'away' },
    },
    {
      name: 'that refuses our credentials',
      answer: { status: 401, body: '' },
      health: { state: 'away', reason: 'the node refuses our credentials (HTTP 401)' },
    },
    {
      name: 'whose answer is over the limit',
      answer: { status: 200, body: 'x'.repeat(LIMITS.maxTemplateAnswer + 1) },
      health: { state: 'away' },
    },
  ];
  for (const { name, answer, health } of waits) {
    test(`${name}, say why, and go on when it is over`, async () => {
      fake.on('getblocktemplate', () => answer);
      open();
      const first = next(templates());
      await passUntil(fake.called('getblocktemplate', 3));
      expect(node.health()).toMatchObject(health);
      fake.on('getblocktemplate', ({ params }) => (hasLongPollId(params) ? 'silence' : { result: templateJson() }));
      expect((await passUntil(first)).height).toBe(101);
      expect(node.health()).toMatchObject({ state: 'ok', chain: 'regtest', tipHeight: 100 });
      expect(lines.filter((line) => line.startsWith('node is')).length).toBeGreaterThanOrEqual(2);
      expect(lines.at(-1)).toBe('node is ready');
    });
  }

  test('on another chain than the configured one, and never mine on it', async () => {
    open({ chain: 'mainnet' });
    const first = next(templates());
    await passUntil(fake.called('getblockchaininfo', 3));
    expect(node.health()).toMatchObject({ state: 'away', reason: 'the node is on regtest, not on mainnet' });
    expect(fake.count('getblocktemplate')).toBe(0);
    fake.on('getblockchaininfo', () => ({ result: { chain: 'main', blocks: 1, headers: 1 } }));
    expect((await passUntil(first)).height).toBe(101);
  });

  test('at growing intervals, at most ten seconds apart', async () => {
    fake.on('getblocktemplate', () => ({ error: { code: -9, message: 'not connected' } }));
    const at: number[] = [];
    fake.on('getblocktemplate', () => {
      at.push(clock.now());
      return { error: { code: -9, message: 'not connected' } };
    });
    open({ random: () => 0.999_999 });
    void templates().next();
    await passUntil(fake.called('getblocktemplate', 9), 50);
    const gaps = at.slice(1).map((ms, index) => ms - (at[index] ?? 0));
    expect(gaps[0]).toBeLessThan(1_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(11_000);
    expect(gaps.at(-1)).toBeGreaterThan(9_000);
  });
});

test('health has the height of the latest tip, whoever takes templates or tips', async () => {
  open({ pollIntervalMs: 1_000 });
  await passUntil(fake.called('getbestblockhash', 1));
  announce('bb');
  await passUntil(fake.called('getbestblockhash', 4));
  expect(node.health()).toMatchObject({ state: 'ok', tipHeight: 101 });
});

describe('a stream of templates', () => {
  test('follows the long poll, and says when the tip changed', async () => {
    const answer = Promise.withResolvers<FakeAnswer>();
    fake.on('getblocktemplate', ({ params }) => {
      if (!hasLongPollId(params)) return { result: templateJson() };
      expect(params).toEqual([{ rules: ['segwit', 'signet'], longpollid: 'poll-1' }]);
      return answer.promise;
    });
    open();
    const iterator = templates();
    expect(await next(iterator)).toMatchObject({ height: 101, bestBlockChanged: true });
    const second = next(iterator);
    answer.resolve({
      result: templateJson({ height: 102, previousblockhash: '01'.repeat(32), longpollid: 'poll-2' }),
    });
    expect(await second).toMatchObject({ height: 102, bestBlockChanged: true });
  });

  test('asks by itself for better fees on the same tip, and keeps still when there are none', async () => {
    open({ refreshIntervalMs: 5_000 });
    const iterator = templates();
    await next(iterator);
    const second = next(iterator);
    await passUntil(fake.called('getblocktemplate', 5), 1_000);
    const better = templateJson({ coinbasevalue: 5_000_001_001, transactions: [transactionJson(1)] });
    fake.on('getblocktemplate', ({ params }) => (hasLongPollId(params) ? 'silence' : { result: better }));
    expect(await passUntil(second, 1_000)).toMatchObject({ coinbaseValue: 5_000_001_001n, bestBlockChanged: false });
  });

  test('does without a long poll that the node does not offer', async () => {
    fake.on('getblocktemplate', () => ({ result: templateJson({ longpollid: undefined }) }));
    open({ refreshIntervalMs: NEVER });
    const iterator = templates();
    await next(iterator);
    const second = next(iterator);
    await passUntil(fake.called('getbestblockhash', 2));
    fake.on('getblocktemplate', () => ({
      result: templateJson({ longpollid: undefined, height: 102, previousblockhash: 'bb'.repeat(32) }),
    }));
    announce('bb');
    expect(await passUntil(second)).toMatchObject({ height: 102 });
  });

  test('asks for no long poll once the node has announced a block over ZMQ, and again when it missed one', async () => {
    const POLL_MS = 1e8;
    const publisher = new XPublisher();
    await publisher.bind('tcp://127.0.0.1:*');
    onTestFinished(() => publisher.close());
    open({ refreshIntervalMs: NEVER, pollIntervalMs: POLL_MS, zmqHashBlock: publisher.lastEndpoint ?? '' });
    const iterator = templates();
    await next(iterator);
    const longPolls = () => fake.calls.filter(({ params }) => hasLongPollId(params)).length;
    const give = (height: number, byte: string) => {
      announce(byte);
      const result = templateJson({ height, previousblockhash: byte.repeat(32) });
      fake.on('getblocktemplate', ({ params }) => (hasLongPollId(params) ? 'silence' : { result }));
    };

    const second = next(iterator);
    await passUntil(fake.called('getbestblockhash', 1));
    give(102, 'bb');
    await publisher.receive(); // the subscription has arrived, so that one announcement is enough
    await publisher.send(['hashblock', Buffer.alloc(32, 0xbb), Buffer.alloc(4)]);
    expect(await passUntil(second)).toMatchObject({ height: 102 });
    expect(longPolls()).toBe(1);

    const third = next(iterator);
    give(103, 'cc');
    // Every other tick polls; calls on their way must not see days go by.
    await clock.advanceAsync(2 * POLL_MS);
    expect(await passUntil(third)).toMatchObject({ height: 103 });
    expect(longPolls()).toBe(1);

    void next(iterator).catch(() => {});
    await passUntil(fake.called('getblocktemplate', 5));
    expect(longPolls()).toBe(2);
  });

  test('does not wait for a long poll whose connection died silently', async () => {
    open({ refreshIntervalMs: NEVER });
    const iterator = templates();
    await next(iterator);
    const second = next(iterator);
    await passUntil(fake.called('getblocktemplate', 2));
    fake.on('getblocktemplate', ({ params }) =>
      hasLongPollId(params) ? 'silence' : { result: templateJson({ height: 102, previousblockhash: 'bb'.repeat(32) }) },
    );
    announce('bb');
    expect(await passUntil(second)).toMatchObject({ height: 102 });
  });

  test('ends when its reader leaves, and so does the long poll', async () => {
    open();
    const iterator = templates();
    await next(iterator);
    const pending = iterator.next();
    await passUntil(fake.called('getblocktemplate', 2));
    abort.abort();
    expect(await pending).toEqual({ done: true, value: undefined });
    const longPoll = fake.calls.find(({ params }) => hasLongPollId(params));
    if (longPoll?.gone.aborted === false) {
      await new Promise((resolve) => longPoll.gone.addEventListener('abort', resolve, { once: true }));
    }
  });
});

/** The fake's best block becomes this one. */
function announce(byte: string, parent = 'aa'): void {
  fake.on('getbestblockhash', () => ({ result: byte.repeat(32) }));
  fake.on('getblockheader', () => ({
    result: {
      confirmations: 1,
      height: 101,
      bits: '207fffff',
      mediantime: 1_700_000_000,
      previousblockhash: parent.repeat(32),
    },
  }));
}

test('tips are known before their templates, in order, without a repetition', async () => {
  open();
  const tips = node.tips(abort.signal)[Symbol.asyncIterator]();
  const first = tips.next();
  await passUntil(fake.called('getbestblockhash'));
  announce('bb');
  expect((await passUntil(first)).value).toEqual({
    hash: fromDisplayHash('bb'.repeat(32)),
    previousHash: fromDisplayHash('aa'.repeat(32)),
    height: 101,
    nbits: 0x207f_ffff,
    medianTime: 1_700_000_000,
    receivedAtMs: expect.any(Number),
  });
  const second = tips.next();
  await passUntil(fake.called('getbestblockhash', fake.count('getbestblockhash') + 3));
  announce('cc', 'bb');
  expect((await passUntil(second)).value).toMatchObject({ hash: fromDisplayHash('cc'.repeat(32)) });
});

describe('a block', () => {
  const block = Uint8Array.from({ length: 200 }, (_, index) => index);
  const hash = displayHash(sha256d(block.subarray(0, 80)));

  test('never waits behind a long poll or anything else', async () => {
    for (const method of ['getblocktemplate', 'getbestblockhash', 'getblockchaininfo'])
      fake.on(method, () => 'silence');
    fake.on('submitblock', ({ params }) => ({
      result: params[0] === Buffer.from(block).toString('hex') ? null : 'no',
    }));
    open();
    void templates().next();
    expect(await node.submitBlock(block)).toEqual({ kind: 'accepted' });
  });

  test('that the node had already is a duplicate', async () => {
    fake.on('submitblock', () => ({ result: 'duplicate' }));
    expect(await open().submitBlock(block)).toEqual({ kind: 'duplicate' });
  });

  test.each([
    { word: 'inconclusive', confirmations: 1, result: { kind: 'accepted' } },
    { word: 'duplicate-inconclusive', confirmations: 3, result: { kind: 'duplicate' } },
    { word: 'inconclusive', confirmations: -1, result: { kind: 'inconclusive' } },
  ])(
    'of which the node says $word is looked up: $confirmations confirmations',
    async ({ word, confirmations, result }) => {
      fake.on('submitblock', () => ({ result: word }));
      fake.on('getblockheader', ({ params }) => {
        expect(params).toEqual([hash, true]);
        return { result: { confirmations, height: 101 } };
      });
      expect(await open().submitBlock(block)).toMatchObject(result);
    },
  );

  test('that the node does not want is rejected with its reason', async () => {
    fake.on('submitblock', () => ({ result: 'bad-txnmrklroot' }));
    expect(await open().submitBlock(block)).toEqual({ kind: 'rejected', reason: 'bad-txnmrklroot' });
    fake.on('submitblock', () => ({ error: { code: -22, message: 'Block decode failed' } }));
    expect(await node.submitBlock(block)).toEqual({
      kind: 'rejected',
      reason: 'submitblock: Block decode failed (code -22)',
    });
  });

  const passing: readonly FakeAnswer[] = [
    'cut',
    { status: 503, body: '' },
    { status: 502, body: 'Bad Gateway' },
    { status: 401, body: '' },
    { error: { code: -28, message: 'Loading block index…' } },
    { error: { code: -25, message: 'System error: no space left on device' } },
    { error: { code: -20, message: 'Database error' } },
    { error: { code: -1, message: 'bad_alloc' } },
    { error: { code: -32603, message: 'Internal error' } },
    { result: 'prev-blk-not-found' },
    { result: 'time-too-new' },
  ];
  test.each(passing)('is offered again after %j', async (answer) => {
    let isBack = false;
    fake.on('submitblock', () => (isBack ? { result: 'duplicate' } : answer));
    const result = open().submitBlock(block);
    await passUntil(fake.called('submitblock', 2));
    isBack = true;
    expect(await passUntil(result)).toEqual({ kind: 'duplicate' });
  });

  test('for which a node never answers is given up in the end, and says so', async () => {
    fake.on('submitblock', () => ({ status: 503, body: '' }));
    const result = await passUntil(open().submitBlock(block), 30_000);
    expect(result).toMatchObject({ kind: 'unreachable' });
    expect(lines).toContain('block not submitted: the node did not answer');
  });

  test('that stays too early for the node is rejected in the end, with its reason', async () => {
    fake.on('submitblock', () => ({ result: 'time-too-new' }));
    const result = await passUntil(open().submitBlock(block), 30_000);
    expect(result).toEqual({ kind: 'rejected', reason: 'time-too-new' });
  });

  test('stands where the chain says', async () => {
    fake.on('getblockheader', () => ({ error: { code: -5, message: 'Block not found' } }));
    open();
    expect(await node.confirm(fromDisplayHash(hash))).toEqual({ inBestChain: false, confirmations: 0 });
    fake.on('getblockheader', () => ({ result: { confirmations: -1, height: 7 } }));
    expect(await node.confirm(fromDisplayHash(hash))).toEqual({ inBestChain: false, confirmations: 0, height: 7 });
    fake.on('getblockheader', () => ({ result: { confirmations: 2, height: 7 } }));
    expect(await node.confirm(fromDisplayHash(hash))).toEqual({ inBestChain: true, confirmations: 2, height: 7 });
  });
});

test('a node without credentials is refused', () => {
  open();
  expect(() => createRpcNode({ url: fake.url, user: 'u', clock, log: silentLogger })).toThrow(/cookie file or a user/);
});
