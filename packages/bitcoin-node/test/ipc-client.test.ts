import { systemClock, VirtualClock } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { RpcError } from '../src/index.ts';
import { IpcError } from '../src/ipc/client/ipc-error.ts';
import { IPC_LIMITS } from '../src/ipc/client/limits.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { FEATURES } from '../src/ipc/client/types.ts';
import {
  failed,
  type PeerGeneration,
  results,
  type Reply,
  ScriptedIpcPeer,
  type Script,
  silence,
  unimplemented,
} from './scripted-ipc-peer.ts';
import { data, SCRIPTED, SCRIPTED_HEADER, text } from './scripted-node.ts';

const RESERVE = { reservedWeight: 8_000, sigops: 400 };
const GENERATIONS: readonly PeerGeneration[] = ['30', '31', '32'];

async function connected(generation: PeerGeneration, script: Script = {}, clock = systemClock) {
  const peer = await ScriptedIpcPeer.start(generation, script);
  const client = await MiningClient.connect({ path: peer.path, clock });
  return { peer, client, lane: await client.lane('work'), [Symbol.asyncDispose]: () => ended(client, peer) };
}

async function ended(client: MiningClient, peer: ScriptedIpcPeer): Promise<void> {
  await client.close();
  await peer[Symbol.asyncDispose]();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Why a promise is rejected. */
async function failure(promise: Promise<unknown>): Promise<IpcError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof IpcError) return error;
  throw new Error(`not an IpcError: ${String(error)}`);
}

test.each([
  ['30', 30, []],
  ['31', 31, []],
  ['32', 31, ['submitBlock', 'transactionsByWitnessId', 'rpc']],
] as const)('tells a node of version %s by asking, and what it offers', async (version, generation, features) => {
  await using world = await connected(version);
  expect(world.client.generation).toBe(generation);
  expect(FEATURES.filter((feature) => world.client.offers(feature))).toEqual(features);
});

test('refuses version 30.0, which lacks interruptWait, and says what to do', async () => {
  await using peer = await ScriptedIpcPeer.start('30.0');
  const error = await failure(MiningClient.connect({ path: peer.path, clock: systemClock }));
  expect(error.code).toBe('too-old');
  expect(error.message).toMatch(/is Bitcoin Core 30\.0.*update it to version 31 or later/);
});

test('asking what a node offers hands it no block: submitBlock is called without a thread', async () => {
  await using world = await connected('32');
  const asked = world.peer.calls.filter(({ hosted, ordinal }) => hosted === 'Mining' && ordinal === 7);
  expect(asked.map(({ params }) => [params.has(0), params.data(1).length])).toEqual([[false, 0]]);
});

test('takes a submitBlock that says it was replaced for none', async () => {
  const replaced = () => failed('Old submitBlock (@7) not supported. Please update your client!');
  await using world = await connected('32', { 'Mining@7': replaced });
  expect(world.client.offers('submitBlock')).toBe(false);
});

test.each(GENERATIONS)('reads tip, template and coinbase of version %s alike', async (version) => {
  await using world = await connected(version);
  const { client, lane } = world;
  const template = await client.createNewBlock(lane, RESERVE, { cooldown: true });
  expect(await client.getTip(lane)).toEqual(SCRIPTED.tip);
  expect(await template?.header(lane)).toEqual(SCRIPTED_HEADER);
  expect(await template?.merklePath(lane)).toEqual([]);
  expect(await template?.fees(lane)).toEqual([]);
  expect(await template?.coinbaseTx(lane)).toEqual({
    version: 2,
    sequence: 0xfffffffe,
    scriptSigPrefix: Uint8Array.of(1, SCRIPTED.tip.height + 1),
    witness: new Uint8Array(32),
    blockRewardRemaining: SCRIPTED.reward,
    requiredOutputs: [SCRIPTED.commitment],
    lockTime: SCRIPTED.tip.height,
  });
});

