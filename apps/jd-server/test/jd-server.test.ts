import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  displayHash,
  encodeHeader,
  hashHeader,
  joinCoinbase,
  meetsTarget,
  sha256d,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import type { JobVerdict } from '@sv2kit/bitcoin-node';
import { templateDistribution } from '@sv2kit/codec';
import { openToken } from '@sv2kit/declaration';
import { readJournal } from '@sv2kit/ledger';
import { connect } from '@sv2kit/net';
import { tokenKey } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { FakeNode, NBITS, tipAt, VALUE } from './fake-node.ts';
import { ALICE, customJobOf, draft, EXTRANONCE, Running } from './support.ts';

const HEIGHT = 201;
const honest = () => draft(HEIGHT, VALUE);

interface Status {
  readonly connections: Readonly<Record<string, number>>;
  readonly declarations: { readonly outcomes: Readonly<Record<string, number>> };
  readonly jobs: { readonly recent: number; readonly latest: readonly Readonly<Record<string, unknown>>[] };
  readonly blocks: readonly Readonly<Record<string, unknown>>[];
  readonly nodes: readonly { readonly name: string; readonly checksJobs: boolean }[];
}

/** The solution of a job without transactions that makes a block. */
function solution(job = honest(), prevHash = tipAt(200).hash) {
  const extranonce = new Uint8Array(EXTRANONCE).fill(5);
  const merkleRoot = sha256d(joinCoinbase(job.parts, extranonce, { segwit: false }));
  for (let nonce = 0; ; nonce += 1) {
    const fields = { version: 0x20000000, prevHash, nonce, ntime: 1_700_000_100, nbits: NBITS };
    const header = encodeHeader({ ...fields, merkleRoot });
    if (!meetsTarget(hashHeader(header), targetFromNbits(NBITS))) continue;
    const coinbase = joinCoinbase(job.parts, extranonce, { segwit: true });
    return { pushed: { type: 'PushSolution', extranonce, ...fields } as const, header, coinbase };
  }
}

describe('a connection to a job declarator server (§6.4.1)', () => {
  test('for another protocol is refused', async () => {
    await using running = await Running.start();
    const { address, authorityPublicKey } = running.server;
    const other = connect({
      ...address,
      authority: authorityPublicKey,
      protocol: templateDistribution,
      clock: running.clock,
      handler: () => ({ onMessage() {}, onClose() {} }),
    });
    await expect(other).rejects.toThrow('unsupported-protocol');
  });

  test('that wants to declare whole jobs is refused by a server without a node', async () => {
    await using running = await Running.start();
    await expect(running.connect()).rejects.toThrow('unsupported-feature-flags');
  });

  test('that shows its coinbases alone gets tokens of that mode, with a node and without (§6.3.1)', async () => {
    for (const nodes of [[], [new FakeNode()]]) {
      await using running = await Running.start({ nodes });
      await using client = await running.connect(0);
      const key = tokenKey(join(running.folder, 'tokens.key'));
      expect(openToken(key, await client.token())).toMatchObject({ mode: 'coinbase-only' });
      expect(await client.declare(honest())).toBe('declare-not-negotiated');
      expect(running.status<Status>().connections).toEqual({ 'full-template': 0, 'coinbase-only': 1 });
    }
  });
});

