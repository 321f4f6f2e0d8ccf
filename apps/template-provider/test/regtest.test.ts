import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { displayHash, parseTransaction } from '@sv2kit/bitcoin';
import type { WorkTemplate } from '@sv2kit/templates';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Coin, Regtest, type RunningProvider } from './regtest.ts';
import { SMALL, type TestClient } from './test-client.ts';

/** Blocks whose rewards can be spent by the time they are. */
const MATURE = 110;
const SUBSIDY = 50_0000_0000n;
const LARGE = { ...SMALL, coinbaseOutputMaxAdditionalSize: 999_000 };

interface Header {
  readonly height: number;
  readonly tx: readonly { readonly hex: string; readonly locktime: number; readonly vin: { sequence: number }[] }[];
}

let chain: Regtest;
let running: RunningProvider;
let rewards = 1;
const nextReward = (): Promise<Coin> => chain.reward(rewards++);

beforeAll(async () => {
  chain = await Regtest.start();
  running = await chain.provide();
}, 120_000);
afterAll(async () => {
  await running?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

/** Resolves when the client is on the node's best block. */
async function onBestBlock(client: TestClient): Promise<string> {
  const best = (await chain.call('getbestblockhash')) as string;
  if (displayHash(client.templates.current?.tip.prevHash ?? new Uint8Array(32)) === best) return best;
  await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === best);
  return best;
}

/** Resolves to the client's work once it pays these fees; asks for work where it has none. */
async function workWorth(client: TestClient, fees: bigint): Promise<WorkTemplate> {
  const isWorth = ({ template }: { readonly template: WorkTemplate }) =>
    template.coinbaseTxValueRemaining === SUBSIDY + fees;
  const work = client.templates.current ?? (await client.ask());
  if (isWorth(work)) return work.template;
  return (await client.nextWork(isWorth)).template;
}

/** Mines a block through the template provider; resolves when the node has it for its best. */
async function mineOne(client: TestClient): Promise<Header> {
  const hash = displayHash(client.submitBlock());
  await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === hash);
  expect(await chain.call('getbestblockhash')).toBe(hash);
  return (await chain.call('getblock', hash, 2)) as Header;
}

describe('a template provider on a real node', () => {
  test('mines the first blocks of a chain, with BIP34 and BIP54 as they want it (§7.2, §7.7)', async () => {
    await using client = await running.connect();
    await client.ask();
    for (let height = 1; height <= 18; height++) {
      const block = await mineOne(client);
      expect(block).toMatchObject({ height, tx: [{ locktime: height - 1, vin: [{ sequence: 0xfffffffe }] }] });
    }
  });

  test('keeps each solved block on disk, and hands it in again at the next start', async () => {
    const own = await chain.provide('own-data');
    const client = await own.connect();
    await client.ask();
    const hash = displayHash(client.submitBlock());
    await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === hash);
    await client[Symbol.asyncDispose]();
    await own.provider.close();
    const raw = (await chain.call('getblock', hash, 0)) as string;
    const saved = await readFile(join(chain.folder, 'own-data', 'solved-blocks', `${hash}.block`));
    expect(saved.toString('hex')).toBe(raw);
    await using again = await chain.provide('own-data');
    await again.provider.close();
    expect(await again.metrics.snapshot()).toMatchObject({
      [`sv2_template_provider_submissions_total{node="${again.node}",outcome="duplicate"}`]: 1,
    });
  });

  test('moves every client to each new tip, in order, and never names a template they lack (§7.3)', async () => {
    const clients = await Promise.all([running.connect(), running.connect(), running.connect()]);
    await using stack = new AsyncDisposableStack();
    for (const client of clients) stack.use(client);
    await Promise.all(clients.map((client) => client.ask()));
    for (let i = 0; i < 5; i++) {
      await chain.mine(1);
      const best = (await chain.call('getbestblockhash')) as string;
      for (const client of clients) await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === best);
    }
    for (const { events } of clients) {
      expect(events.filter(({ kind }) => kind === 'tip-without-template' || kind === 'ignored')).toEqual([]);
    }
  });

  test('sends better templates on the same tip, whose blocks the node takes (§7)', async () => {
    await chain.mine(MATURE);
    await using client = await running.connect();
    const before = await client.ask();
    await onBestBlock(client);
    const { transaction } = await chain.spend(await nextReward(), 10_000n);
    const { template } = await client.next('update');
    expect(template.templateId).toBeGreaterThan(before.template.templateId);
    expect(template.coinbaseTxValueRemaining).toBe(50_0001_0000n);
    const { tx } = await mineOne(client);
    expect(tx.map(({ hex }) => hex).slice(1)).toEqual([Buffer.from(transaction).toString('hex')]);
  });

  test('hands out transaction data, and says why not (§7.4 to §7.6)', async () => {
    await using client = await running.connect();
    const parent = await chain.spend(await nextReward(), 5000n);
    const child = await chain.spend(parent.change, 7000n);
    await chain.mineEmpty();
    const template = await workWorth(client, 12_000n);
    client.send(client.templates.requestTransactionData(template.templateId));
    const { transactions, excessData } = await client.next('transaction-data');
    expect(transactions.map((bytes) => Buffer.from(bytes))).toEqual([parent.transaction, child.transaction]);
    expect(excessData).toHaveLength(0);
    client.send(client.templates.requestTransactionData(7n));
    expect(await client.next('transaction-data-refused')).toMatchObject({ errorCode: 'template-id-not-found' });
    await mineOne(client);
  });

  test('gives each client the block that its own outputs leave room for; the node takes them all (§7.1)', async () => {
    let coin = await nextReward();
    for (let i = 0; i < 12; i++) coin = (await chain.spend(coin, 1000n)).change;
    await chain.mineEmpty();
    await using small = await running.connect();
    await using large = await running.connect();
    await workWorth(small, 12_000n);
    await large.ask(LARGE);
    const shorter = large.templates.current?.template.coinbaseTxValueRemaining ?? 0n;
    expect(shorter).toBeGreaterThan(SUBSIDY);
    expect(shorter).toBeLessThan(50_0001_2000n);
    const kept = await mineOne(large);
    expect(BigInt(kept.tx.length - 1) * 1000n).toBe(shorter - SUBSIDY);
    await onBestBlock(small);
    await workWorth(small, 12_000n - (shorter - SUBSIDY));
    expect((await mineOne(small)).tx).toHaveLength(14 - kept.tx.length);
    await onBestBlock(large);
  });

  test('reports what it does', async () => {
    await using client = await running.connect();
    await client.ask();
    const best = await onBestBlock(client);
    expect(running.provider.status?.()).toMatchObject({
      phase: 'serving',
      tip: { hash: best },
      clients: 1,
      nodes: [{ state: 'ok', chain: 'regtest' }],
    });
    expect(running.health.report()).toMatchObject({ state: 'ok' });
    expect(running.latencies.summary()['tip-to-clients']?.samples).toBeGreaterThan(0);
    const counters = await running.metrics.snapshot();
    const submissions = Object.entries(counters).filter(([name]) => name.includes('submissions_total'));
    expect(submissions.map(([name]) => name)).toEqual([expect.stringContaining('outcome="accepted"')]);
    expect(parseTransaction(Buffer.from((await mineOne(client)).tx[0]?.hex ?? '', 'hex')).segwit).toBe(true);
  });
}, 60_000);