test('writes options as their difference from the defaults of version 31, and as they are for version 30', async () => {
  for (const [version, slot, mempool, weight] of [
    ['30', 0, true, 2_400n],
    ['31', 1, false, 2_400n ^ 8_000n],
  ] as const) {
    await using world = await connected(version);
    await world.client.createNewBlock(world.lane, { reservedWeight: 2_400, sigops: 400 }, { cooldown: false });
    const options = world.peer.calls.findLast(({ hosted, ordinal }) => hosted === 'Mining' && ordinal === 4)?.params;
    expect(options?.struct(slot).bool(0)).toBe(mempool);
    expect(options?.struct(slot).u64(8)).toBe(weight);
    expect(options?.struct(slot).u64(16)).toBe(version === '30' ? 400n : 0n);
  }
});

test('a template that is null, for a node that stops, is none', async () => {
  await using world = await connected('31', { 'Mining@4': () => results(0, 1) });
  expect(await world.client.createNewBlock(world.lane, RESERVE, { cooldown: false })).toBeUndefined();
});

test.each<[what: string, reply: Reply, code: string, says: RegExp]>([
  [
    'an Abort',
    { kind: 'abort', reason: 'too many words' },
    'disconnected',
    /connection to the node.*is over.*too many words/,
  ],
  ['the end of a killed node', { kind: 'disconnect' }, 'disconnected', /went away.*start it again/],
  ['garbage', { kind: 'bytes', bytes: new Uint8Array(64).fill(0xee) }, 'too-large', /cannot be read/],
  ['an answer to nothing', { kind: 'bytes', bytes: answerTo(4_000) }, 'malformed', /cannot be read/],
  ['more than 64 MiB', { kind: 'bytes', bytes: Uint8Array.of(0, 0, 0, 0, 1, 0, 0x80, 0) }, 'too-large', /frame of/],
])('in the middle of a call, %s ends every call with a reason', async (_what, reply, code, says) => {
  await using world = await connected('31', { 'Mining@2': () => reply });
  const { client, lane } = world;
  const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
  const wait = template?.waitNext(await client.lane('wait'), { timeoutMs: 30_000 });
  const errors = await Promise.all([failure(client.getTip(lane)), failure(wait ?? Promise.resolve())]);
  expect(errors.map((error) => error.code)).toEqual([code, code]);
  expect(errors[0]?.message).toMatch(says);
  expect(errors.map(({ method }) => method)).toEqual(['Mining.getTip', 'BlockTemplate.waitNext']);
  expect((await client.ended).code).toBe(code);
  expect((await failure(client.isTestChain(lane))).code).toBe(code);
  expect(client.stats).toMatchObject({ callsInFlight: 0, questions: 0, imports: 0 });
});

test('a call that hangs ends the connection at its deadline, and with it the others', async () => {
  const clock = new VirtualClock();
  await using world = await connected('31', { 'Mining@2': () => silence, 'Mining@1': () => silence }, clock);
  const { client, lane, peer } = world;
  const calls = [failure(client.getTip(lane)), failure(client.isInitialBlockDownload(lane))];
  await peer.called('Mining@1');
  clock.advance(IPC_LIMITS.answerTimeoutMs);
  const errors = await Promise.all(calls);
  expect(errors.map(({ code }) => code)).toEqual(['timeout', 'timeout']);
  expect(errors[0]?.message).toMatch(/Mining\.getTip: the node at .* did not answer in 60 s/);
  expect(clock.pending).toBeLessThanOrEqual(1);
});

test('a wait has its own time on top of the deadline', async () => {
  const clock = new VirtualClock();
  await using world = await connected('31', {}, clock);
  const { client, lane, peer } = world;
  const wait = client.waitTipChanged(lane, SCRIPTED.tip.hash, 30_000);
  await peer.called('Mining@3');
  clock.advance(IPC_LIMITS.answerTimeoutMs + 29_999);
  await client.interrupt();
  expect(await wait).toBeUndefined();
});

test('interrupts nothing when nothing waits: the interrupt would end the next wait', async () => {
  await using world = await connected('31');
  const template = await world.client.createNewBlock(world.lane, RESERVE, { cooldown: false });
  await world.client.interrupt();
  await template?.interruptWait();
  expect(world.peer.names).not.toContain('Mining@6');
  expect(world.peer.names).not.toContain('BlockTemplate@9');
});