describe('a declared job (§6.4.4)', () => {
  test('is acknowledged with a token that the pool’s verifier believes', async () => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    const token = await client.declare(honest());
    if (typeof token === 'string') throw new Error(token);
    const now = Math.floor(running.clock.now() / 1000);
    const message = customJobOf(honest(), token, tipAt(200));
    expect(running.server.verifier.verify(message, ALICE, now)).toMatchObject({ kind: 'verified', value: VALUE });
    const other = customJobOf(draft(HEIGHT, VALUE - 1n), token, tipAt(200));
    expect(running.server.verifier.verify(other, ALICE, now)).toMatchObject({ code: 'invalid-coinbase-tx-outputs' });
    expect(node.checker.checked).toHaveLength(1);
    expect(running.status<Status>()).toMatchObject({
      declarations: { outcomes: { declared: 1 } },
      jobs: { recent: 1, latest: [{ height: HEIGHT, value: 5e9, payout: 5e9, credit: 1, userIdentity: 'alice.jdc' }] },
    });
  });

  test('is refused by the node’s own word', async () => {
    const node = new FakeNode();
    node.checker.verdict = () => ({ kind: 'invalid', reason: 'bad-blk-sigops' });
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    expect(await client.declare(honest())).toBe('invalid-job: bad-blk-sigops');
    expect(running.status<Status>().declarations.outcomes).toEqual({ 'invalid-job': 1 });
  });

  test('is answered after its transactions were provided (§6.4.7)', async () => {
    const node = new FakeNode();
    const transaction = Uint8Array.of(1, 2, 3);
    node.checker.verdict = ({ provided }) =>
      provided.length === 0 ? { kind: 'missing', positions: [0] } : node.checker.valid();
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    const requestId = client.declareWith(await client.token(), draft(HEIGHT, VALUE, [new Uint8Array(32)]));
    expect(await client.next('ProvideMissingTransactions')).toMatchObject({ requestId, unknownTxPositionList: [0] });
    client.send({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList: [transaction] });
    expect(await client.answer()).toBeInstanceOf(Uint8Array);
    expect(node.checker.checked[1]?.provided).toEqual([{ position: 0, transaction }]);
  });

  test('for a tip that the node is about to see is held until it does', async () => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    client.declareWith(await client.token(), draft(HEIGHT + 1, VALUE));
    await client.token(); // answered after the declaration was seen
    expect(node.checker.checked).toEqual([]);
    node.checker.moveTo(tipAt(HEIGHT));
    expect(await client.answer()).toBeInstanceOf(Uint8Array);
  });

  test('is stale, not wrong, when the tip passed while the node looked at it', async () => {
    const node = new FakeNode();
    node.checker.verdict = () => {
      node.checker.tip = tipAt(HEIGHT);
      return { kind: 'invalid', reason: 'bad-cb-height' };
    };
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    expect(await client.declare(honest())).toBe('stale-chain-tip');
  });

  test('of one client waits for no other’s: the node gets each under its own lane', async () => {
    const node = new FakeNode();
    const slow = Promise.withResolvers<JobVerdict>();
    const [first] = [Promise.withResolvers<void>()];
    node.checker.verdict = () => {
      first.resolve();
      return node.checker.checked.length === 1 ? slow.promise : node.checker.valid();
    };
    await using running = await Running.start({ nodes: [node] });
    await using waiting = await running.connect();
    await using other = await running.connect();
    waiting.declareWith(await waiting.token(), honest());
    await first.promise;
    expect(await other.declare(honest())).toBeInstanceOf(Uint8Array);
    const [one, two] = node.checker.checked;
    expect(one?.lane).not.toBe(two?.lane);
    slow.resolve({ kind: 'stale' });
    expect(await waiting.answer()).toBe('stale-chain-tip');
  });

  test('waits for the earlier ones of its own client, so that no client takes all room at the node', async () => {
    const node = new FakeNode();
    const slow = Promise.withResolvers<JobVerdict>();
    node.checker.verdict = () => slow.promise;
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    for (let job = 0; job < 4; job += 1) client.declareWith(await client.token(), honest());
    await client.token(); // answered after the declarations were seen
    expect(node.checker.checked).toHaveLength(1);
    node.checker.verdict = () => node.checker.valid();
    slow.resolve({ kind: 'stale' });
    expect(await client.answer()).toBe('stale-chain-tip');
    for (let job = 0; job < 3; job += 1) expect(await client.answer()).toBeInstanceOf(Uint8Array);
  });

  test('of a client that leaves is given up', async () => {
    const node = new FakeNode();
    const asked = Promise.withResolvers<void>();
    node.checker.verdict = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    client.declareWith(await client.token(), honest());
    await asked.promise;
    await client[Symbol.asyncDispose]();
    await expect.poll(() => node.checker.aborted.length).toBe(1);
  });
});

describe('floods', () => {
  test('of declarations are refused, then end the connection, and leave an honest client alone', async () => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    await using flooder = await running.connect();
    await using other = await running.connect();
    for (let i = 0; i < 90; i += 1) flooder.declareWith(new Uint8Array(69), honest());
    expect(await flooder.answer()).toBe('invalid-mining-job-token');
    expect(await other.declare(honest())).toBeInstanceOf(Uint8Array);
    expect(await flooder.closed).toMatchObject({ code: 'peer-closed' });
    expect(running.status<Status>().declarations.outcomes).toMatchObject({
      'invalid-mining-job-token': 20,
      declared: 1,
    });
  });

  test('of token requests are answered slowly, and end the connection beyond measure', async () => {
    await using running = await Running.start();
    await using client = await running.connect(0);
    for (let requestId = 100; requestId < 140; requestId += 1) {
      client.send({ type: 'AllocateMiningJobToken', userIdentifier: ALICE, requestId });
    }
    expect(await client.closed).toMatchObject({ code: 'peer-closed' });
  });
});

