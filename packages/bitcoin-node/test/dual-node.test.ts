import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNode, LIMITS, type MiningNode, type NodeTemplate } from '../src/index.ts';
import { raceSubmissions } from '../src/race-submissions.ts';
import { FakeNode, templateJson } from './fake-node.ts';
import { failed, type Hosted, results } from './scripted-ipc-peer.ts';
import { verdict } from './scripted-node.ts';
import { SteeredIpcPeer } from './steered-ipc-peer.ts';

let clock: VirtualClock;
let peer: SteeredIpcPeer;
let rpc: FakeNode;
let node: MiningNode;
let abort: AbortController;
let isBroken = false;
let isDown = false;
let submitted: () => ReturnType<typeof verdict>;

/** Lets time pass, a step at a time, until `until` has happened. */
async function passUntil<T>(until: Promise<T>, stepMs = 100): Promise<T> {
  let over = false;
  const settled = (): void => {
    over = true;
  };
  until.then(settled, settled);
  while (!over) {
    await clock.advanceAsync(stepMs);
    // What is on its way arrives before its time is up.
    for (let turn = 0; turn < 10 && !over; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return await until;
}

async function next(iterator: AsyncIterator<NodeTemplate>): Promise<NodeTemplate> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('the templates ended');
  return result.value;
}

/** As a node that is restarted, and takes its time. */
function goDown(): void {
  isDown = true;
  peer.disconnect();
}

const made = (hosted: Hosted) => results(0, 1, (answer, host) => answer.capability(0, host(hosted)));
const templates = () => node.templates(abort.signal)[Symbol.asyncIterator]();
const asked = (method: string) => rpc.calls.filter((call) => call.method === method).length;

beforeEach(async () => {
  clock = new VirtualClock();
  abort = new AbortController();
  isBroken = false;
  isDown = false;
  submitted = () => verdict(true);
  peer = await SteeredIpcPeer.start('32', {
    'Init@0': () => (isDown ? { kind: 'disconnect' } : made('ThreadMap')),
    'Init@4': () => undefined,
    'Mining@4': () => (isBroken ? failed('out of luck') : peer.template()),
    'Mining@7': ({ params }) => (params.has(0) ? submitted() : failed('no thread')),
  });
  rpc = await FakeNode.listen({
    getblockchaininfo: () => ({ result: { chain: 'regtest', blocks: 100, headers: 100 } }),
    getbestblockhash: () => ({ result: '11'.repeat(32) }),
    getblocktemplate: ({ params }) =>
      JSON.stringify(params).includes('longpollid')
        ? 'silence'
        : { result: templateJson({ height: 101, previousblockhash: '11'.repeat(32) }) },
  });
  node = createNode({
    ipc: peer.path,
    url: rpc.url,
    user: 'u',
    password: 'p',
    clock,
    log: silentLogger,
    random: () => 0,
  });
});
afterEach(async () => {
  abort.abort();
  await node.close();
  await peer[Symbol.asyncDispose]();
  await rpc[Symbol.asyncDispose]();
});

describe('a node over both', () => {
  test('asks the RPC for no template while IPC works', async () => {
    expect(await next(templates())).toMatchObject({ kind: 'held', height: 101 });
    await clock.advanceAsync(20_000);
    expect(asked('getblocktemplate')).toBe(0);
    expect(asked('getbestblockhash')).toBeLessThan(5);
    expect(node.health()).toMatchObject({ state: 'ok' });
    expect(node.health().reason).toBeUndefined();
  });

  test('takes templates from the RPC while IPC is away, says why, and goes back', async () => {
    const iterator = templates();
    await passUntil(next(iterator));
    const second = next(iterator);
    await peer.waiting();
    const { path } = peer;
    goDown();
    expect(await passUntil(second)).toMatchObject({ kind: 'whole', height: 101, bestBlockChanged: false });
    expect(node.health()).toMatchObject({ state: 'ok', reason: expect.stringContaining(path) });
    const third = next(iterator);
    isDown = false;
    expect(await passUntil(third)).toMatchObject({ kind: 'held', height: 101, bestBlockChanged: false });
    expect(node.health().reason).toBeUndefined();
    const longPolls = asked('getblocktemplate');
    await clock.advanceAsync(60_000);
    expect(asked('getblocktemplate')).toBe(longPolls);
  });

  test('takes templates from the RPC when IPC is there and has none', async () => {
    isBroken = true;
    expect(await passUntil(next(templates()))).toMatchObject({ kind: 'whole' });
    expect(node.health()).toMatchObject({
      state: 'ok',
      reason: expect.stringMatching(/^templates come by RPC, IPC is away: ./),
    });
  });

  test('leaves a short absence of IPC alone', async () => {
    const iterator = templates();
    await next(iterator);
    const second = next(iterator);
    await peer.waiting();
    peer.disconnect();
    while (node.health().reason === undefined) await new Promise((resolve) => setImmediate(resolve));
    await clock.advanceAsync(LIMITS.ipcGraceMs / 2);
    expect(await second).toMatchObject({ kind: 'held' });
    expect(asked('getblocktemplate')).toBe(0);
  });

  test('hands a block over both ways, and believes the first that has it', async () => {
    await next(templates());
    rpc.on('submitblock', () => 'silence');
    expect(await node.submitBlock(new Uint8Array(200))).toEqual({ kind: 'accepted' });
    submitted = () => verdict(false, 'duplicate');
    rpc.on('submitblock', () => ({ result: 'duplicate' }));
    expect(await node.submitBlock(new Uint8Array(200))).toEqual({ kind: 'duplicate' });
    expect(node.takesBlocks).toBe(true);
  });

  test('has a block refused when one way refuses it and the other is silent', async () => {
    await next(templates());
    rpc.on('submitblock', () => 'silence');
    submitted = () => verdict(false, 'bad-cb-amount');
    const result = await passUntil(node.submitBlock(new Uint8Array(200)));
    expect(result).toEqual({ kind: 'rejected', reason: 'bad-cb-amount' });
  });

  test('is away with both reasons when both are', async () => {
    await next(templates());
    goDown();
    await rpc[Symbol.asyncDispose]();
    const away = (async () => {
      while (node.health().state !== 'away') await new Promise((resolve) => setImmediate(resolve));
    })();
    await passUntil(away);
    expect(node.health().reason).toMatch(/IPC is away: .*; RPC: /);
  });
});

describe('a race of submissions', () => {
  const race = (...results: readonly Promise<Awaited<ReturnType<typeof raceSubmissions>>>[]) =>
    raceSubmissions(
      results.map((result) => () => result),
      { clock: new VirtualClock() },
    );
  const never = new Promise<never>(() => {});

  test.each(['accepted', 'duplicate'] as const)('is over when one way says %s', async (kind) => {
    expect(await race(never, Promise.resolve({ kind }))).toEqual({ kind });
  });

  test('is decided by the best of what they say when none has the block', async () => {
    const no = { kind: 'rejected', reason: 'high-hash' } as const;
    const away = { kind: 'unreachable', reason: 'away' } as const;
    const unable = { kind: 'unable', reason: 'no way' } as const;
    expect(await race(Promise.resolve(unable), Promise.resolve(away), Promise.resolve(no))).toEqual(no);
    expect(await race(Promise.resolve(unable), Promise.reject(new Error('a bug')))).toEqual({
      kind: 'unreachable',
      reason: 'a bug',
    });
  });

  test('lets the other way contradict a refusal for some time', async () => {
    const clock = new VirtualClock();
    const late = Promise.withResolvers<{ kind: 'accepted' }>();
    const ways = [async () => ({ kind: 'rejected', reason: 'x' }) as const, () => late.promise];
    const first = raceSubmissions(ways, { clock });
    await clock.advanceAsync(LIMITS.secondOpinionMs - 1);
    late.resolve({ kind: 'accepted' });
    expect(await first).toEqual({ kind: 'accepted' });
  });
});