test.each(GENERATIONS)('a release ends the waits of its template on version %s', async (version) => {
  await using world = await connected(version);
  const { client, lane, peer } = world;
  const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
  const wait = template?.waitNext(await client.lane('wait'), { timeoutMs: 30_000 });
  await peer.called(version === '30' ? 'Mining@3' : 'BlockTemplate@8');
  template?.release();
  template?.release();
  expect(await wait).toBeUndefined();
  expect((await failure(template?.header(lane) ?? Promise.resolve())).code).toBe('released');
});

test('closing ends waits first', async () => {
  await using world = await connected('31');
  const { client, lane, peer } = world;
  const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
  const wait = template?.waitNext(await client.lane('wait'), { timeoutMs: 30_000 });
  await peer.called('BlockTemplate@8');
  await Promise.all([client.close(), client.close()]);
  expect(await wait).toBeUndefined();
  expect(peer.names.at(-1)).toBe('BlockTemplate@9');
  expect((await failure(client.lane('late'))).code).toBe('closed');
});

describe('on version 30, which dies of a connection that breaks during its waitNext', () => {
  test('waits for tips instead, and makes the template anew on another', async () => {
    let tips = 0;
    const hash = new Uint8Array(32).fill(0x22);
    const tip = () => {
      tips += 1;
      return results(0, 1, (answer) => answer.struct(0, 1, 1).data(0, tips < 4 ? SCRIPTED.tip.hash : hash));
    };
    await using world = await connected('30', { 'Mining@3': tip });
    const { client, lane, peer } = world;
    const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
    const next = await template?.waitNext(await client.lane('wait'), { timeoutMs: 30_000 });
    expect(await next?.header(lane)).toEqual(SCRIPTED_HEADER);
    expect(peer.names).not.toContain('BlockTemplate@10');
    const waits = peer.calls.filter(({ hosted, ordinal }) => hosted === 'Mining' && ordinal === 3);
    // The first was to see whether the chain is loaded.
    expect(waits.map(({ params }) => params.f64(0))).toEqual([1, 1_000, 1_000, 1_000]);
  });

  test('makes it anew for fees every five seconds, and gives back those that bring too little', async () => {
    const fees: Record<number, bigint> = {};
    let made = 0;
    const clock = new VirtualClock();
    await using world = await connected(
      '30',
      {
        'BlockTemplate@3': ({ target }) => {
          fees[target] ??= BigInt((made += 1)) * 100n;
          return results(0, 1, (answer) => answer.int64List(0, [fees[target] ?? 0n]));
        },
        'Mining@3': () => {
          clock.advance(1_000);
          return results(1, 1, (answer) => answer.struct(0, 1, 1).data(0, SCRIPTED.tip.hash));
        },
      },
      clock,
    );
    const { client, lane, peer } = world;
    const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
    const before = peer.references;
    const next = await template?.waitNext(await client.lane('wait'), { timeoutMs: 30_000, feeThreshold: 300n });
    expect(await next?.fees(lane)).toEqual([400n]);
    expect(peer.names.filter((name) => name === 'Mining@3')).toHaveLength(1 + 15);
    next?.release();
    await client.getTip(lane);
    expect(peer.references).toBe(before + 1);
    expect(await template?.waitNext(lane, { timeoutMs: 3_000, feeThreshold: 10_000n })).toBeUndefined();
  });
});

test('two hundred templates leave nothing behind on either side', async () => {
  await using world = await connected('32');
  const { client, lane, peer } = world;
  const before = { imports: client.stats.imports, references: peer.references };
  for (let count = 0; count < 200; count += 1) {
    const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
    await template?.header(lane);
    template?.release();
  }
  // A call behind the last release: the peer has seen it.
  await client.getTip(lane);
  expect({ imports: client.stats.imports, references: peer.references }).toEqual(before);
  expect(client.stats.questions).toBe(0);
});

test('version 30 gets the calls of a lane one by one, later ones as they come', async () => {
  for (const [version, atOnce] of [
    ['30', 1],
    ['31', 3],
  ] as const) {
    let running = 0;
    let most = 0;
    const slow = async (): Promise<Reply> => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
      return data(SCRIPTED_HEADER);
    };
    await using world = await connected(version, { 'BlockTemplate@1': slow });
    const template = await world.client.createNewBlock(world.lane, RESERVE, { cooldown: false });
    await Promise.all([1, 2, 3].map(async () => await template?.header(world.lane)));
    expect(most).toBe(atOnce);
  }
});