describe('a block on a declared job (§6.4.9)', () => {
  test('goes to every node and into the journal, once, whoever else pushes it', async () => {
    const [first, second] = [new FakeNode('first'), new FakeNode('second')];
    await using running = await Running.start({ nodes: [first, second] });
    await using client = await running.connect();
    await client.declare(honest());
    const { pushed, header, coinbase } = solution();
    client.send(pushed);
    await client.token(); // answered after the solution was seen
    expect(first.checker.submitted).toEqual([{ handle: 1, header, coinbase }]);
    await running.clock.advanceAsync(0);
    expect(second.blocks).toEqual([Buffer.concat([header, Uint8Array.of(1), coinbase])]);
    expect(running.server.solve(pushed)).toBe(true);
    expect(first.checker.submitted).toHaveLength(1);
    await running.clock.advanceAsync(0);
    expect(running.status<Status>().blocks).toMatchObject([
      { height: HEIGHT, path: 'declared-full-template', userIdentity: 'alice.jdc', state: 'accepted' },
    ]);
    second.inBestChain = true;
    await running.clock.advanceAsync(1_000);
    expect(running.status<Status>().blocks).toMatchObject([{ state: 'confirmed', by: 'second' }]);
    await running.close();
    const records = [];
    for await (const { record } of readJournal(join(running.folder, 'data', 'journal'))) records.push(record);
    expect(records).toContainEqual(
      expect.objectContaining({ type: 'BlockFound', path: 'declared-full-template', height: HEIGHT }),
    );
    expect(records).toContainEqual(expect.objectContaining({ type: 'BlockStatus', status: 'confirmed' }));
  });

  test('that no node can take is kept for a person to hand it over', async () => {
    const node = new FakeNode();
    const reason = 'the node has no way to take a whole block';
    node.checker.taken = { kind: 'unable', reason };
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    await client.declare(honest());
    const { pushed, header, coinbase } = solution();
    client.send(pushed);
    const state = { state: 'submitted', by: node.name, reason };
    await expect.poll(() => running.status<Status>().blocks).toMatchObject([state]);
    const file = join(running.folder, 'data', 'blocks', `${displayHash(hashHeader(header))}.hex`);
    const block = Buffer.concat([header, Uint8Array.of(1), coinbase]).toString('hex');
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toBe(`${block}\n`);
    // It is not handed to the same node again.
    await running.clock.advanceAsync(5_000);
    expect(node.blocks).toEqual([]);
  });

  test('is known of a client that has left, to a pool in the same process', async () => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    const client = await running.connect();
    await client.declare(honest());
    await client[Symbol.asyncDispose]();
    expect(running.server.solve(solution().pushed)).toBe(true);
    expect(node.checker.submitted).toHaveLength(1);
  });

  test('that solves no declared job is not handed on', async () => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    await client.declare(honest());
    client.send(solution(draft(HEIGHT, VALUE), tipAt(1).hash).pushed);
    await client.token();
    expect(node.checker.submitted).toEqual([]);
  });
});

