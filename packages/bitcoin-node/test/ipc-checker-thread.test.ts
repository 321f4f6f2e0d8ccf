import { symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeBlock, parseTransaction, sha256d } from '@sv2kit/bitcoin';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JobToCheck, type JobVerdict, LIMITS } from '../src/index.ts';
import { IPC_LIMITS } from '../src/ipc/client/limits.ts';
import { CheckerThread } from '../src/job-check/checker-thread.ts';
import type { CheckerSettings, FromChecker } from '../src/job-check/messages.ts';
import { packJob } from '../src/job-check/pack-job.ts';
import { FakeNode, templateJson } from './fake-node.ts';
import { jobOf, OP_TRUE, type Outpoint, spending } from './job-factory.ts';
import {
  failed,
  type PeerCall,
  type PeerGeneration,
  type Reply,
  results,
  ScriptedIpcPeer,
  type Script,
  silence,
} from './scripted-ipc-peer.ts';
import { bool, data, headerOf, SCRIPTED, scriptedCoinbase, SCRIPTED_HEADER, text, verdict } from './scripted-node.ts';

const HEIGHT = SCRIPTED.tip.height + 1;
const coin = (seed: number): Outpoint => ({ txid: sha256d(Uint8Array.of(seed, seed >>> 8)), index: 0, value: 10_000n });
const pay = (seed: number): Uint8Array => spending([coin(seed)], [{ value: 9_000n, script: OP_TRUE }]);
const wtxidOf = (transaction: Uint8Array): Uint8Array => parseTransaction(transaction).wtxid;

let clock: VirtualClock;
let stack: AsyncDisposableStack;
let messages: FromChecker[];
let waiters: (() => void)[];
/** What the node says of jobs; of the empty blocks that it is asked about before, that they are valid. */
let judge: ((call: PeerCall) => Reply | Promise<Reply>) | undefined;
let nextId = 0;

function open(settings: Partial<CheckerSettings>): CheckerThread {
  const common = { chain: 'regtest', knownBlocks: undefined, pollIntervalMs: 1_000, mempoolIntervalMs: 1_000 } as const;
  const own = messages;
  const post = (message: FromChecker): void => {
    own.push(message);
    for (const wake of waiters.splice(0)) wake();
  };
  const thread = new CheckerThread({ ...common, concurrency: 2, ...settings }, clock, silentLogger, post, () => 0);
  stack.defer(() => thread.close());
  return thread;
}

