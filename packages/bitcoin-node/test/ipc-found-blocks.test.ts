import { encodeHeader, hashHeader, identifyTransaction, merkleRoot } from '@sv2kit/bitcoin';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createNode,
  type HeldTemplate,
  LIMITS,
  type Logger,
  type MiningNode,
  type NodeOptions,
  type SubmitResult,
} from '../src/index.ts';
import { raceSubmissions } from '../src/race-submissions.ts';
import { FakeNode } from './fake-node.ts';
import { failed, type PeerGeneration, results, type Script } from './scripted-ipc-peer.ts';
import { bool, scriptedCoinbase, verdict } from './scripted-node.ts';
import { SteeredIpcPeer } from './steered-ipc-peer.ts';

const solution = { version: 0x2000_0000, ntime: 1_700_000_000, nonce: 5, coinbase: scriptedCoinbase() };

let clock: VirtualClock;
let peer: SteeredIpcPeer;
let node: MiningNode;
let abort: AbortController;

async function start(generation: PeerGeneration, script: Script = {}, options: Partial<NodeOptions> = {}) {
  peer = await SteeredIpcPeer.start(generation, script);
  node = createNode({ ipc: peer.path, clock, log: silentLogger, random: () => 0, ...options });
}

async function firstTemplate(): Promise<HeldTemplate> {
  const { value } = await node.templates(abort.signal)[Symbol.asyncIterator]().next();
  if (value?.kind !== 'held') throw new Error('the node holds no templates');
  return value;
}

/** Makes the solved block the peer's best. */
function connectBlock(template: HeldTemplate): string {
  const { version, ntime, nonce, coinbase } = solution;
  const root = merkleRoot(identifyTransaction(coinbase).txid, template.merklePath);
  const header = { version, prevHash: template.prevHash, merkleRoot: root, ntime, nbits: template.nbits, nonce };
  const hash = hashHeader(encodeHeader(header));
  peer.state = { ...peer.state, tip: { hash, height: 101 } };
  return Buffer.from(hash).reverse().toString('hex');
}

/** Lets time pass until it is there; in steps so small that what the system does for us meanwhile is done in time. */
async function inTime<T>(promise: Promise<T>, stepMs = 2): Promise<T> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  promise.then(over, over);
  while (!isOver) {
    await settled();
    if (!isOver) await clock.advanceAsync(stepMs);
  }
  return await promise;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  clock = new VirtualClock();
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await node?.close();
  await peer?.[Symbol.asyncDispose]();
});

describe('the verdict on a solution', () => {
  test.each([
    ['accepted, though the tip cannot be asked for', verdict(true), { kind: 'accepted' }],
    [
      'refused for what came with it, whatever the flag says',
      verdict(true, 'bad-cb-amount'),
      { kind: 'rejected', reason: 'bad-cb-amount' },
    ],
    ['known, where another is the best', verdict(true, 'inconclusive'), { kind: 'inconclusive' }],
    ['known', verdict(true, 'duplicate'), { kind: 'duplicate' }],
    ['refused', verdict(false, 'duplicate-invalid'), { kind: 'rejected', reason: 'duplicate-invalid' }],
    ['refused without a word', verdict(false), { kind: 'rejected' }],
  ] as const)('of a node that says why: %s', async (_, answer, expected) => {
    await start('32', { 'BlockTemplate@10': () => answer });
    expect(await (await firstTemplate()).submitSolution(solution)).toMatchObject(expected);
  });

  test('outlives the reader of its template: what was handed in is asked about all the same', async () => {
    const processed = Promise.withResolvers<void>();
    await start('31', {
      'BlockTemplate@7': async () => {
        await processed.promise;
        return bool(true);
      },
      'Mining@5': () => verdict(false, 'bad-cb-amount'),
    });
    const iterator = node.templates(abort.signal)[Symbol.asyncIterator]();
    const { value: template } = await iterator.next();
    if (template?.kind !== 'held') throw new Error('the node holds no templates');
    const base = peer.peer.references;
    const result = template.submitSolution(solution);
    const second = iterator.next();
    await peer.waiting();
    peer.newTip(0x33);
    await second;
    template.release();
    await settled();
    processed.resolve();
    expect(await result).toEqual({ kind: 'rejected', reason: 'bad-cb-amount' });
    await settled();
    expect(peer.peer.references).toBe(base);
  });

  test('is no refusal when only the question about it fails', async () => {
    await start('31', { 'Mining@5': () => failed('out of memory') });
    const result = await (await firstTemplate()).submitSolution(solution);
    expect(result).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('out of memory') });
  });

  test('is what the chain says when the connection ended before the answer', async () => {
    let template: HeldTemplate | undefined;
    await start('32', {
      'Init@4': () => undefined,
      'BlockTemplate@10': () => {
        if (template !== undefined) connectBlock(template);
        return { kind: 'disconnect' };
      },
    });
    template = await firstTemplate();
    expect(await inTime(template.submitSolution(solution))).toEqual({ kind: 'accepted' });
  });

  test('is what the RPC says when IPC ended before the answer and does not come back', async () => {
    let isDown = false;
    let template: HeldTemplate | undefined;
    await using rpc = await FakeNode.listen({
      getblockheader: () => ({ result: { confirmations: 1, height: 101 } }),
    });
    const options = { url: rpc.url, user: 'u', password: 'p' };
    const script: Script = {
      'Init@0': () =>
        isDown ? { kind: 'disconnect' } : results(0, 1, (answer, host) => answer.capability(0, host('ThreadMap'))),
      'Init@4': () => undefined,
      'BlockTemplate@10': () => {
        isDown = true;
        return { kind: 'disconnect' };
      },
    };
    await start('32', script, options);
    template = await firstTemplate();
    expect(await inTime(template.submitSolution(solution))).toEqual({ kind: 'accepted' });
  });

  test('is unknown when the connection ended before the answer, and the block is not there', async () => {
    await start('32', { 'Init@4': () => undefined, 'BlockTemplate@10': () => ({ kind: 'disconnect' }) });
    const result = await inTime((await firstTemplate()).submitSolution(solution));
    expect(result).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('went away') });
  });
});

