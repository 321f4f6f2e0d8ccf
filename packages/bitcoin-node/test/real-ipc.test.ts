import { readFile } from 'node:fs/promises';
import { encodeBlock, encodeOutputs, hashHeader, identifyTransaction, joinCoinbase, sha256d } from '@sv2kit/bitcoin';
import { findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { silentLogger, systemClock } from '@sv2kit/daemon';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createNode, type HeldTemplate, type MiningNode, type NodeOptions, type NodeTemplate } from '../src/index.ts';
import { isIpcError } from '../src/ipc/client/ipc-error.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { Regtest, shown } from './regtest.ts';
import { solve } from './solving.ts';

const binary = await findIpcNode();
if (binary === undefined) console.log(`tests of a real node over IPC are skipped: ${NO_IPC_NODE}`);

let regtest: Regtest;
let node: MiningNode;
let abort: AbortController;
/** Why this version of the node is not spoken to. */
let refusal: string | undefined;

function open(options: Partial<NodeOptions> = {}): MiningNode {
  node = createNode({
    ipc: regtest.node.ipcSocket,
    chain: 'regtest',
    refreshIntervalMs: 1_000,
    clock: systemClock,
    log: silentLogger,
    ...options,
  });
  return node;
}

async function next<T>(iterator: AsyncIterator<T>): Promise<T> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('it ended');
  return result.value;
}

function held(template: NodeTemplate): HeldTemplate {
  if (template.kind !== 'held') throw new Error('it is a whole template');
  return template;
}

/** Templates by IPC, each released when the next one comes. */
async function* templates(reserve?: HeldTemplate['reserve']): AsyncGenerator<HeldTemplate, void, void> {
  let last: HeldTemplate | undefined;
  for await (const template of node.templates(abort.signal, reserve)) {
    last?.release();
    last = held(template);
    yield last;
  }
}

/** The first of a tip. */
async function onTip(stream: AsyncIterator<HeldTemplate>, hash: string | undefined): Promise<HeldTemplate> {
  for (;;) {
    const template = await next(stream);
    if (shown(template.prevHash) === hash) return template;
  }
}

function solved(template: HeldTemplate, extranonce?: Uint8Array) {
  const { version, prevHash, curtime, nbits, coinbase, coinbaseValue, merklePath } = template;
  const header = new Uint8Array(80);
  const view = new DataView(header.buffer);
  view.setUint32(0, version, true);
  header.set(prevHash, 4);
  view.setUint32(68, curtime, true);
  view.setUint32(72, nbits, true);
  const tx = { ...coinbase, witness: new Uint8Array(32), blockRewardRemaining: coinbaseValue };
  return solve(header, tx, merklePath, extranonce);
}

/** A test that a node whose IPC is refused passes too. */
const STANDS_IN = 'stands in by its RPC for as long as its socket is away, or its IPC is refused';

async function refusalOf(path: string): Promise<string | undefined> {
  try {
    await (await MiningClient.connect({ path, clock: systemClock })).close();
    return undefined;
  } catch (error) {
    if (isIpcError(error, 'too-old')) return error.message;
    throw error;
  }
}

const bestBlock = async (): Promise<string> => String(await regtest.call('getbestblockhash'));