/** A peer that answers as told; `Mining@5` is `judge`. */
async function peerOf(generation: PeerGeneration = '32', script: Script = {}): Promise<ScriptedIpcPeer> {
  const check = (call: PeerCall): Reply | Promise<Reply> => judge?.(call) ?? verdict(true);
  return stack.use(await ScriptedIpcPeer.start(generation, { 'Mining@5': check, ...script }));
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

async function ready(peer: ScriptedIpcPeer, settings: Partial<CheckerSettings> = {}): Promise<CheckerThread> {
  const thread = open({ ipc: peer.path, ...settings });
  await message('tip');
  return thread;
}

function start(on: CheckerThread, job: JobToCheck, lane = ''): number {
  const id = (nextId += 1);
  on.on({ kind: 'check', id, job: packJob({ ...job, lane }), tip: SCRIPTED.tip.hash });
  return id;
}

const verdictOn = async (id: number): Promise<JobVerdict> =>
  (await message('verdict', (found) => found.id === id)).verdict;
const check = (on: CheckerThread, job: JobToCheck): Promise<JobVerdict> => verdictOn(start(on, job));

const empty = jobOf({ height: HEIGHT, value: 0n, transactions: [] });
const jobWith = (transactions: readonly Uint8Array[], ...provide: number[]): JobToCheck =>
  jobOf({ height: HEIGHT, value: 1_000n, transactions, provide });

beforeEach(() => {
  clock = new VirtualClock();
  stack = new AsyncDisposableStack();
  messages = [];
  waiters = [];
  judge = undefined;
});
afterEach(async () => {
  let isOver = false;
  const closed = stack.disposeAsync().finally(() => {
    isOver = true;
  });
  // What a peer never answers is waited for, by this clock.
  while (!isOver) await clock.advanceAsync(IPC_LIMITS.closeTimeoutMs);
  await closed;
});

describe('the tip over IPC', () => {
  test.each(['30', '31', '32'] as const)('is known at once on a node of version %s', async (generation) => {
    await ready(await peerOf(generation));
    const { hash, height } = SCRIPTED.tip;
    expect((await message('tip')).tip).toEqual({ hash, height, nbits: SCRIPTED.nbits, minNtime: 1 });
  });

  test('is the next one as soon as the node tells', async () => {
    const next = { hash: new Uint8Array(32).fill(0x22), height: HEIGHT };
    const told = Promise.withResolvers<void>();
    let tip: { readonly hash: Uint8Array; readonly height: number } = SCRIPTED.tip;
    const answer = (isResult: boolean): Reply =>
      results(1, 1, (found) => {
        if (isResult) found.bool(0, true);
        const block = found.struct(0, 1, 1);
        block.i32(0, tip.height);
        block.data(0, tip.hash);
      });
    await ready(
      await peerOf('31', {
        'Mining@2': () => answer(true),
        'Mining@3': async () => {
          if (tip === next) return silence;
          await told.promise;
          tip = next;
          return answer(false);
        },
        'BlockTemplate@1': () => data(headerOf(tip.hash)),
      }),
    );
    told.resolve();
    expect((await message('tip', (one) => one.tip.height === HEIGHT)).tip.hash).toEqual(next.hash);
  });

  test('is asked for again when the template is on another one already', async () => {
    const headers = [headerOf(new Uint8Array(32).fill(7)), SCRIPTED_HEADER];
    await ready(await peerOf('31', { 'BlockTemplate@1': () => data(headers.shift() ?? SCRIPTED_HEADER) }));
    expect((await message('tip')).tip.hash).toEqual(SCRIPTED.tip.hash);
  });

  test('is not there while the node makes no template on it, and is asked for now and then', async () => {
    let makes = false;
    const made: Reply = results(0, 1, (answer, host) => answer.capability(0, host('BlockTemplate')));
    const peer = await peerOf('31', { 'Mining@4': () => (makes ? made : results(0, 1)) });
    open({ ipc: peer.path });
    expect(await message('away')).toMatchObject({ reason: 'the node makes no template on its best block' });
    await clock.advanceAsync(10_000);
    expect(peer.names.filter((name) => name === 'Mining@4').length).toBeLessThanOrEqual(25);
    makes = true;
    await clock.advanceAsync(1_000);
    await message('tip');
  });

  test('is asked for ever more seldom of a node that ends each connection soon', async () => {
    const peer = await peerOf('31', { 'Mining@3': () => ({ kind: 'disconnect' }) });
    const pauses: number[] = [];
    await ready(peer);
    for (let losses = 1; losses <= 6; losses += 1) {
      const isLost = (): boolean => messages.filter(({ kind }) => kind === 'away').length === losses;
      await message('away', isLost);
      const known = peer.calls.length;
      const startMs = clock.now();
      while (peer.calls.length === known) {
        await clock.advanceAsync(25);
        // What the peer answers takes no time by this clock.
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
      pauses.push(clock.now() - startMs);
    }
    expect(pauses.at(-1)).toBeGreaterThan(3_000);
  });

  test('is not there while the node downloads the chain, except where it is one for tests', async () => {
    let isDownloading = true;
    const header = Uint8Array.from(SCRIPTED_HEADER);
    new DataView(header.buffer).setUint32(72, 0x1d00_ffff, true);
    const peer = await peerOf('31', {
      'Mining@0': () => bool(false),
      'Mining@1': () => bool(isDownloading),
      'BlockTemplate@1': () => data(header),
    });
    open({ ipc: peer.path, chain: 'mainnet' });
    const reason = 'the node is still downloading the chain: it has 100 blocks';
    expect(await message('away')).toMatchObject({ reason });
    isDownloading = false;
    await clock.advanceAsync(1_000);
    expect((await message('tip')).tip).toMatchObject({ nbits: 0x1d00_ffff });
  });

  test('is not taken of a node on another chain', async () => {
    const peer = await peerOf('31');
    open({ ipc: peer.path, chain: 'mainnet' });
    expect(await message('away')).toMatchObject({ reason: 'the node is on a test chain, not on mainnet' });
  });

  test('is lost with the reason when the socket is not there, and looked for again and again', async () => {
    const peer = await peerOf('31');
    const path = join(dirname(peer.path), 'later.sock');
    open({ ipc: path });
    expect(await message('away')).toMatchObject({ reason: expect.stringContaining(`there is no socket at ${path}`) });
    await clock.advanceAsync(10 * LIMITS.backOffMaxMs);
    await symlink(peer.path, path);
    await clock.advanceAsync(LIMITS.backOffMaxMs);
    await message('tip');
  });
});

describe('what the node says of a job over IPC', () => {
  const cases: readonly { readonly name: string; readonly reply: Reply; readonly expected: object }[] = [
    { name: 'says nothing against it', reply: verdict(true), expected: { kind: 'valid', value: SCRIPTED.reward } },
    {
      name: 'has a word against it',
      reply: verdict(false, 'bad-txnmrklroot'),
      expected: { kind: 'invalid', reason: 'bad-txnmrklroot' },
    },
    {
      name: 'has none, and does not take it',
      reply: verdict(false, ''),
      expected: { kind: 'invalid', reason: 'rejected' },
    },
    {
      name: 'has another best block',
      reply: verdict(false, 'inconclusive-not-best-prevblk'),
      expected: { kind: 'stale' },
    },
    { name: 'has it already', reply: verdict(false, 'duplicate'), expected: { kind: 'stale' } },
    {
      name: 'cannot read it',
      reply: failed('std::exception: SpanReader::read(): end of data: iostream error'),
      expected: { kind: 'invalid', reason: 'block-decode-failed' },
    },
    {
      name: 'fails for another reason',
      reply: failed('std::exception: out of memory'),
      expected: { kind: 'unavailable', reason: expect.stringContaining('out of memory') },
    },
    {
      name: 'has too much to do',
      reply: { kind: 'exception', type: 'overloaded', reason: 'thread busy' },
      expected: { kind: 'unavailable', reason: expect.stringContaining('thread busy') },
    },
    {
      name: 'ends the connection',
      reply: { kind: 'abort', reason: 'Peer disconnected.' },
      expected: { kind: 'unavailable', reason: expect.stringContaining('Peer disconnected.') },
    },
    {
      name: 'answers with rubbish',
      reply: { kind: 'bytes', bytes: new Uint8Array(64).fill(0xff) },
      expected: { kind: 'unavailable', reason: expect.stringContaining('cannot be read') },
    },
  ];
  test.each(cases)('when it $name: the job is $expected.kind', async ({ reply, expected }) => {
    const thread = await ready(await peerOf('31'));
    judge = () => reply;
    expect(await check(thread, empty)).toMatchObject(expected);
  });

  test('is lost when it is killed meanwhile; jobs are checked again when it is back, and those held stay', async () => {
    const peer = await peerOf();
    const thread = await ready(peer);
    const held = start(thread, empty);
    expect(await verdictOn(held)).toMatchObject({ kind: 'valid' });
    judge = () => ({ kind: 'disconnect' });
    const reason = expect.stringContaining('it stopped or was killed');
    expect(await check(thread, empty)).toEqual({ kind: 'unavailable', reason });
    expect(await message('away')).toMatchObject({ reason });
    messages.splice(0, messages.length);
    judge = undefined;
    while (!messages.some(({ kind }) => kind === 'tip')) await clock.advanceAsync(LIMITS.backOffFirstMs);
    expect(await check(thread, empty)).toMatchObject({ kind: 'valid' });
    thread.on({ kind: 'block', id: 0, handle: held, header: SCRIPTED_HEADER, coinbase: empty.coinbase });
    const block = encodeBlock(SCRIPTED_HEADER, empty.coinbase, []);
    expect((await message('block')).block).toEqual(block);
  });

  test('is waited for so long and no longer', async () => {
    const thread = await ready(await peerOf('31'));
    judge = () => silence;
    const id = start(thread, empty);
    await clock.advanceAsync(IPC_LIMITS.answerTimeoutMs);
    const reason = expect.stringContaining('did not answer in 60 s');
    expect(await verdictOn(id)).toEqual({ kind: 'unavailable', reason });
  });

  test('is asked for so many jobs at once, each on a thread of its own, while another thread waits for tips', async () => {
    const peer = await peerOf('31');
    const thread = await ready(peer);
    const gates = Array.from({ length: 3 }, () => Promise.withResolvers<Reply>());
    const arrived: PeerCall[] = [];
    const waiting: (() => void)[] = [];
    judge = (call) => {
      arrived.push(call);
      for (const wake of waiting.splice(0)) wake();
      return gates[arrived.length - 1]?.promise ?? verdict(true);
    };
    const ids = ['a', 'b', 'c'].map((lane) => start(thread, empty, lane));
    while (arrived.length < 2) await new Promise<void>((resolve) => waiting.push(resolve));
    await clock.advanceAsync(LIMITS.statusIntervalMs);
    await message('status', ({ status }) => status.running === 2 && status.waiting === 1);
    expect(peer.names.at(-1)).toBe('Mining@5');
    expect(peer.names.filter((name) => name === 'Mining@3')).toHaveLength(1);
    expect(arrived).toHaveLength(2);
    for (const gate of gates) gate.resolve(verdict(true));
    for (const id of ids) expect(await verdictOn(id)).toMatchObject({ kind: 'valid' });
  });
});

test.each(['30', '31', '32'] as const)('a node of version %s gets back every template', async (generation) => {
  let path = 0;
  const peer = await peerOf(generation, {
    [generation === '30' ? 'BlockTemplate@8' : 'BlockTemplate@6']: () =>
      results(0, 1, (answer) => answer.dataList(0, [new Uint8Array(32).fill((path += 1))])),
  });
  await ready(peer);
  const made = (): number => peer.names.filter((name) => name === 'Mining@4').length;
  for (let second = 0; second < 5; second += 1) await clock.advanceAsync(1_000);
  const { references } = peer;
  const held = async () =>
    (await message('status', (one) => one === messages.findLast(({ kind }) => kind === 'status'))).status.ipc;
  const before = await held();
  while (made() < 20) await clock.advanceAsync(10_000);
  // One may be on its way.
  expect(Math.abs(peer.references - references)).toBeLessThanOrEqual(1);
  const after = await held();
  expect(Math.abs((after?.imports ?? 0) - (before?.imports ?? 0))).toBeLessThanOrEqual(2);
  expect(after?.questions).toBeLessThanOrEqual(3);
});

describe('what a coinbase may claim, over IPC,', () => {
  const transactions = [pay(1), pay(2)];
  /** Valid, and then what the node says to a coinbase that claims all there is. */
  const remarks = (reason: string, debug: string): void => {
    // Of its options the first is whether the merkle root is checked; on the wire it is 1 when it is not.
    judge = ({ params }) => (params.struct(2).bool(0) ? verdict(false, reason, debug) : verdict(true));
  };

  test('is the limit that the node names when it is shown more', async () => {
    const thread = await ready(await peerOf('31'));
    remarks('bad-cb-amount', 'coinbase pays too much (actual=2100000000000000 vs limit=5000002345)');
    expect(await check(thread, jobWith(transactions, 0, 1))).toMatchObject({ kind: 'valid', value: 5_000_002_345n });
  });

  test('is what it claims and more, shown as one that claims all money: no other check is the same block', async () => {
    const thread = await ready(await peerOf('31'));
    const seen: Uint8Array[] = [];
    judge = ({ params }) => {
      seen.push(params.data(1).slice());
      return seen.length === 1 ? verdict(true) : verdict(false, 'bad-cb-amount', '(actual=1 vs limit=5000000001)');
    };
    await check(thread, jobWith(transactions, 0, 1));
    const [first, second] = seen.map((block) => block.subarray(81, 81 + empty.coinbase.length));
    const total = (coinbase: Uint8Array | undefined): bigint =>
      parseTransaction(coinbase ?? OP_TRUE).outputs.reduce((sum, { value }) => sum + value, 0n);
    expect([total(first), total(second)]).toEqual([1_000n, 2_100_000_000_000_000n]);
  });

  test.each([
    ['names no limit', 'bad-cb-amount', 'coinbase pays too much'],
    ['has another word', 'bad-something', ''],
  ])('is no less than what it claims and the subsidy when the node %s', async (_, reason, debug) => {
    const thread = await ready(await peerOf('31'));
    remarks(reason, debug);
    expect(await check(thread, jobWith(transactions, 0, 1))).toMatchObject({ kind: 'valid', value: SCRIPTED.reward });
    const claims = jobOf({ height: HEIGHT, value: SCRIPTED.reward + 5n, transactions, provide: [0, 1] });
    expect(await check(thread, claims)).toMatchObject({ kind: 'valid', value: SCRIPTED.reward + 5n });
  });

  test('cannot be said when the tip moved between the two questions', async () => {
    const thread = await ready(await peerOf('31'));
    remarks('inconclusive-not-best-prevblk', '');
    expect(await check(thread, jobWith(transactions, 0, 1))).toEqual({ kind: 'stale' });
  });

  test('is known without that where the node tells what is spent; each fee is asked for once', async () => {
    const asked: string[] = [];
    const peer = await peerOf('32', {
      'Rpc@0': ({ params }) => {
        const { method } = JSON.parse(params.text(1)) as { readonly method: string };
        asked.push(method);
        return text(JSON.stringify({ id: 1, result: { bestblock: '11'.repeat(32), value: 0.0001 } }));
      },
    });
    const thread = await ready(peer);
    let checks = 0;
    judge = () => {
      checks += 1;
      return verdict(true);
    };
    const value = SCRIPTED.reward + 2_000n;
    expect(await check(thread, jobWith(transactions, 0, 1))).toMatchObject({ kind: 'valid', value });
    expect(await check(thread, jobWith(transactions))).toMatchObject({ kind: 'valid', value });
    expect(asked.filter((method) => method === 'gettxout')).toHaveLength(2);
    expect(checks).toBe(2);
  });

  test('is asked for as a whole where too much is not known, and of a part of that the fees', async () => {
    const many = Array.from({ length: LIMITS.feeQuestions + 8 }, (_, seed) => pay(seed));
    let asked = 0;
    const peer = await peerOf('32', {
      'Rpc@0': ({ params }) => {
        if (params.text(1).includes('gettxout')) asked += 1;
        return text(JSON.stringify({ id: 1, result: { bestblock: '11'.repeat(32), value: 0.0001 } }));
      },
    });
    const thread = await ready(peer);
    remarks('bad-cb-amount', 'limit=5000040000');
    expect(await check(thread, jobWith(many, ...many.keys()))).toMatchObject({ value: 5_000_040_000n });
    while (asked < many.length) {
      expect(await check(thread, jobWith(many))).toMatchObject({ value: 5_000_040_000n });
    }
    judge = () => verdict(true);
    expect(await check(thread, jobWith(many))).toMatchObject({ value: 5_000_040_000n });
  });

  test('is asked for as a whole while its fees are being asked for: however many jobs there are, few questions wait', async () => {
    let [open, most] = [0, 0];
    const gate = Promise.withResolvers<void>();
    const peer = await peerOf('32', {
      'Rpc@0': async ({ params }) => {
        if (!params.text(1).includes('gettxout')) return text('{"id":1,"result":100}');
        open += 1;
        most = Math.max(most, open);
        await gate.promise;
        open -= 1;
        return text(JSON.stringify({ id: 1, result: { bestblock: '11'.repeat(32), value: 0.0001 } }));
      },
    });
    const thread = await ready(peer, { concurrency: 16 });
    remarks('bad-cb-amount', 'limit=5000040000');
    const seeds = Array.from({ length: LIMITS.feeQuestions + 8 }, (_, seed) => seed);
    const jobOfMany = (round: number): JobToCheck =>
      jobWith(
        seeds.map((seed) => pay(1_000 * round + seed)),
        ...seeds,
      );
    for (let round = 0; round < 12; round += 1) {
      expect(await check(thread, jobOfMany(round))).toMatchObject({ value: 5_000_040_000n });
    }
    const few = Array.from({ length: 16 }, (_, lane) => {
      const some = seeds.slice(0, LIMITS.feeQuestions).map((seed) => pay(20_000 + 100 * lane + seed));
      return start(thread, jobWith(some, ...some.keys()), String(lane));
    });
    await peer.called('Mining@5', 12 * 2 + 16);
    gate.resolve();
    for (const id of few) expect(await verdictOn(id)).toMatchObject({ kind: 'valid' });
    expect(most).toBeLessThanOrEqual(17);
    expect(messages.filter(({ kind }) => kind === 'away')).toEqual([]);
  });

  test('follows from the fees of the node’s own template, and is not asked for then', async () => {
    const peer = await peerOf('31', {
      'BlockTemplate@2': () => data(encodeBlock(SCRIPTED_HEADER, scriptedCoinbase(), transactions)),
      'BlockTemplate@3': () => results(0, 1, (answer) => answer.int64List(0, [300n, 40n])),
    });
    const thread = await ready(peer);
    await clock.advanceAsync(LIMITS.statusIntervalMs);
    while (!messages.some((one) => one.kind === 'status' && one.status.known === 2)) await clock.advanceAsync(1_000);
    let asked = 0;
    judge = () => {
      asked += 1;
      return verdict(true);
    };
    expect(await check(thread, jobWith(transactions))).toMatchObject({ value: SCRIPTED.reward + 340n });
    expect(asked).toBe(1);
  });
});

describe('the transactions of a job, over IPC,', () => {
  const transactions = [pay(1), pay(2), pay(3)];
  const answers = (found: readonly Uint8Array[]): Reply => results(0, 1, (answer) => answer.dataList(0, found));

  test('are asked for by their wtxids, those that are not known alone, and not asked for again', async () => {
    const asked: Uint8Array[][] = [];
    const [one = new Uint8Array(), two = new Uint8Array()] = transactions;
    const peer = await peerOf('32', {
      'Mining@9': ({ params }) => {
        const wtxids = params.dataList(1).map((wtxid) => wtxid.slice());
        if (wtxids.length > 0) asked.push(wtxids);
        return answers(
          wtxids.map((_, index) => (asked.length === 1 ? [one, two][index] : undefined) ?? new Uint8Array()),
        );
      },
    });
    const thread = await ready(peer);
    judge = () => verdict(false, 'bad-cb-amount', 'limit=1');
    expect(await check(thread, jobWith(transactions))).toEqual({ kind: 'missing', positions: [2] });
    expect(asked).toEqual([transactions.map(wtxidOf)]);
    expect(await check(thread, jobWith(transactions, 2))).toMatchObject({ kind: 'invalid' });
    expect(asked).toHaveLength(1);
    expect(await check(thread, jobWith(transactions))).toEqual({ kind: 'missing', positions: [2] });
    expect(asked[1]).toEqual(transactions.slice(2).map(wtxidOf));
  });

  test.each([
    ['another transaction', pay(9)],
    ['no transaction', Uint8Array.of(1, 2, 3)],
    ['fewer than were asked for', undefined],
  ])('are not believed to be %s', async (_, lie) => {
    const thread = await ready(await peerOf('32', { 'Mining@9': () => answers(lie === undefined ? [] : [lie]) }));
    expect(await check(thread, jobWith([pay(1)]))).toEqual({ kind: 'missing', positions: [0] });
  });

  test('are not asked for beyond what a block can hold', async () => {
    const outputs = [{ value: 0n, script: new Uint8Array(400_000) }];
    const large = (seed: number): Uint8Array => spending([coin(seed)], outputs);
    const all = new Map(Array.from({ length: 12 }, (_, seed) => large(seed)).map((one) => [String(wtxidOf(one)), one]));
    let calls = 0;
    const peer = await peerOf('32', {
      'Mining@9': ({ params }) => {
        const wtxids = params.dataList(1);
        if (wtxids.length > 0) calls += 1;
        return answers(wtxids.map((wtxid) => all.get(String(wtxid)) ?? new Uint8Array()));
      },
    });
    const thread = await ready(peer);
    const more = Array.from({ length: 2 * IPC_LIMITS.transactionsPerCall }, (_, seed) => pay(100 + seed));
    const verdictOf = await check(thread, jobWith([...all.values(), ...more]));
    expect(verdictOf.kind).toBe('missing');
    expect(calls).toBe(1);
  });

  test('cannot be looked for on a connection that ends: the job is not refused', async () => {
    const peer = await peerOf('32', {
      'Mining@9': ({ params }) => (params.dataList(1).length === 0 ? answers([]) : { kind: 'disconnect' }),
    });
    const thread = await ready(peer);
    const reason = expect.stringContaining('it stopped or was killed');
    expect(await check(thread, jobWith([pay(1)]))).toEqual({ kind: 'unavailable', reason });
  });

  test('come from the node’s templates where it cannot be asked; the same template is not read twice', async () => {
    const peer = await peerOf('31', {
      'BlockTemplate@2': () => data(encodeBlock(SCRIPTED_HEADER, scriptedCoinbase(), transactions)),
      'BlockTemplate@3': () => results(0, 1, (answer) => answer.int64List(0, [1n, 2n, 3n])),
    });
    const thread = await ready(peer);
    const isKnown = (one: FromChecker): boolean => one.kind === 'status' && one.status.known === 3;
    while (!messages.some(isKnown)) await clock.advanceAsync(1_000);
    for (let second = 0; second < 10; second += 1) await clock.advanceAsync(1_000);
    expect(await check(thread, jobWith(transactions))).toMatchObject({ kind: 'valid', value: SCRIPTED.reward + 6n });
    expect(peer.names.filter((name) => name === 'BlockTemplate@2')).toHaveLength(1);
  });
});

describe('a node that has RPC beside IPC', () => {
  const credentials = { user: 'u', password: 'p' };
  const shown = Buffer.from(SCRIPTED.tip.hash).toString('hex');
  let fake: FakeNode;
  beforeEach(async () => {
    fake = stack.use(
      await FakeNode.listen({
        getbestblockhash: () => ({ result: shown }),
        getrawmempool: () => ({ result: [] }),
        getblock: () => ({ result: { tx: [] } }),
        getblocktemplate: ({ params }) =>
          JSON.stringify(params).includes('proposal')
            ? { result: 'over-rpc' }
            : { result: templateJson({ previousblockhash: shown, height: HEIGHT }) },
      }),
    );
  });

  test('checks jobs over RPC once IPC has been away for a while, and over IPC again when that is back', async () => {
    const peer = await peerOf('32', { 'Rpc@0': () => failed('not now') });
    const path = join(dirname(peer.path), 'later.sock');
    const thread = open({ ipc: path, url: fake.url, credentials });
    expect(await message('away')).toMatchObject({ reason: expect.stringContaining('there is no socket') });
    expect(fake.count('getblocktemplate')).toBe(0);
    await clock.advanceAsync(LIMITS.ipcGraceMs);
    await message('tip');
    expect(await check(thread, empty)).toEqual({ kind: 'invalid', reason: 'over-rpc' });
    messages.splice(0, messages.length);
    await symlink(peer.path, path);
    while (!messages.some(({ kind }) => kind === 'tip')) await clock.advanceAsync(1_000);
    expect(await check(thread, empty)).toMatchObject({ kind: 'valid' });
    await clock.advanceAsync(LIMITS.checkTimeoutMs);
    const asked = fake.count('getbestblockhash');
    await clock.advanceAsync(10_000);
    expect(fake.count('getbestblockhash')).toBe(asked);
  });

  test('is away with both reasons when neither answers', async () => {
    const peer = await peerOf('32');
    fake.on('getblockchaininfo', () => ({ status: 503, body: 'Work queue depth exceeded' }));
    open({ ipc: join(dirname(peer.path), 'none.sock'), url: fake.url, credentials });
    await message('away');
    for (let second = 0; second < 10; second += 1) await clock.advanceAsync(1_000);
    const reason = /there is no socket at .*; its RPC: .*work queue is full/;
    expect(await message('away', (one) => reason.test(one.reason))).toBeDefined();
  });

  test('does without an RPC that is down: transactions come from its templates then', async () => {
    const transactions = [pay(1), pay(2)];
    const peer = await peerOf('31', {
      'BlockTemplate@2': () => data(encodeBlock(SCRIPTED_HEADER, scriptedCoinbase(), transactions)),
      'BlockTemplate@3': () => results(0, 1, (answer) => answer.int64List(0, [1n, 2n])),
    });
    for (const method of ['getblockchaininfo', 'getrawmempool', 'gettxout', 'getblock']) {
      fake.on(method, () => ({ status: 503, body: 'Work queue depth exceeded' }));
    }
    const thread = await ready(peer, { url: fake.url, credentials });
    const isKnown = (one: FromChecker): boolean => one.kind === 'status' && one.status.known === 2;
    for (let second = 0; second < 20 && !messages.some(isKnown); second += 1) await clock.advanceAsync(1_000);
    expect(await check(thread, jobWith(transactions))).toMatchObject({ kind: 'valid', value: SCRIPTED.reward + 3n });
  });

  test('does without a hanging RPC: one question runs out of time, and the next jobs do not wait for another', async () => {
    let asked = 0;
    fake.on('gettxout', async () => {
      asked += 1;
      return await new Promise(() => {});
    });
    const peer = await peerOf('31');
    const thread = await ready(peer, { url: fake.url, credentials });
    // Of its options the first is whether the merkle root is checked; on the wire it is 1 when it is not.
    judge = ({ params }) =>
      params.struct(2).bool(0) ? verdict(false, 'bad-cb-amount', 'limit=5000000777') : verdict(true);
    const first = start(thread, jobWith([pay(1), pay(2)], 0, 1));
    await fake.called('gettxout');
    await clock.advanceAsync(LIMITS.ipcGraceMs);
    expect(await verdictOn(first)).toMatchObject({ kind: 'valid', value: 5_000_000_777n });
    const before = asked;
    expect(await check(thread, jobWith([pay(3), pay(4)], 0, 1))).toMatchObject({ kind: 'valid' });
    expect(asked).toBe(before);
  });

  test('is asked for its mempool over RPC where IPC does not give single transactions', async () => {
    const transaction = pay(1);
    const { txid } = parseTransaction(transaction);
    const name = (hash: Uint8Array): string => Buffer.from(hash.toReversed()).toString('hex');
    fake.on('getrawmempool', () => ({ result: [name(txid)] }));
    fake.on('getmempoolentry', () => ({
      result: { wtxid: name(wtxidOf(transaction)), weight: 400, fees: { base: 0.00000321 } },
    }));
    fake.on('getrawtransaction', () => ({ result: Buffer.from(transaction).toString('hex') }));
    let path = 0;
    const peer = await peerOf('31', {
      'BlockTemplate@6': () => results(0, 1, (answer) => answer.dataList(0, [new Uint8Array(32).fill(path)])),
    });
    const thread = await ready(peer, { url: fake.url, credentials });
    await fake.called('getrawtransaction');
    const job = start(thread, jobWith([transaction]));
    expect(await verdictOn(job)).toMatchObject({ kind: 'valid', value: SCRIPTED.reward + 321n });
    thread.on({ kind: 'release', handle: job });
    // Templates say nothing of what they leave out.
    fake.on('getrawmempool', () => ({ status: 503, body: 'Work queue depth exceeded' }));
    const templates = (): number => peer.names.filter((name) => name === 'BlockTemplate@2').length;
    const before = templates();
    path += 1;
    while (templates() === before) await clock.advanceAsync(1_000);
    for (let ms = 0; ms <= LIMITS.departedTtlMs; ms += 1_000) await clock.advanceAsync(1_000);
    path += 1;
    while (templates() < before + 2) await clock.advanceAsync(1_000);
    expect(await check(thread, jobWith([transaction]))).toMatchObject({ kind: 'valid' });
  });
});
