import { displayHash, parseTransaction, sha256d } from '@sv2kit/bitcoin';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JobToCheck, type JobVerdict, LIMITS } from '../src/index.ts';
import { CheckerThread } from '../src/job-check/checker-thread.ts';
import type { FromChecker } from '../src/job-check/messages.ts';
import { packJob } from '../src/job-check/pack-job.ts';
import { type FakeAnswer, FakeNode, templateJson } from './fake-node.ts';
import { jobOf, OP_TRUE, type Outpoint, spending } from './job-factory.ts';

const BEST = String(templateJson()['previousblockhash']);
const TIP = Uint8Array.from(Buffer.from(BEST, 'hex')).reverse();
const VALUE = 5_000_000_000n;
const coin = (seed: number): Outpoint => ({ txid: sha256d(Uint8Array.of(seed)), index: 0, value: 10_000n });
const pay = (from: Outpoint, fee = 1_000n): Uint8Array =>
  spending([from], [{ value: from.value - fee, script: OP_TRUE }]);

let clock: VirtualClock;
let fake: FakeNode;
let thread: CheckerThread | undefined;
let messages: FromChecker[];
let waiters: (() => void)[];
let proposals: (() => FakeAnswer | Promise<FakeAnswer>)[];
let nextId = 0;

/** A thread whose node answers proposals as told, oldest answer first. */
function open(concurrency = 2): CheckerThread {
  const settings = {
    url: fake.url,
    credentials: { user: 'u', password: 'p' },
    chain: 'regtest' as const,
    knownBlocks: undefined,
    pollIntervalMs: 1_000,
    mempoolIntervalMs: 1_000,
    concurrency,
  };
  const own = messages;
  thread = new CheckerThread(settings, clock, silentLogger, (message) => {
    own.push(message);
    for (const wake of waiters.splice(0)) wake();
  });
  return thread;
}

/** Resolves with the first message that fits. */
async function message<K extends FromChecker['kind']>(
  kind: K,
  fits: (found: FromChecker & { kind: K }) => boolean = () => true,
): Promise<FromChecker & { kind: K }> {
  for (;;) {
    for (const one of messages) if (one.kind === kind && fits(one as never)) return one as never;
    await new Promise<void>((resolve) => waiters.push(resolve));
  }
}

async function ready(concurrency?: number): Promise<CheckerThread> {
  const opened = open(concurrency);
  await message('tip');
  return opened;
}

function start(on: CheckerThread, job: JobToCheck, lane = ''): number {
  const id = (nextId += 1);
  on.on({ kind: 'check', id, job: packJob({ ...job, lane }), tip: TIP });
  return id;
}

async function verdict(id: number): Promise<JobVerdict> {
  return (await message('verdict', (found) => found.id === id)).verdict;
}

async function check(job: JobToCheck): Promise<JobVerdict> {
  return await verdict(start(await ready(), job));
}

const empty = jobOf({ height: 101, value: 0n, transactions: [] });
const providing = (...transactions: Uint8Array[]): JobToCheck =>
  jobOf({ height: 101, value: 0n, transactions, provide: Array.from(transactions.keys()) });

beforeEach(async () => {
  clock = new VirtualClock();
  messages = [];
  proposals = [];
  waiters = [];
  fake = await FakeNode.listen({
    getbestblockhash: () => ({ result: BEST }),
    getrawmempool: () => ({ result: [] }),
    getblocktemplate: async ({ params }) => {
      const isProposal = JSON.stringify(params).includes('proposal');
      return isProposal ? await (proposals.shift() ?? (() => ({ result: null })))() : { result: templateJson() };
    },
    gettxout: () => ({ result: { bestblock: BEST, confirmations: 1, value: 0.0001, coinbase: false } }),
  });
});
afterEach(async () => {
  await thread?.close();
  thread = undefined;
  await fake[Symbol.asyncDispose]();
});