describe('nodes', () => {
  test('that are away make declarations wait for better days, and health says why', async () => {
    const node = new FakeNode('lost', undefined);
    node.checker.tip = undefined;
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    client.declareWith(await client.token(), honest());
    await client.token(); // answered after the declaration was seen
    running.clock.advance(5_000);
    expect(await client.answer()).toBe('node-unavailable');
    expect(running.health.report().reason).toBe('node lost: connection refused');
    node.checker.moveTo(tipAt(200));
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    expect(running.health.report().state).toBe('ok');
  });

  test('stand in for each other, the preferred one first', async () => {
    const [first, second] = [new FakeNode('first'), new FakeNode('second')];
    await using running = await Running.start({ nodes: [first, second] });
    await using client = await running.connect();
    const checks = () => running.status<Status>().nodes.find(({ checksJobs }) => checksJobs)?.name;
    expect(checks()).toBe('first');
    first.checker.tip = undefined;
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    expect(checks()).toBe('second');
    expect(second.checker.checked).toHaveLength(1);
  });

  test('that are away are no trouble while another one can be asked, and health says so', async () => {
    const [first, second] = [new FakeNode('first'), new FakeNode('second')];
    await using running = await Running.start({ nodes: [first, second] });
    expect(running.health.report()).toMatchObject({ state: 'ok', serving: true });
    for (const { checker } of [first, second]) {
      checker.tip = undefined;
      running.clock.advance(1_000);
      expect(running.health.report()).toMatchObject({ state: 'degraded', serving: checker === first.checker });
    }
    expect(running.health.report().reason).toBe('node first: connection refused; node second: connection refused');
  });

  test('that take no whole blocks are said to lack that, whoever takes them: jobs are checked all the same', async () => {
    const [first, second] = [new FakeNode('first'), new FakeNode('second')];
    first.takesBlocks = false;
    second.takesBlocks = false;
    await using running = await Running.start({ nodes: [first, second] });
    const sentence = /^node first: blocks found on declared jobs cannot be handed to this node: [^;]*give it a url/;
    expect(running.health.report()).toMatchObject({ serving: true, reason: expect.stringMatching(sentence) });
    second.takesBlocks = true;
    running.clock.advance(1_000);
    const reason = expect.stringMatching(/^node first: [^;]*; they go to the other nodes$/);
    expect(running.health.report()).toMatchObject({ serving: true, reason });
  });

  test('that are behind check no jobs while another one has the tip, and health says so', async () => {
    const [first, second] = [new FakeNode('first', HEIGHT - 3), new FakeNode('second')];
    await using running = await Running.start({ nodes: [first, second] });
    await using client = await running.connect();
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    expect([first.checker.checked.length, second.checker.checked.length]).toEqual([0, 1]);
    const reason = 'node first: it is 2 blocks behind node second';
    expect(running.health.report()).toMatchObject({ serving: true, reason });
    first.checker.moveTo(tipAt(HEIGHT - 1));
    expect(running.health.report().state).toBe('ok');
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    expect([first.checker.checked.length, second.checker.checked.length]).toEqual([1, 1]);
  });

  test('that are on another chain check no jobs, and health says why', async () => {
    const [first, second] = [new FakeNode('first', HEIGHT + 3), new FakeNode('second')];
    const reason = 'its block 90 is another';
    first.refusal = reason;
    await using running = await Running.start({ nodes: [first, second] });
    await using client = await running.connect();
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    expect([first.checker.checked.length, second.checker.checked.length]).toEqual([0, 1]);
    expect(running.health.report()).toMatchObject({ serving: true, reason: `node first: ${reason}` });
  });

  test('stand in for one that hangs: it has a tip and gives no verdict', async () => {
    const [first, second, behind] = [new FakeNode('first'), new FakeNode('second'), new FakeNode('behind', HEIGHT - 2)];
    for (const { checker } of [first, behind]) {
      checker.verdict = () => ({ kind: 'unavailable', reason: 'no answer within 30 s' });
    }
    await using running = await Running.start({ nodes: [first, behind, second] });
    await using client = await running.connect();
    expect(await client.declare(honest())).toBeInstanceOf(Uint8Array);
    expect([first, behind, second].map(({ checker }) => checker.checked.length)).toEqual([1, 0, 1]);
  });

  test('that hold too much for declared jobs are relieved of older ones, so that they go on checking', async () => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    for (let job = 0; job < 3; job += 1) await client.declare(honest());
    running.clock.advance(1_000);
    expect(node.checker.released).toEqual([]);
    node.checker.jobBytes = 200 * 1024 * 1024;
    running.clock.advance(1_000);
    expect(node.checker.released).toEqual([1, 2]);
    // What it says of itself is of a while ago.
    running.clock.advance(1_000);
    expect(node.checker.released).toEqual([1, 2]);
    running.clock.advance(4_000);
    expect(node.checker.released).toEqual([1, 2, 3]);
  });

  test('forget jobs that the chain has passed', async () => {
    const node = new FakeNode();
    await using running = await Running.start({ nodes: [node] });
    await using client = await running.connect();
    await client.declare(honest());
    node.checker.moveTo(tipAt(HEIGHT + 1));
    expect(node.checker.released).toEqual([1]);
    expect(running.status<Status>().jobs.recent).toBe(0);
  });
});

test('a server that stops lets everything go', async () => {
  const node = new FakeNode();
  const running = await Running.start({ nodes: [node] });
  const client = await running.connect();
  await client.token();
  await running[Symbol.asyncDispose]();
  expect(node.closed).toBe(true);
  expect((await client.closed).code).toBe('peer-closed');
});
