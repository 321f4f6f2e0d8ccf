import { sha256d } from '@sv2kit/bitcoin';
import { silentLogger, systemClock } from '@sv2kit/daemon';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRpcNode, type RpcNodeOptions } from '../src/index.ts';
import type { RpcNode } from '../src/rpc/rpc-node.ts';
import { bytes, Regtest, shown } from './regtest.ts';

let regtest: Regtest;
let node: RpcNode;
let abort: AbortController;

function open(options: Partial<RpcNodeOptions> = {}): RpcNode {
  const { rpcUrl, cookieFile } = regtest.node;
  node = createRpcNode({
    url: rpcUrl,
    cookieFile,
    chain: 'regtest',
    clock: systemClock,
    log: silentLogger,
    pollIntervalMs: 20,
    ...options,
  });
  return node;
}

async function next<T>(iterator: AsyncIterator<T>): Promise<T> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('it ended');
  return result.value;
}

const templates = () => node.templates(abort.signal)[Symbol.asyncIterator]();

beforeAll(async () => {
  regtest = await Regtest.start();
  await regtest.mine(110);
}, 300_000);
afterAll(async () => {
  await regtest[Symbol.asyncDispose]();
});
beforeEach(() => {
  abort = new AbortController();
});
afterEach(async () => {
  abort.abort();
  await node.close();
});

describe('templates of a real node', { timeout: 60_000 }, () => {
  test('are one at once and one per new tip, by long poll alone', async () => {
    open({ pollIntervalMs: 1e9, refreshIntervalMs: 1e9 });
    const iterator = templates();
    const first = await next(iterator);
    const tip = await regtest.call('getbestblockhash');
    expect(first).toMatchObject({ height: 111, nbits: 0x207f_ffff, coinbaseValue: 5_000_000_000n, transactions: [] });
    expect(shown(first.prevHash)).toBe(tip);
    expect(first.target.at(-1)).toBe(0x7f);
    expect(first.defaultWitnessCommitment?.subarray(0, 6)).toEqual(bytes('6a24aa21a9ed'));
    const second = next(iterator);
    const [hash] = await regtest.mine(1);
    expect(await second).toMatchObject({ height: 112, bestBlockChanged: true });
    expect(shown((await second).prevHash)).toBe(hash);
    expect(node.health()).toMatchObject({ state: 'ok', chain: 'regtest', tipHeight: 111 });
  });

  test('hold the mempool, parents before children, and keep transactions that stay', async () => {
    open({ refreshIntervalMs: 20 });
    const iterator = templates();
    const empty = await next(iterator);
    const parent = await regtest.spend(await regtest.reward(1), 10_000n);
    const child = await regtest.spend(parent, 20_000n);
    let one = empty;
    while (one.transactions.length < 2) one = await next(iterator);
    expect(one.transactions.map(({ txid }) => shown(txid))).toEqual([shown(parent.txid), shown(child.txid)]);
    expect(one.transactions.map(({ depends, fee }) => ({ depends, fee }))).toEqual([
      { depends: [], fee: 10_000n },
      { depends: [0], fee: 20_000n },
    ]);
    expect(one.transactions.map(({ data }) => shown(sha256d(data)))).toEqual([shown(parent.txid), shown(child.txid)]);
    expect(one.coinbaseValue).toBe(empty.coinbaseValue + 30_000n);
    await regtest.spend(await regtest.reward(2), 1_000_000n);
    let two = one;
    while (two.transactions.length < 3) two = await next(iterator);
    expect(two.bestBlockChanged).toBe(false);
    expect(two.transactions.map(({ data }) => data)).toEqual(
      expect.arrayContaining(one.transactions.map(({ data }) => data)),
    );
    const kept = two.transactions.filter(({ data }) => one.transactions.some((before) => before.data === data));
    expect(kept).toHaveLength(2);
    await regtest.mine(1);
  });

  test('go on after the node was killed and came back with another cookie', async () => {
    open({ random: () => 0 });
    const iterator = templates();
    const { height } = await next(iterator);
    const second = next(iterator);
    await regtest.restart();
    await regtest.mine(1);
    expect((await second).height).toBe(height + 1);
  });
});