test('what is no txid in a block is passed over', async () => {
  const opened = await ready();
  const paid = pay(coin(1));
  expect(await verdict(start(opened, providing(paid)))).toMatchObject({ kind: 'valid' });
  const next = 'cd'.repeat(32);
  const { txid } = parseTransaction(paid);
  fake.on('getblock', () => ({ result: { tx: ['not a txid', 7, displayHash(txid)] } }));
  fake.on('getbestblockhash', () => ({ result: next }));
  fake.on('getblocktemplate', () => ({ result: templateJson({ previousblockhash: next, height: 102 }) }));
  const isSwept = (one: FromChecker): boolean => one.kind === 'status' && one.status.validated === 0;
  messages.splice(0, messages.length);
  while (!messages.some(isSwept)) await clock.advanceAsync(1_000);
});

test('a transaction whose old signatures may cost the node half a minute is refused, unless the node has it itself', async () => {
  const large = spending([coin(1)], [{ value: 9_000n, script: new Uint8Array(LIMITS.maxStrangerBytes).fill(0x51) }]);
  const opened = await ready();
  const refused = { kind: 'invalid', reason: 'tx-size' };
  expect(await verdict(start(opened, providing(pay(coin(2)), large)))).toEqual(refused);
  expect(fake.count('gettxout')).toBe(0);
  const own = parseTransaction(large);
  fake.on('getrawmempool', () => ({ result: [displayHash(own.txid)] }));
  fake.on('getmempoolentry', () => ({
    result: { wtxid: displayHash(own.wtxid), weight: own.weight, fees: { base: 0.00001 } },
  }));
  fake.on('getrawtransaction', () => ({ result: Buffer.from(large).toString('hex') }));
  const isKnown = (one: FromChecker): boolean => one.kind === 'status' && one.status.known === 1;
  while (!messages.some(isKnown)) await clock.advanceAsync(1_000);
  expect(await verdict(start(opened, providing(large)))).toMatchObject({ kind: 'valid' });
});

describe('a checker whose node has no template says why', () => {
  const cases: readonly { readonly name: string; readonly answer: FakeAnswer; readonly reason: string }[] = [
    {
      name: 'while it is still downloading the chain',
      answer: { error: { code: -10, message: 'Bitcoin is in initial sync and waiting for blocks...' } },
      reason: 'the node has downloaded 100 of 100 blocks',
    },
    {
      name: 'while it has no peers',
      answer: { error: { code: -9, message: 'Bitcoin is not connected!' } },
      reason: 'the node has no peers',
    },
    {
      name: 'while it talks nonsense',
      answer: { status: 200, body: '{"result":{"height":"high"}}' },
      reason: 'getblocktemplate: result.transactions is not a list',
    },
  ];
  test.each(cases)('$name, and goes on when that is over', async ({ answer, reason }) => {
    fake.on('getblocktemplate', () => answer);
    open();
    expect(await message('away')).toMatchObject({ reason });
    fake.on('getblocktemplate', () => ({ result: templateJson() }));
    await clock.advanceAsync(1_000);
    expect((await message('tip')).tip).toMatchObject({ hash: TIP, height: 100, nbits: 0x207f_ffff });
  });

  test('when it is on another chain', async () => {
    fake.on('getblockchaininfo', () => ({ result: { chain: 'main', blocks: 1, headers: 1 } }));
    open();
    expect(await message('away')).toMatchObject({ reason: 'the node is on mainnet, not on regtest' });
  });
});

test('a checker whose node is too busy for a moment keeps its tip; one that is for long loses it', async () => {
  await ready();
  fake.on('getbestblockhash', () => ({ status: 503, body: 'Work queue depth exceeded' }));
  for (let times = 2; times <= LIMITS.busyAnswers; times += 1) {
    expect(messages.some(({ kind }) => kind === 'away')).toBe(false);
    clock.advance(1_000);
    await fake.called('getbestblockhash', times);
  }
  expect(messages.some(({ kind }) => kind === 'away')).toBe(false);
  while (!messages.some(({ kind }) => kind === 'away')) await clock.advanceAsync(1_000);
  expect(await message('away')).toMatchObject({ reason: "getbestblockhash: the node's work queue is full (HTTP 503)" });
});

