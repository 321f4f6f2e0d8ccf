import { sha256d } from '@sv2kit/bitcoin';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNode, type HeldTemplate, LIMITS, type Logger, type MiningNode, type NodeOptions } from '../src/index.ts';
import { failed, type PeerGeneration, results, type Script } from './scripted-ipc-peer.ts';
import { bool, scriptedCoinbase, SCRIPTED, verdict } from './scripted-node.ts';
import { SteeredIpcPeer } from './steered-ipc-peer.ts';

const MAX_MONEY = 2_100_000_000_000_000n;
const MAX_DOUBLE = 1.7976931348623157e308;

let clock: VirtualClock;
let peer: SteeredIpcPeer;
let node: MiningNode;
let abort: AbortController;
let lines: string[];

const recorder: Logger = {
  ...silentLogger,
  info: (message) => lines.push(message),
  warn: (message, fields) => lines.push(`${message}: ${String(fields?.['reason'])}`),
  error: (message) => lines.push(message),
  child: () => recorder,
};

async function start(generation: PeerGeneration, script: Script = {}, options: Partial<NodeOptions> = {}) {
  peer = await SteeredIpcPeer.start(generation, script);
  open(options);
}

function open(options: Partial<NodeOptions> = {}): void {
  node = createNode({ ipc: peer.path, clock, log: recorder, random: () => 0, ...options });
}

function templates(reserve?: HeldTemplate['reserve']): AsyncIterator<HeldTemplate> {
  return node.templates(abort.signal, reserve)[Symbol.asyncIterator]() as AsyncIterator<HeldTemplate>;
}

async function next<T>(iterator: AsyncIterator<T>): Promise<T> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('it ended');
  return result.value;
}

/** Lets time pass, a step at a time, until `until` holds. */
async function passUntil(until: () => boolean, stepMs = 50): Promise<void> {
  for (; !until(); await settled()) await clock.advanceAsync(stepMs);
}

/** Lets no time pass until `until` holds. */
async function waitUntil(until: () => boolean): Promise<void> {
  while (!until()) await settled();
}