describe('tips of a real node', { timeout: 60_000 }, () => {
  test.each(['polled', 'announced over ZMQ'])('are known with their parents, %s', async (how) => {
    const zmqHashBlock = regtest.node.zmqHashBlock;
    open(how === 'polled' ? {} : { zmqHashBlock, pollIntervalMs: 1e9 });
    await next(templates());
    const tips = node.tips(abort.signal)[Symbol.asyncIterator]();
    const first = next(tips);
    // A subscription takes a moment to reach the node, and what is published before is lost.
    const mined = await mineUntil(first);
    const seen = mined.indexOf(shown((await first).hash) ?? '');
    expect(seen).toBeGreaterThanOrEqual(0);
    if (seen < mined.length - 1) while (shown((await next(tips)).hash) !== mined.at(-1));
    const second = next(tips);
    const [hash] = await regtest.mine(1);
    const tip = await second;
    expect(shown(tip.hash)).toBe(hash);
    expect(shown(tip.previousHash)).toBe(mined.at(-1));
    expect(tip).toMatchObject({ height: await regtest.call('getblockcount'), nbits: 0x207f_ffff });
    const header = (await regtest.call('getblockheader', hash)) as { mediantime: number };
    expect(tip.medianTime).toBe(header.mediantime);
  });

  async function mineUntil(event: Promise<unknown>): Promise<string[]> {
    const mined: string[] = [];
    let over = false;
    void event.then(() => {
      over = true;
    });
    while (!over) {
      mined.push(...(await regtest.mine(1)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return mined;
  }
});

describe('a block handed to a real node', { timeout: 60_000 }, () => {
  test('is accepted once and a duplicate afterwards, and stands in the best chain', async () => {
    open();
    const block = await regtest.unseenBlock();
    const hash = sha256d(block.subarray(0, 80));
    expect(await node.confirm(hash)).toEqual({ inBestChain: false, confirmations: 0 });
    expect(await node.submitBlock(block)).toEqual({ kind: 'accepted' });
    expect(await node.submitBlock(block)).toEqual({ kind: 'duplicate' });
    const height = await regtest.call('getblockcount');
    expect(await node.confirm(hash)).toEqual({ inBestChain: true, confirmations: 1, height });
    expect(await regtest.call('getbestblockhash')).toBe(shown(hash));
  });

  test('that lost the race is held, but not in the best chain', async () => {
    open();
    const late = await regtest.unseenBlock();
    await regtest.mine(1);
    expect(await node.submitBlock(late)).toMatchObject({ kind: 'inconclusive' });
    expect(await node.confirm(sha256d(late.subarray(0, 80)))).toMatchObject({ inBestChain: false, confirmations: 0 });
  });

  test('that is invalid is rejected with the node’s reason', async () => {
    open();
    const block = await regtest.unseenBlock();
    const broken = Uint8Array.from(block);
    broken[40] = (broken[40] ?? 0) ^ 1;
    expect(await node.submitBlock(broken)).toMatchObject({ kind: 'rejected' });
    expect(await node.submitBlock(block.subarray(0, 90))).toMatchObject({ kind: 'rejected' });
  });

  test('goes out while a long poll hangs and again when the node is killed meanwhile', async () => {
    open({ random: () => 0 });
    const iterator = templates();
    await next(iterator);
    void iterator.next();
    const block = await regtest.unseenBlock();
    const back = regtest.restart();
    const result = node.submitBlock(block);
    await back;
    expect(['accepted', 'duplicate']).toContain((await result).kind);
  });
});

test('a node on another chain than the configured one gives no templates', async () => {
  open({ chain: 'signet' });
  const pending = templates().next();
  while (node.health().state === 'connecting') await new Promise((resolve) => setImmediate(resolve));
  expect(node.health()).toMatchObject({ state: 'away', reason: 'the node is on regtest, not on signet' });
  abort.abort();
  expect(await pending).toEqual({ done: true, value: undefined });
});