describe('the answer to a proposal', () => {
  const words: readonly {
    readonly answer: FakeAnswer;
    readonly expected: JobVerdict['kind'];
    readonly reason?: string;
  }[] = [
    { answer: { result: null }, expected: 'valid' },
    { answer: { result: 'bad-txnmrklroot' }, expected: 'invalid', reason: 'bad-txnmrklroot' },
    { answer: { result: 'duplicate-invalid' }, expected: 'invalid', reason: 'duplicate-invalid' },
    { answer: { result: 'inconclusive-not-best-prevblk' }, expected: 'stale' },
    { answer: { result: 'duplicate' }, expected: 'stale' },
    { answer: { result: 'duplicate-inconclusive' }, expected: 'stale' },
    {
      answer: { error: { code: -22, message: 'Block decode failed' } },
      expected: 'invalid',
      reason: 'block-decode-failed',
    },
    { answer: { error: { code: -25, message: 'error' } }, expected: 'unavailable', reason: 'error (code -25)' },
    {
      answer: { status: 503, body: 'Work queue depth exceeded' },
      expected: 'unavailable',
      reason: 'work queue is full',
    },
    { answer: { result: { capabilities: [] } }, expected: 'unavailable', reason: 'not a word' },
    { answer: { status: 200, body: 'nonsense' }, expected: 'unavailable', reason: 'not JSON' },
    { answer: 'cut', expected: 'unavailable', reason: 'cannot be reached' },
  ];
  test.each(words)('$answer: the job is $expected', async ({ answer, expected, reason }) => {
    proposals.push(() => answer);
    const found = await check(empty);
    expect(found).toMatchObject({ kind: expected });
    if (reason !== undefined) expect(found).toMatchObject({ reason: expect.stringContaining(reason) });
  });

  test('that does not come is waited for so long and no longer', async () => {
    proposals.push(() => 'silence');
    const id = start(await ready(), empty);
    await fake.called('getblocktemplate', 2);
    await clock.advanceAsync(LIMITS.checkTimeoutMs);
    expect(await verdict(id)).toEqual({ kind: 'unavailable', reason: expect.stringContaining('no answer') });
  });

  test('that nobody waits for any more keeps its place until it comes: the node works on it all the same', async () => {
    const gate = Promise.withResolvers<FakeAnswer>();
    proposals.push(() => gate.promise);
    const on = await ready(1);
    const id = start(on, empty);
    await fake.called('getblocktemplate', 2);
    on.on({ kind: 'abort', id });
    const next = start(on, empty, 'b');
    await clock.advanceAsync(LIMITS.statusIntervalMs);
    await message('status', ({ status }) => status.waiting === 1);
    expect(fake.count('getblocktemplate')).toBe(2);
    gate.resolve({ result: null });
    expect(await verdict(next)).toMatchObject({ kind: 'valid' });
    expect(messages.filter(({ kind }) => kind === 'verdict')).toHaveLength(1);
    await message('status', ({ status }) => status.jobs === 1 && status.running === 0);
  });

  test('is not asked for when the block is larger than any', async () => {
    const outputs = Array.from({ length: 10_000 }, () => ({ value: 0n, script: OP_TRUE }));
    const huge = Array.from({ length: 41 }, (_, index) => spending([coin(index)], outputs));
    expect(await check(providing(...huge))).toEqual({ kind: 'invalid', reason: 'bad-blk-weight' });
    expect(fake.count('getblocktemplate')).toBe(1);
  });

  test('is not asked for when the block weighs more than any', async () => {
    const outputs = Array.from({ length: 10_000 }, () => ({ value: 0n, script: OP_TRUE }));
    const heavy = Array.from({ length: 11 }, (_, index) => spending([coin(index)], outputs));
    expect(await check(providing(...heavy))).toEqual({ kind: 'invalid', reason: 'bad-blk-length' });
    expect(fake.count('getblocktemplate')).toBe(1);
  });

  test('is not asked for when the tip is not the one that the job was made for', async () => {
    const on = await ready();
    on.on({ kind: 'check', id: 0, job: packJob(empty), tip: new Uint8Array(32) });
    expect(await verdict(0)).toEqual({ kind: 'stale' });
    expect(fake.count('getblocktemplate')).toBe(1);
  });
});