describe.skipIf(binary === undefined)('a real node over IPC', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    regtest = await Regtest.start([], binary);
    await regtest.mine(110);
    refusal = await refusalOf(regtest.node.ipcSocket ?? '');
  }, 120_000);
  afterAll(async () => {
    await regtest[Symbol.asyncDispose]();
  });
  beforeEach((context) => {
    abort = new AbortController();
    context.skip(refusal !== undefined && context.task.name !== STANDS_IN, refusal);
  });
  afterEach(async () => {
    abort.abort();
    await node.close();
  });

  test('gives one template at once and one per tip, each tip before it', async () => {
    open({ refreshIntervalMs: 1e9 });
    const stream = templates();
    const first = await next(stream);
    expect(first).toMatchObject({ height: 111, nbits: 0x207f_ffff, coinbaseValue: 5_000_000_000n, fees: 0n });
    expect(shown(first.prevHash)).toBe(await bestBlock());
    expect(await first.transactions()).toEqual([]);
    const tip = next(node.tips(abort.signal)[Symbol.asyncIterator]());
    const second = next(stream);
    const [hash] = await regtest.mine(1);
    expect(await second).toMatchObject({ height: 112, bestBlockChanged: true });
    const told = await tip;
    expect(shown(told.hash)).toBe(hash);
    expect(told).toMatchObject({ height: 111, previousHash: first.prevHash, nbits: 0x207f_ffff });
    const { mediantime } = (await regtest.call('getblockheader', hash)) as { mediantime: number };
    expect(told.medianTime).toBeGreaterThanOrEqual(mediantime);
    expect(node.health()).toMatchObject({ state: 'ok', chain: 'regtest', tipHeight: 111 });
  });

  test('tells of better fees on the same tip, and gives the transactions in block order', async () => {
    open();
    const stream = templates();
    await next(stream);
    const coming = next(stream);
    const coin = await regtest.reward(2);
    const child = await regtest.spend(coin, 1_000n);
    const better = await coming;
    expect(better).toMatchObject({ bestBlockChanged: false, fees: 1_000n });
    const [transaction] = await better.transactions();
    expect(transaction?.txid).toEqual(child.txid);
    expect(sha256d(transaction?.data ?? new Uint8Array())).toEqual(transaction?.wtxid);
    expect(better.merklePath).toEqual([child.txid]);
    const again = next(stream);
    await regtest.spend(child, 2_000n);
    const best = await again;
    expect(best.fees).toBe(3_000n);
    const all = await best.transactions();
    const fees = await best.transactionFees();
    expect(fees).toHaveLength(all.length);
    expect(fees.reduce((sum, fee) => sum + fee, 0n)).toBe(best.fees);
    expect(all.map(({ weight }) => weight)).toEqual(all.map(({ data }) => identifyTransaction(data).weight));
    expect(all.map(({ txid }) => shown(txid))[0]).toBe(shown(child.txid));
    expect(all).toHaveLength(2);
    // The mempool is empty for the others.
    await regtest.mine(1);
  });

  test('serves two reservations on the same tip', async () => {
    open();
    const [a, b] = [templates(), templates({ weight: 100_000, sigops: 4_000 })];
    expect((await next(a)).reserve).toEqual({ weight: 8_000, sigops: 400 });
    expect((await next(b)).reserve).toEqual({ weight: 100_000, sigops: 4_000 });
    const both = [next(a), next(b)];
    const [hash] = await regtest.mine(1);
    for (const template of await Promise.all(both)) expect(shown(template.prevHash)).toBe(hash);
  });

  test('mines a solution into the best chain, while a stream waits', async () => {
    open();
    const stream = templates();
    const template = await next(stream);
    const coming = next(stream);
    const solution = solved(template);
    expect(await template.submitSolution(solution)).toEqual({ kind: 'accepted' });
    expect(await bestBlock()).toBe(shown(solution.hash));
    expect(shown((await coming).prevHash)).toBe(shown(solution.hash));
    expect(await node.confirm(solution.hash)).toMatchObject({ inBestChain: true, confirmations: 1 });
  });

  test('refuses a solution that is none, and knows one that it has', async () => {
    open();
    const stream = templates();
    const template = await next(stream);
    const greedy = { ...solved(template), version: 0 };
    expect(await template.submitSolution(greedy)).toMatchObject({ kind: 'rejected' });
    const solution = solved(template, new Uint8Array(8).fill(9));
    expect(await template.submitSolution(solution)).toEqual({ kind: 'accepted' });
    const again = await template.submitSolution(solution);
    expect(['accepted', 'duplicate']).toContain(again.kind);
    expect(await bestBlock()).toBe(shown(solution.hash));
  });

  test('takes a whole block where it can, and says so where it cannot', async () => {
    open();
    const template = await next(templates());
    const { header, coinbase, hash } = solved(template, new Uint8Array(8).fill(7));
    const block = encodeBlock(header, coinbase, []);
    const result = await node.submitBlock(block);
    if (node.takesBlocks) {
      expect(result).toEqual({ kind: 'accepted' });
      expect(await bestBlock()).toBe(shown(hash));
      expect(await node.submitBlock(block)).toEqual({ kind: 'duplicate' });
      const bad = header.slice();
      bad[76] = (bad[76] ?? 0) ^ 1;
      const other = await node.submitBlock(encodeBlock(bad, coinbase, []));
      expect(other.kind).toMatch(/rejected|inconclusive|duplicate/);
    } else {
      expect(result).toMatchObject({ kind: 'unable' });
    }
    expect(hashHeader(header)).toEqual(hash);
    expect([encodeOutputs([]), joinCoinbase].length).toBe(2);
  });

  test('keeps nothing of 200 templates, and neither do we', async () => {
    open();
    const stream = templates();
    await next(stream);
    await refresh(stream, 20);
    const before = { node: await memoryOf(regtest.node.pid), threads: await threadsOf(regtest.node.pid) };
    await refresh(stream, 200);
    const after = { node: await memoryOf(regtest.node.pid), threads: await threadsOf(regtest.node.pid) };
    expect(after.threads).toBe(before.threads);
    // 200 blocks of the chain are in it too.
    expect(after.node - before.node).toBeLessThan(16 * 1024);
  });

  async function refresh(stream: AsyncIterator<HeldTemplate>, count: number): Promise<void> {
    for (let tip = 0; tip < count; tip += 1) {
      const coming = next(stream);
      await regtest.mine(1);
      await coming;
    }
  }

  test('comes back after a restart and after being killed, and templates with it', async () => {
    open();
    const stream = templates();
    await next(stream);
    for (const how of ['restart', 'kill'] as const) {
      const coming = next(stream);
      if (how === 'restart') await regtest.restart();
      else {
        await regtest.node.kill();
        await regtest.startAgain();
      }
      const template = await coming;
      expect(shown(template.prevHash), how).toBe(await bestBlock());
      const [hash] = await regtest.mine(1);
      expect(await onTip(stream, hash)).toMatchObject({ bestBlockChanged: true });
    }
    expect(node.health()).toMatchObject({ state: 'ok' });
  });

  test(STANDS_IN, async () => {
    const { rpcUrl: url, cookieFile, ipcSocket } = regtest.node;
    node = createNode({
      ipc: refusal === undefined ? `${ipcSocket}.gone` : ipcSocket,
      url,
      cookieFile,
      chain: 'regtest',
      clock: systemClock,
      log: silentLogger,
    });
    const template = await next(node.templates(abort.signal)[Symbol.asyncIterator]());
    expect(template.kind).toBe('whole');
    expect(node.health()).toMatchObject({ state: 'ok', reason: expect.stringContaining(refusal ?? '.gone') });
  });
});

/** In kB. */
async function memoryOf(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

async function threadsOf(pid: number): Promise<number> {
  return Number(/^Threads:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