test.each([
  ['thread busy', 'overloaded', /one call at a time/],
  [
    'std::exception: TestBlockValidity failed: bad-cb-length, Transaction check failed (tx hash 5f…)',
    'failed',
    /^the node at \S+ makes no templates over IPC for the first 16 blocks of a chain \(bad-cb-length\): mine these by its/,
  ],
  ['Old method (@2) not supported. Please update your client!', 'too-new', /update sv2kit/],
  ['std::exception: whatever', 'failed', /says "std::exception: whatever"/],
])('says what an exception of the node means: %s', async (reason, code, says) => {
  await using world = await connected('30', { 'Mining@2': () => failed(reason) });
  const error = await failure(world.client.getTip(world.lane));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(says);
  expect(await world.client.isTestChain(world.lane)).toBe(true);
});

test('a method that the node lacks is unimplemented, and nothing else suffers', async () => {
  await using world = await connected('31');
  const { client, lane } = world;
  expect((await failure(client.submitBlock(lane, new Uint8Array(81)))).code).toBe('unimplemented');
  expect((await failure(client.transactionsByWitnessId(lane, [new Uint8Array(32)]))).code).toBe('unimplemented');
  expect((await failure(client.rpc(lane, 'getblockcount'))).code).toBe('unimplemented');
  expect(await client.isTestChain(lane)).toBe(true);
});

test.each<[what: string, script: Script, read: 'header' | 'merklePath' | 'coinbaseTx']>([
  ['a header of 79 bytes', { 'BlockTemplate@1': () => data(new Uint8Array(79)) }, 'header'],
  ['a path with a short hash', { 'BlockTemplate@6': pathOf(new Uint8Array(31)) }, 'merklePath'],
  ['an output that goes on', { 'BlockTemplate@5': coinbaseWith(new Uint8Array(10)) }, 'coinbaseTx'],
  [
    'a text where data belongs',
    { 'BlockTemplate@1': () => results(0, 1, (answer) => answer.struct(0, 1, 0)) },
    'header',
  ],
])('refuses %s and goes on', async (_what, script, read) => {
  await using world = await connected('31', script);
  const template = await world.client.createNewBlock(world.lane, RESERVE, { cooldown: false });
  expect((await failure(template?.[read](world.lane) ?? Promise.resolve())).code).toBe('malformed');
  expect(await world.client.isTestChain(world.lane)).toBe(true);
});

test('bounds the calls in flight, and sends no message that the node would not take', async () => {
  await using world = await connected('31', { 'Mining@2': () => silence });
  const { client, lane } = world;
  const block = new Uint8Array(IPC_LIMITS.messageBytes);
  expect((await failure(client.submitBlock(lane, block))).code).toBe('too-large');
  expect((await failure(client.checkBlock(lane, block))).code).toBe('too-large');
  for (let count = 0; count < IPC_LIMITS.callsInFlight; count += 1) client.getTip(lane).catch(() => {});
  const error = await failure(client.getTip(lane));
  expect(error.code).toBe('overloaded');
  expect(error.message).toMatch(/256 calls already wait.*make fewer at once/);
  world.peer.disconnect();
});

test('waits for the end of the initial download a minute at a time, and interrupts the node then', async () => {
  const clock = new VirtualClock();
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
  const script: Script = {
    'Mining@4': async () => {
      await interrupted;
      return results(0, 1);
    },
    'Mining@6': () => {
      interrupt();
      return results(0, 0);
    },
  };
  await using world = await connected('31', script, clock);
  const template = world.client.createNewBlock(world.lane, RESERVE, { cooldown: true });
  await world.peer.called('Mining@4');
  clock.advance(IPC_LIMITS.cooldownMs);
  expect(await template).toBeUndefined();
});