describe('the fees of provided transactions', () => {
  test('come from the outputs that they spend', async () => {
    fake.on('gettxout', ({ params }) => ({
      result: { bestblock: BEST, value: params[0] === displayHash(coin(1).txid) ? 20_999_999.9769 : 0.0001 },
    }));
    const spends = pay(coin(1), 10_000n - 2_099_999_997_680_000n);
    const found = await check(providing(spends, pay(coin(2), 777n)));
    const { outputs } = parseTransaction(spends);
    const fee = 2_099_999_997_690_000n - (outputs[0]?.value ?? 0n);
    expect(found).toMatchObject({ kind: 'valid', value: VALUE + fee + 777n });
  });

  const answers: readonly { readonly name: string; readonly answer: FakeAnswer; readonly expected: object }[] = [
    { name: 'spent by now: the tip moved', answer: { result: null }, expected: { kind: 'stale' } },
    {
      name: 'of another tip',
      answer: { result: { bestblock: 'cc'.repeat(32), value: 1 } },
      expected: { kind: 'stale' },
    },
    {
      name: 'no amount',
      answer: { result: { bestblock: BEST, value: 22_000_000 } },
      expected: { kind: 'unavailable', reason: 'gettxout: result.value is not an amount' },
    },
    {
      name: 'an error',
      answer: { error: { code: -1, message: 'no' } },
      expected: { kind: 'unavailable', reason: 'gettxout: no (code -1)' },
    },
    {
      name: 'the answer to something else',
      answer: { status: 200, body: '[{"id":7,"result":null}]' },
      expected: { kind: 'unavailable', reason: 'gettxout: call 0 of a batch was not answered' },
    },
    {
      name: 'no list',
      answer: { status: 200, body: '{"result":null}' },
      expected: { kind: 'unavailable', reason: 'gettxout: the answer to a batch is not a list' },
    },
  ];
  test.each(answers)('are not made up when the node says $name', async ({ answer, expected }) => {
    fake.on('gettxout', () => answer);
    expect(await check(providing(pay(coin(1))))).toEqual(expected);
  });
});

describe('checks at the node', () => {
  test('are so many at once, and lanes take turns', async () => {
    const order: number[] = [];
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<FakeAnswer>());
    const arrivals = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    gates.forEach(({ promise }, index) => {
      proposals.push(() => {
        arrivals[index]?.resolve();
        return promise;
      });
    });
    const on = await ready(1);
    const ids = [start(on, empty, 'a'), start(on, empty, 'a'), start(on, empty, 'a'), start(on, empty, 'b')];
    const all = ids.map(async (id) => {
      await verdict(id);
      order.push(id);
    });
    for (const [index, gate] of gates.entries()) {
      await arrivals[index]?.promise;
      expect(fake.count('getblocktemplate')).toBe(2 + index);
      gate.resolve({ result: null });
      await message('verdict', () => messages.filter(({ kind }) => kind === 'verdict').length > index);
    }
    await Promise.all(all);
    expect(order).toEqual([0, 1, 3, 2].map((index) => ids[index]));
  });

  test('are refused when too many wait', async () => {
    fake.on('getblocktemplate', ({ params }) =>
      JSON.stringify(params).includes('proposal') ? 'silence' : { result: templateJson() },
    );
    const on = await ready(1);
    for (let count = 0; count <= LIMITS.maxWaitingChecksPerLane; count += 1) start(on, empty, 'a');
    const reason = 'too many jobs wait for their check';
    expect(await verdict(start(on, empty, 'a'))).toEqual({ kind: 'unavailable', reason });
  });
});

