import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNode, LIMITS, type Logger, type MiningNode, type NodeOptions, type NodeTemplate } from '../src/index.ts';
import { FakeNode, templateJson } from './fake-node.ts';
import { failed, type Hosted, type PeerGeneration, results, type Script } from './scripted-ipc-peer.ts';
import { SteeredIpcPeer } from './steered-ipc-peer.ts';

let clock: VirtualClock;
let peer: SteeredIpcPeer;
let node: MiningNode;
let abort: AbortController;
let lines: string[];

const recorder: Logger = {
  ...silentLogger,
  info: (message) => lines.push(message),
  warn: (message) => lines.push(message),
  error: (message) => lines.push(message),
  child: () => recorder,
};

async function start(generation: PeerGeneration, script: Script = {}, options: Partial<NodeOptions> = {}) {
  peer = await SteeredIpcPeer.start(generation, script);
  node = createNode({ ipc: peer.path, clock, log: recorder, random: () => 0, ...options });
}

const templates = (signal = abort.signal, reserve = { weight: 8_000, sigops: 400 }) =>
  node.templates(signal, reserve)[Symbol.asyncIterator]();

async function next(iterator: AsyncIterator<NodeTemplate>): Promise<NodeTemplate> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('the templates ended');
  return result.value;
}

/** Lets time pass, a step at a time, until `until` holds. */
async function passUntil(until: () => boolean, stepMs = 50): Promise<void> {
  for (; !until(); await settled()) await clock.advanceAsync(stepMs);
}