test('asks a node of version 30 whether it still downloads, until it does not or is interrupted', async () => {
  let asked = 0;
  const download = () => {
    asked += 1;
    return results(1, 0, (answer) => answer.bool(0, asked < 3));
  };
  const clock = new VirtualClock();
  await using world = await connected('30', { 'Mining@1': download }, clock);
  const { client, lane, peer } = world;
  const template = client.createNewBlock(lane, RESERVE, { cooldown: true });
  for (const times of [1, 2]) {
    await peer.called('Mining@1', times);
    while (client.stats.callsInFlight > 0 || clock.pending === 0) await turn();
    clock.advance(IPC_LIMITS.downloadPollMs);
  }
  expect(await template).toBeDefined();
  asked = 0;
  const second = client.createNewBlock(lane, RESERVE, { cooldown: true });
  await peer.called('Mining@1', 4);
  await client.interrupt();
  expect(await second).toBeUndefined();
});

test('asks for transactions a few at a time, in order, and stops at a limit', async () => {
  const wtxids = Array.from({ length: 400 }, (_, index) => new Uint8Array(32).fill(index));
  await using world = await connected('32', {
    'Mining@9': ({ params }) => {
      const asked = params.dataList(1);
      return results(0, 1, (answer) =>
        answer.dataList(
          0,
          asked.map((id) => id.subarray(0, (id[0] ?? 0) % 2)),
        ),
      );
    },
  });
  const { client, lane } = world;
  const found = await client.transactionsByWitnessId(lane, wtxids);
  expect(found).toEqual(wtxids.map((id) => ((id[0] ?? 0) % 2 === 1 ? id.subarray(0, 1) : undefined)));
  // One more had been asked with no ids, to see whether the node has the method.
  expect(world.peer.names.filter((name) => name === 'Mining@9')).toHaveLength(1 + 3);
  expect((await failure(client.transactionsByWitnessId(lane, wtxids, { maxBytes: 70 }))).code).toBe('too-large');
});

test('JSON-RPC over the socket: results, and errors as JSON-RPC has them, through one Rpc object', async () => {
  const error = { code: -8, message: 'Block height out of range' };
  await using world = await connected('32', {
    'Rpc@0': ({ params }) => {
      const { method } = JSON.parse(params.text(1)) as { method: string };
      const answer = method === 'getblockhash' ? { error } : { result: { method, ünïcode: '✓' } };
      return text(JSON.stringify({ jsonrpc: '2.0', id: 1, ...answer }));
    },
  });
  const { client, lane } = world;
  expect(await client.rpc(lane, 'getblockchaininfo')).toEqual({ method: 'getblockchaininfo', ünïcode: '✓' });
  const refusal = await client.rpc(lane, 'getblockhash', [9]).catch((reason: unknown) => reason);
  expect(refusal).toBeInstanceOf(RpcError);
  expect(refusal).toMatchObject({ code: 'rpc', details: { rpcCode: -8 } });
  // One to see whether it is there, one to call.
  expect(world.peer.names.filter((name) => name === 'Init@4')).toHaveLength(2);
});

test('an interface that is neither of the known ones is said to be none of a node', async () => {
  await using peer = await ScriptedIpcPeer.start('31', {
    'Init@3': () => unimplemented,
    'Init@2': () => unimplemented,
  });
  const error = await failure(MiningClient.connect({ path: peer.path, clock: systemClock }));
  expect(error.code).toBe('unimplemented');
  expect(error.message).toMatch(/Init\.makeMining.*another version/);
});

/** A Return for a question that was not asked. */
function answerTo(question: number): Uint8Array {
  const frame = new Uint8Array(8 + 5 * 8);
  const view = new DataView(frame.buffer);
  view.setUint32(4, 5, true);
  // Root: one word of data, one pointer; its struct: two words of data, one pointer.
  view.setUint32(12, 0x0001_0001, true);
  view.setUint16(16, 3, true);
  view.setUint32(28, 0x0000_0002, true);
  view.setUint32(32, question, true);
  return frame;
}

function pathOf(...hashes: Uint8Array[]) {
  return () => results(0, 1, (answer) => answer.dataList(0, hashes));
}

function coinbaseWith(output: Uint8Array) {
  return () => results(0, 1, (answer) => answer.struct(0, 3, 3).dataList(2, [output]));
}