describe('the mempool mirror', () => {
  const transaction = pay(coin(1));
  const { txid, wtxid, weight } = parseTransaction(transaction);
  const entry = { wtxid: displayHash(wtxid), weight, fees: { base: 0.00000321 } };
  const job = jobOf({ height: 101, value: 0n, transactions: [transaction] });

  function hold(entryAnswer: FakeAnswer, dataAnswer: FakeAnswer): void {
    fake.on('getrawmempool', () => ({ result: [displayHash(txid)] }));
    fake.on('getmempoolentry', () => entryAnswer);
    fake.on('getrawtransaction', () => dataAnswer);
  }

  test('brings transactions with their fees', async () => {
    hold({ result: entry }, { result: Buffer.from(transaction).toString('hex') });
    const on = await ready();
    await fake.called('getrawtransaction');
    expect(await verdict(start(on, job))).toMatchObject({ kind: 'valid', value: VALUE + 321n });
    expect(fake.count('gettxout')).toBe(0);
  });

  test('is asked once more when a job misses a transaction', async () => {
    const on = await ready();
    // Comes with the first look.
    expect(await verdict(start(on, job))).toEqual({ kind: 'missing', positions: [0] });
    hold({ result: entry }, { result: Buffer.from(transaction).toString('hex') });
    expect(await verdict(start(on, job))).toEqual({ kind: 'missing', positions: [0] });
    clock.advance(LIMITS.mempoolMinIntervalMs);
    expect(await verdict(start(on, job))).toMatchObject({ kind: 'valid' });
  });

  test('is not asked for again and again by jobs that miss transactions when it takes the node long', async () => {
    const gate = Promise.withResolvers<FakeAnswer>();
    fake.on('getrawmempool', () => gate.promise);
    const on = await ready();
    await fake.called('getrawmempool');
    clock.advance(500);
    gate.resolve({ result: [] });
    expect(await verdict(start(on, job))).toEqual({ kind: 'missing', positions: [0] });
    for (let waited = 500; waited < 2_000; waited += 500) {
      clock.advance(500);
      expect(await verdict(start(on, job))).toEqual({ kind: 'missing', positions: [0] });
    }
    expect(fake.count('getrawmempool')).toBe(1);
    clock.advance(500);
    expect(await verdict(start(on, job))).toEqual({ kind: 'missing', positions: [0] });
    expect(fake.count('getrawmempool')).toBe(2);
  });

  test('does not hold up a job that misses a transaction for long', async () => {
    const on = await ready();
    expect(await verdict(start(on, job))).toEqual({ kind: 'missing', positions: [0] });
    fake.on('getrawmempool', () => 'silence');
    clock.advance(LIMITS.mempoolMinIntervalMs);
    const id = start(on, job);
    await fake.called('getrawmempool', 2);
    await clock.advanceAsync(LIMITS.missingGraceMs);
    expect(await verdict(id)).toEqual({ kind: 'missing', positions: [0] });
  });

  const lies: readonly { readonly name: string; readonly entry: FakeAnswer; readonly data: FakeAnswer }[] = [
    {
      name: 'another transaction',
      entry: { result: entry },
      data: { result: Buffer.from(pay(coin(2))).toString('hex') },
    },
    { name: 'no transaction', entry: { result: entry }, data: { result: '00ff' } },
    { name: 'no hex', entry: { result: entry }, data: { result: 'zz' } },
    { name: 'nothing', entry: { result: entry }, data: { error: { code: -5, message: 'No such transaction' } } },
    { name: 'no entry', entry: { error: { code: -5, message: 'Transaction not in mempool' } }, data: 'silence' },
    { name: 'an entry without a fee', entry: { result: { ...entry, fees: {} } }, data: 'silence' },
  ];
  test.each(lies)('believes nothing of $name, and asks again', async ({ entry: lie, data }) => {
    hold(lie, data);
    const on = await ready();
    await fake.called('getmempoolentry');
    const id = start(on, job);
    await clock.advanceAsync(LIMITS.missingGraceMs);
    expect(await verdict(id)).toEqual({ kind: 'missing', positions: [0] });
    hold({ result: entry }, { result: Buffer.from(transaction).toString('hex') });
    const isKnown = (one: FromChecker): boolean => one.kind === 'status' && one.status.known === 1;
    while (!messages.some(isKnown)) await clock.advanceAsync(1_000);
  });
});