/** Lets what is on its way arrive. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const waitOf = async () => {
  const [call] = await peer.waiting();
  const options = call?.params.struct(1);
  return { timeoutMs: options?.f64(0, MAX_DOUBLE), fees: options?.i64(8, MAX_MONEY) !== MAX_MONEY };
};

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

describe('a held template', () => {
  test('says what the node says, and keeps free what was asked for (§7.1)', async () => {
    const reserve = { weight: 12_000, sigops: 80 };
    await start('31', {}, { chain: 'regtest' });
    peer.state = { ...peer.state, fees: [1_000n, 2_000n] };
    const template = await next(templates(reserve));
    expect(template).toMatchObject({
      kind: 'held',
      height: 101,
      prevHash: SCRIPTED.tip.hash,
      version: 0x2000_0000,
      nbits: SCRIPTED.nbits,
      curtime: 1_700_000_000,
      mintime: 1_700_000_000,
      coinbaseValue: 5_000_003_000n,
      fees: 3_000n,
      bestBlockChanged: true,
      receivedAtMs: clock.now(),
      reserve,
      coinbase: { version: 2, sequence: 0xfffffffe, lockTime: 100, requiredOutputs: [SCRIPTED.commitment] },
    });
    expect(template.merklePath).toHaveLength(2);
    const asked = peer.peer.calls.find(({ hosted, ordinal }) => hosted === 'Mining' && ordinal === 4)?.params.struct(1);
    expect([asked?.u64(8, 8_000n), asked?.u64(16, 400n)]).toEqual([12_000n, 80n]);
    expect(node.health()).toMatchObject({ state: 'ok', chain: 'regtest', tipHeight: 100 });
  });

  test('goes back to the node when its reader and its stream are through with it', async () => {
    await start('31');
    const iterator = templates();
    const first = await next(iterator);
    const second = next(iterator);
    await peer.waiting();
    const base = peer.peer.references;
    first.release();
    await settled();
    expect(peer.peer.references).toBe(base);
    peer.newTip(0x22);
    await second;
    await settled();
    expect(peer.peer.references).toBe(base);
  });

  test('costs the node nothing over hundreds of others', async () => {
    await start('31');
    const iterator = templates();
    (await next(iterator)).release();
    await settled();
    const base = peer.peer.references;
    for (let tip = 0; tip < 300; tip += 1) {
      const coming = next(iterator);
      await peer.waiting();
      peer.newTip(1 + (tip % 200), 200 + tip);
      (await coming).release();
    }
    await settled();
    expect(peer.peer.references).toBe(base);
    expect(clock.pending).toBeLessThan(20);
    // Threads and what leads to them, and the template that is waited on.
    expect(node.health().ipc).toEqual({ questions: 1, imports: expect.any(Number) });
    expect(node.health().ipc?.imports).toBeLessThan(12);
  });

  test('is let go when its reader never does, the oldest first', async () => {
    await start('32');
    const iterator = templates();
    const all = [await next(iterator)];
    for (let tip = 0; tip < LIMITS.heldTemplates + 3; tip += 1) {
      const coming = next(iterator);
      await peer.waiting();
      peer.newTip(1 + tip, 200 + tip);
      all.push(await coming);
    }
    const solution = { version: 1, ntime: 1, nonce: 1, coinbase: scriptedCoinbase() };
    expect(await all[0]?.submitSolution(solution)).toMatchObject({ kind: 'unable' });
    await expect(all[1]?.transactions()).rejects.toMatchObject({ code: 'released' });
    expect((await all.at(-1)?.submitSolution(solution))?.kind).not.toBe('unable');
  });

  test('gives its transactions once to all who ask meanwhile', async () => {
    await start('31');
    const template = await next(templates());
    const [one, two] = await Promise.all([template.transactions(), template.transactions()]);
    expect(one).toEqual([]);
    expect(two).toBe(one);
    expect(peer.count('BlockTemplate@2')).toBe(1);
  });
});

describe('a stream of held templates', () => {
  test('does not give the same work twice, and gives the copy back', async () => {
    await start('31', {}, { refreshIntervalMs: 1_000 });
    const iterator = templates();
    await next(iterator);
    let came = false;
    const second = next(iterator).then((template) => {
      came = true;
      return template;
    });
    const [wait] = await peer.waiting();
    const base = peer.peer.references;
    peer.newFees();
    await peer.waiting();
    await settled();
    expect(came).toBe(false);
    expect(peer.peer.references).toBe(base);
    expect((await peer.waiting())[0]?.target).toBe(wait?.target);
    peer.newFees(500n);
    expect((await second).fees).toBe(500n);
  });

  test('waits for new tips alone until fees may matter, and then for both', async () => {
    await start('31', {}, { refreshIntervalMs: 10_000, feeThreshold: 7n });
    const iterator = templates();
    await next(iterator);
    void next(iterator).catch(() => {});
    expect(await waitOf()).toEqual({ timeoutMs: 9_000, fees: false });
    await clock.advanceAsync(9_000);
    peer.timeOut();
    await settled();
    const [call] = await peer.waiting();
    expect(call?.params.struct(1).i64(8, MAX_MONEY)).toBe(7n);
    expect(await waitOf()).toEqual({ timeoutMs: LIMITS.ipcWaitMs, fees: true });
    peer.newTip(0x22);
    await settled();
    void next(iterator).catch(() => {});
    expect(await waitOf()).toEqual({ timeoutMs: 9_000, fees: false });
  });

  test('does not ask in a loop what answers at once with nothing', async () => {
    await start('31', { 'BlockTemplate@8': () => results(0, 1) });
    const iterator = templates();
    await next(iterator);
    void next(iterator).catch(() => {});
    await settled();
    expect(peer.count('BlockTemplate@8')).toBeLessThan(4);
    await clock.advanceAsync(5_000);
    expect(peer.count('BlockTemplate@8')).toBeLessThan(16);
  });

  test('has threads of its own, one to wait and one to read', async () => {
    await start('31');
    const [a, b] = [templates(), templates({ weight: 4_000, sigops: 0 })];
    await next(a);
    const threads = peer.count('ThreadMap@0');
    await next(b);
    expect(peer.count('ThreadMap@0')).toBe(threads + 2);
    expect(await peer.waiting(0)).toHaveLength(0);
    const both = [next(a), next(b)];
    await peer.waiting(2);
    peer.newTip(0x22);
    expect((await Promise.all(both)).map(({ reserve }) => reserve.weight)).toEqual([8_000, 4_000]);
  });

  test('takes turns with others in making the node look at fees', async () => {
    await start('31', {}, { refreshIntervalMs: 1_000 });
    const [a, b] = [templates(), templates({ weight: 4_000, sigops: 0 })];
    await Promise.all([next(a), next(b)]);
    void next(a).catch(() => {});
    void next(b).catch(() => {});
    await peer.waiting(2);
    expect(await waitOf()).toEqual({ timeoutMs: LIMITS.ipcFeeTickMs, fees: true });
    await clock.advanceAsync(LIMITS.ipcFeeTickMs);
    peer.timeOut();
    await peer.waiting(2);
    expect(await waitOf()).toEqual({ timeoutMs: LIMITS.ipcFeeTickMs, fees: false });
  });

  test('gives everything back when it ends', async () => {
    await start('31');
    await next(templates());
    const base = peer.peer.references;
    const own = new AbortController();
    const other = node.templates(own.signal)[Symbol.asyncIterator]();
    const template = await next(other);
    const pending = other.next();
    await peer.waiting();
    own.abort();
    expect(await pending).toMatchObject({ done: true });
    if (template.kind === 'held') template.release();
    await settled();
    expect(peer.peer.references).toBe(base);
  });

  test('goes on after the node fails to make a template, and says why there is none', async () => {
    let isBroken = true;
    await start('31', { 'Mining@4': () => (isBroken ? failed('out of luck') : peer.template()) });
    const first = next(templates());
    await passUntil(() => node.health().reason?.includes('out of luck') === true);
    expect(node.health().state).toBe('away');
    isBroken = false;
    let came = false;
    void first.then(() => {
      came = true;
    });
    await passUntil(() => came);
    expect(node.health().state).toBe('ok');
  });
});

describe('the connection', () => {
  test('is made again for ever, with longer and longer pauses, and the reason in health', async () => {
    await start('31', {}, { refreshIntervalMs: 1_000 });
    const iterator = templates();
    const old = await next(iterator);
    const second = next(iterator);
    await peer.waiting();
    peer.newFees(9n);
    await second;
    const third = next(iterator);
    peer.disconnect();
    await settled();
    expect(node.health()).toMatchObject({ state: 'away', reason: expect.stringContaining('went away') });
    const solution = { version: 1, ntime: 1, nonce: 1, coinbase: scriptedCoinbase() };
    expect(await old.submitSolution(solution)).toMatchObject({ kind: 'unable' });
    let came: HeldTemplate | undefined;
    void third.then((template) => {
      came = template;
    });
    await passUntil(() => came !== undefined);
    expect(came).toMatchObject({ height: 101, fees: 9n, bestBlockChanged: false });
    expect(node.health()).toMatchObject({ state: 'ok' });
  });

  test('waits for a node that is not there yet', async () => {
    peer = await SteeredIpcPeer.start('31');
    await peer.peer.stop();
    open();
    const first = next(templates());
    first.catch(() => {});
    await passUntil(() => node.health().state === 'away');
    await clock.advanceAsync(120_000);
    expect(lines.filter((line) => line.startsWith('node is away'))).toHaveLength(1);
    expect(node.health().reason).toMatch(/nobody listens|down|socket/);
  });

  test('refuses version 30.0 with a reason', async () => {
    await start('30.0');
    await waitUntil(() => node.health().state === 'away');
    expect(node.health().reason).toContain('30.0');
  });

  test('refuses a node on another chain', async () => {
    await start('31', { 'Mining@0': () => bool(false) }, { chain: 'regtest' });
    await waitUntil(() => node.health().state === 'away');
    expect(node.health().reason).toBe('the node is on mainnet, not on regtest');
  });

  test('tells regtest from another test chain by its difficulty', async () => {
    await start('31', {}, { chain: 'signet' });
    next(templates()).catch(() => {});
    await waitUntil(() => node.health().state === 'away');
    expect(node.health().reason).toBe('the node is on regtest, not on signet');
  });

  test('gives no templates while the chain is downloaded, and says so', async () => {
    const waits: (() => void)[] = [];
    const script: Script = {
      'Mining@0': () => bool(false),
      'Mining@1': () => bool(true),
      'Mining@4': async ({ params }) => {
        expect(params.bool(0, true)).toBe(true);
        await new Promise<void>((resolve) => waits.push(resolve));
        return results(0, 1);
      },
      'Mining@6': () => {
        for (const wake of waits.splice(0)) wake();
        return peer.interruptTip();
      },
    };
    await start('31', script, { chain: 'mainnet' });
    const pending = templates().next();
    await waitUntil(() => node.health().state === 'ibd');
    expect(node.health().reason).toBe('the node downloads the chain and is at block 100');
    await waitUntil(() => waits.length > 0);
    abort.abort();
    expect(await pending).toMatchObject({ done: true });
  });

  test('asks for no waiting on chains that may never catch up', async () => {
    await start('31', {}, { chain: 'regtest' });
    await next(templates());
    const call = peer.peer.calls.find(({ hosted, ordinal }) => hosted === 'Mining' && ordinal === 4);
    expect(call?.params.bool(0, true)).toBe(false);
  });
});

describe('tips', () => {
  test('come before their templates, with what the templates said of them', async () => {
    await start('31');
    const iterator = templates();
    await next(iterator);
    const tips = node.tips(abort.signal)[Symbol.asyncIterator]();
    const tip = next(tips);
    await peer.waiting(0);
    await settled();
    await clock.advanceAsync(5_000);
    peer.newTip(0x22);
    expect(await tip).toEqual({
      hash: new Uint8Array(32).fill(0x22),
      previousHash: SCRIPTED.tip.hash,
      height: 101,
      nbits: SCRIPTED.nbits,
      medianTime: 1_700_000_005,
      receivedAtMs: clock.now(),
    });
    expect(node.health()).toMatchObject({ tipHeight: 101 });
  });

  test('that jump have no parent where the node cannot say it, and what a template on them says', async () => {
    await start('31');
    await next(templates());
    const tip = next(node.tips(abort.signal)[Symbol.asyncIterator]());
    await settled();
    peer.newTip(0x22, 107);
    expect(await tip).toMatchObject({
      height: 107,
      previousHash: new Uint8Array(32),
      nbits: SCRIPTED.nbits,
      medianTime: 1_699_999_999,
    });
  });

  test('that were seen say where a block stands', async () => {
    await start('31');
    await next(templates());
    const tips = node.tips(abort.signal)[Symbol.asyncIterator]();
    for (const [byte, height] of [
      [0x22, 101],
      [0x33, 102],
      [0x44, 102],
    ] as const) {
      const tip = next(tips);
      await settled();
      peer.newTip(byte, height);
      await tip;
    }
    const where = (byte: number) => node.confirm(new Uint8Array(32).fill(byte));
    expect(await where(0x22)).toEqual({ inBestChain: true, confirmations: 2, height: 101 });
    expect(await where(0x33)).toMatchObject({ inBestChain: false, confirmations: 0, seenFrom: expect.any(Number) });
    expect(await where(0x44)).toEqual({ inBestChain: true, confirmations: 1, height: 102 });
  });
});

describe('a solution', () => {
  const solution = { version: 0x2000_0000, ntime: 1_700_000_000, nonce: 5, coinbase: scriptedCoinbase() };

  test('is judged by the node that can say so', async () => {
    const answers = [verdict(false, 'high-hash'), verdict(false, 'duplicate'), verdict(false, 'inconclusive')];
    await start('32', { 'BlockTemplate@10': () => answers.shift() });
    const template = await next(templates());
    expect(await template.submitSolution(solution)).toEqual({ kind: 'rejected', reason: 'high-hash' });
    expect(await template.submitSolution(solution)).toEqual({ kind: 'duplicate' });
    expect(await template.submitSolution(solution)).toMatchObject({ kind: 'inconclusive' });
  });

  test('of a node that says nothing is held against its chain, and the block is asked about', async () => {
    const script: Script = { 'Mining@5': () => verdict(false, 'bad-cb-amount') };
    await start('31', script);
    const template = await next(templates());
    expect(await template.submitSolution(solution)).toEqual({ kind: 'rejected', reason: 'bad-cb-amount' });
    // Whatever it is, it is the best block now.
    const { hash } = await accept(template);
    expect(hash).toHaveLength(32);
    expect(await template.submitSolution(solution)).toEqual({ kind: 'accepted' });
  });

  /** Makes the solved block the peer's best. */
  async function accept(template: HeldTemplate) {
    const { encodeHeader, hashHeader, identifyTransaction, merkleRoot } = await import('@sv2kit/bitcoin');
    const { txid } = identifyTransaction(solution.coinbase);
    const root = merkleRoot(txid, template.merklePath);
    const { version, ntime, nonce } = solution;
    const header = { version, prevHash: template.prevHash, merkleRoot: root, ntime, nbits: template.nbits, nonce };
    const hash = hashHeader(encodeHeader(header));
    peer.state = { ...peer.state, tip: { hash, height: 101 } };
    return { hash };
  }

  test('with a coinbase that is none is never sent', async () => {
    await start('32');
    const template = await next(templates());
    const result = await template.submitSolution({ ...solution, coinbase: Uint8Array.of(1, 2, 3) });
    expect(result).toMatchObject({ kind: 'rejected', reason: expect.stringContaining('coinbase') });
    expect(peer.count('BlockTemplate@10')).toBe(0);
  });

  test('without a witness gets it back (§3.7.1)', async () => {
    let sent: Uint8Array | undefined;
    await start('32', {
      'BlockTemplate@10': ({ params }) => {
        sent = params.data(1).slice();
        return verdict(true);
      },
    });
    const template = await next(templates());
    const stripped = scriptedCoinbase();
    const bare = Uint8Array.from([...stripped.subarray(0, 4), ...stripped.subarray(6, -38), ...stripped.subarray(-4)]);
    await template.submitSolution({ ...solution, coinbase: bare });
    expect(sent).toEqual(stripped);
  });

  test('goes out while every stream waits', async () => {
    await start('32', { 'BlockTemplate@10': () => verdict(false, 'high-hash') });
    const iterator = templates();
    const template = await next(iterator);
    void next(iterator).catch(() => {});
    await peer.waiting();
    expect(await template.submitSolution(solution)).toMatchObject({ kind: 'rejected' });
  });
});