describe('a whole block over the RPC that IPC offers', () => {
  test('may take as long as over the RPC itself: a slow disk ends no connection', async () => {
    const answer = Promise.withResolvers<void>();
    const script: Script = {
      'Mining@7': () => undefined,
      'Rpc@0': async ({ params }) => {
        const { method } = JSON.parse(params.text(1)) as { method: string };
        if (method !== 'submitblock')
          return results(0, 1, (it) => it.text(0, '{"result":null,"error":{"code":-32601,"message":"none"}}'));
        await answer.promise;
        return results(0, 1, (it) => it.text(0, '{"result":null,"error":null}'));
      },
    };
    await start('32', script);
    await firstTemplate();
    let result: SubmitResult | undefined;
    void node.submitBlock(new Uint8Array(200)).then((it) => {
      result = it;
    });
    await settled();
    await clock.advanceAsync(80_000);
    answer.resolve();
    await settled();
    expect(result).toEqual({ kind: 'accepted' });
  });
});

describe('a node that is away', () => {
  test('is told of once for each block, however often that is offered', async () => {
    const lines: string[] = [];
    const log: Logger = { ...silentLogger, warn: (message) => void lines.push(message), child: () => log };
    await start('32', { 'Init@0': () => ({ kind: 'disconnect' }) }, { log });
    void node.submitBlock(new Uint8Array(200));
    await clock.advanceAsync(60_000);
    expect(lines.filter((line) => line.startsWith('block'))).toEqual(['block not submitted yet']);
  });
});

describe('a race of submissions', () => {
  test('is not over when one way says that the block is not the best: another may know better', async () => {
    const late = Promise.withResolvers<SubmitResult>();
    const ways = [async () => ({ kind: 'inconclusive', reason: 'x' }) as const, () => late.promise];
    const first = raceSubmissions(ways, { clock });
    await clock.advanceAsync(LIMITS.secondOpinionMs - 1);
    late.resolve({ kind: 'accepted' });
    expect(await first).toEqual({ kind: 'accepted' });
  });

  test('is decided by the best that was said when the others take too long', async () => {
    const never = new Promise<never>(() => {});
    const ways = [
      async () => ({ kind: 'rejected', reason: 'x' }) as const,
      async () => ({ kind: 'inconclusive', reason: 'y' }) as const,
      () => never,
    ];
    const first = raceSubmissions(ways, { clock });
    await settled();
    await clock.advanceAsync(LIMITS.secondOpinionMs);
    expect(await first).toEqual({ kind: 'inconclusive', reason: 'y' });
  });
});