async function pass(ms: number, stepMs = 50): Promise<void> {
  const endMs = clock.now() + ms;
  await passUntil(() => clock.now() >= endMs, stepMs);
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const made = (hosted: Hosted) => results(0, 1, (answer, host) => answer.capability(0, host(hosted)));
const RPC = { user: 'u', password: 'p' };

async function rpcNode(): Promise<FakeNode> {
  return await FakeNode.listen({
    getbestblockhash: () => ({ result: '11'.repeat(32) }),
    getblocktemplate: ({ params }) =>
      JSON.stringify(params).includes('longpollid')
        ? 'silence'
        : { result: templateJson({ height: 101, previousblockhash: '11'.repeat(32) }) },
  });
}

beforeEach(() => {
  clock = new VirtualClock();
  abort = new AbortController();
  lines = [];
});
afterEach(async () => {
  abort.abort();
  await node.close();
  await peer[Symbol.asyncDispose]();
});

describe('an RPC that is down', () => {
  test('takes no IPC connection with it when its chain is yet to be looked at', async () => {
    const url = 'http://127.0.0.1:1';
    const guard = { blocks: [{ height: 1, hash: new Uint8Array(32) }] };
    await start('32', { 'Init@4': () => undefined }, { url, ...RPC, guard });
    const iterator = templates();
    const first = next(iterator);
    await pass(LIMITS.ipcGraceMs + 1_000);
    await first;
    const connections = peer.count('Init@0');
    for (const byte of [0x22, 0x33]) {
      const coming = next(iterator);
      await peer.waiting();
      peer.newTip(byte);
      expect(await coming).toMatchObject({ kind: 'held', prevHash: new Uint8Array(32).fill(byte) });
      await settled();
    }
    expect(peer.count('Init@0')).toBe(connections);
    expect(node.health()).toMatchObject({ state: 'ok' });
    expect(node.health().reason).toMatch(/^all goes by IPC, RPC is away: 127\.0\.0\.1:1 cannot be reached/);
  });

  test('and none over IPC either: a known block is looked for among the best ones that go by', async () => {
    const guard = { blocks: [{ height: 102, hash: new Uint8Array(32).fill(0x44) }] };
    await start('31', {}, { guard });
    const iterator = templates();
    await next(iterator);
    expect(node.health()).toMatchObject({ state: 'ok', reason: expect.stringMatching(/^the blocks of chain_guard/) });
    const second = next(iterator);
    await peer.waiting();
    peer.newTip(0x22);
    await second;
    void next(iterator).catch(() => {});
    await peer.waiting();
    peer.newTip(0x33);
    await passUntil(() => node.health().state === 'wrong-chain');
    expect(node.health().reason).toMatch(/^its block 102 is 3333/);
  });

  test('has never answered: a node that takes no whole blocks over IPC is not said to take them', async () => {
    await start('31', { 'Init@4': () => undefined }, { url: 'http://127.0.0.1:1', ...RPC });
    await next(templates());
    await settled();
    expect(node.takesBlocks).toBe(false);
  });

  test('is one line of the log, and the reason in health, while IPC works', async () => {
    const rpc = await rpcNode();
    await start('32', { 'Init@4': () => undefined }, { url: rpc.url, ...RPC });
    await next(templates());
    await settled();
    await rpc[Symbol.asyncDispose]();
    lines = [];
    await pass(60_000, 1_000);
    expect(lines).toEqual(['node is away this way, another one works']);
    expect(node.health()).toMatchObject({
      state: 'ok',
      reason: expect.stringMatching(/^all goes by IPC, RPC is away: /),
    });
  });
});

describe('a tip of which nothing is known', () => {
  test('costs no connection when the node cannot make a template on it', async () => {
    let isBroken = false;
    await start('31', { 'Mining@4': () => (isBroken ? failed('bad-cb-length') : peer.template()) });
    const iterator = templates();
    await next(iterator);
    void next(iterator).catch(() => {});
    await peer.waiting();
    const connections = peer.count('Init@0');
    isBroken = true;
    // What waits for a template has one from the node's own wait.
    peer.newTip(0x22, 107);
    await pass(2_000);
    expect(peer.count('Init@0')).toBe(connections);
    expect(node.health()).toMatchObject({ state: 'ok', tipHeight: 107 });
  });

  test('is not asked for while the node downloads the chain', async () => {
    const waits: (() => void)[] = [];
    const script: Script = {
      'Mining@0': () => results(1, 0),
      'Mining@1': () => results(1, 0, (answer) => answer.bool(0, true)),
      'Mining@4': async ({ params }) => {
        if (!params.bool(0, true)) return peer.template();
        await new Promise<void>((resolve) => waits.push(resolve));
        return results(0, 1);
      },
      'Mining@6': () => {
        for (const wake of waits.splice(0)) wake();
        return peer.interruptTip();
      },
    };
    await start('31', script, { chain: 'mainnet' });
    templates()
      .next()
      .catch(() => {});
    await passUntil(() => node.health().state === 'ibd');
    const asked = peer.count('Mining@4');
    for (let height = 200; height < 300; height += 10) {
      peer.newTip(height % 256, height);
      await settled();
    }
    expect(peer.count('Mining@4')).toBe(asked);
    expect(node.health()).toMatchObject({ state: 'ibd', tipHeight: 290 });
  });
});

describe('a stream that ends in trouble', () => {
  test('leaves no word of it when others go on', async () => {
    const isBroken = ({ params }: { params: { struct(at: number): { u64(at: number, xor: bigint): bigint } } }) =>
      params.struct(1).u64(8, 8_000n) === 4_000n;
    await start('31', { 'Mining@4': (call) => (isBroken(call) ? failed('out of luck') : peer.template()) });
    await next(templates());
    const own = new AbortController();
    const other = templates(own.signal, { weight: 4_000, sigops: 0 });
    other.next().catch(() => {});
    await passUntil(() => node.health().state === 'away');
    own.abort();
    await settled();
    expect(node.health()).toMatchObject({ state: 'ok' });
  });
});

describe('a tip of more than 20 minutes, on a chain that makes blocks easier then', () => {
  test('gives better fees no more often than on any other, and another difficulty at once', async () => {
    await start('31', {}, { refreshIntervalMs: 10_000 });
    const iterator = templates();
    await next(iterator);
    let came: NodeTemplate | undefined;
    void next(iterator).then((template) => {
      came = template;
    });
    const base = peer.peer.references;
    // Every second the node answers, whatever it was asked for.
    for (let second = 1; second < 9; second += 1) {
      await peer.waiting();
      await clock.advanceAsync(1_000);
      peer.newFees(BigInt(second * 100));
      await settled();
      expect([second, came]).toEqual([second, undefined]);
    }
    expect(peer.peer.references).toBe(base);
    for (let second = 9; came === undefined && second < 12; second += 1) {
      await peer.waiting();
      await clock.advanceAsync(1_000);
      peer.newFees(BigInt(second * 100));
      await settled();
    }
    expect(came).toMatchObject({ kind: 'held', fees: 900n });
  });
});

describe('IPC that comes and goes', () => {
  const flaps = (isUp: () => boolean): Script => ({
    'Init@0': () => (isUp() ? made('ThreadMap') : { kind: 'disconnect' }),
    'Init@4': () => undefined,
  });

  test('has the RPC stand in, where it never lives long enough for a template', async () => {
    await using rpc = await rpcNode();
    const script: Script = { ...flaps(() => true), 'Mining@4': () => ({ kind: 'disconnect' }) };
    await start('32', script, { url: rpc.url, ...RPC });
    let came: NodeTemplate | undefined;
    void templates()
      .next()
      .then(({ value }) => {
        came = value ?? undefined;
      });
    await pass(LIMITS.ipcGraceMs + 200, 100);
    expect(rpc.count('getblocktemplate')).toBe(1);
    await passUntil(() => came !== undefined);
    expect(came).toMatchObject({ kind: 'whole' });
  });

  test('for longer and longer pauses leaves the templates with the RPC until it stays', async () => {
    await using rpc = await rpcNode();
    let isUp = true;
    await start(
      '32',
      flaps(() => isUp),
      { url: rpc.url, ...RPC },
    );
    const kinds: string[] = [];
    const reading = (async () => {
      for await (const template of node.templates(abort.signal)) {
        kinds.push(template.kind);
        if (template.kind === 'held') template.release();
      }
    })();
    await passUntil(() => kinds.length === 1);
    for (const count of [2, 4]) {
      isUp = false;
      peer.disconnect();
      await passUntil(() => kinds.length === count);
      isUp = true;
      if (count === 2) await passUntil(() => kinds.length === 3);
    }
    // Once there and back, and no more.
    for (let flap = 0; flap < 40; flap += 1) {
      isUp = true;
      await pass(12_000, 200);
      isUp = false;
      peer.disconnect();
      await pass(6_000, 200);
    }
    isUp = true;
    expect(kinds).toEqual(['held', 'whole', 'held', 'whole']);
    expect(node.health()).toMatchObject({ state: 'ok' });
    await passUntil(() => node.health().ipc !== undefined);
    expect(node.health().reason).toContain('until IPC has stayed');
    await passUntil(() => kinds.length === 5);
    expect(kinds.at(-1)).toBe('held');
    expect(clock.pending).toBeLessThan(20);
    abort.abort();
    await reading;
  });

  test('gives the template of a new tip, whether it stays or not', async () => {
    await using rpc = await rpcNode();
    let isUp = true;
    await start(
      '32',
      flaps(() => isUp),
      { url: rpc.url, ...RPC },
    );
    const got: NodeTemplate[] = [];
    const reading = (async () => {
      for await (const template of node.templates(abort.signal)) got.push(template);
    })();
    await passUntil(() => got.length === 1);
    for (const count of [2, 4]) {
      isUp = false;
      peer.disconnect();
      await passUntil(() => got.length === count);
      isUp = true;
      if (count === 2) await passUntil(() => got.length === 3);
    }
    await passUntil(() => node.health().ipc !== undefined);
    await peer.waiting();
    peer.newTip(0x77);
    await settled();
    expect(got.at(-1)).toMatchObject({ kind: 'held', prevHash: new Uint8Array(32).fill(0x77) });
    abort.abort();
    await reading;
  });
});