describe('a whole block', () => {
  const block = new Uint8Array(200);

  test('has no way into a node that takes none over IPC', async () => {
    await start('31');
    await next(templates());
    expect(node.takesBlocks).toBe(false);
    expect(await node.submitBlock(block)).toMatchObject({ kind: 'unable', reason: expect.stringContaining('RPC') });
  });

  test('is handed over, and again when the node went away meanwhile', async () => {
    let tries = 0;
    const answer = () => ((tries += 1) === 1 ? ({ kind: 'disconnect' } as const) : verdict(true));
    await start('32', { 'Mining@7': ({ params }) => (params.has(0) ? answer() : failed('no thread')) });
    await next(templates());
    expect(node.takesBlocks).toBe(true);
    let result: unknown;
    void node.submitBlock(block).then((it) => {
      result = it;
    });
    await passUntil(() => result !== undefined);
    expect(result).toEqual({ kind: 'accepted' });
    expect(tries).toBe(2);
    expect(lines).toContain('block submitted');
  });

  test('that is refused is refused in the words of the node', async () => {
    const answers = ['bad-txnmrklroot', 'duplicate', 'inconclusive'];
    const answer = () => verdict(false, answers.shift());
    await start('32', { 'Mining@7': ({ params }) => (params.has(0) ? answer() : failed('no thread')), ...noRpc() });
    await next(templates());
    expect(await node.submitBlock(block)).toEqual({ kind: 'rejected', reason: 'bad-txnmrklroot' });
    expect(await node.submitBlock(block)).toEqual({ kind: 'duplicate' });
    expect(await node.submitBlock(block)).toMatchObject({ kind: 'inconclusive' });
    expect(sha256d(block)).toHaveLength(32);
  });

  function noRpc(): Script {
    return { 'Init@4': () => undefined };
  }
});
