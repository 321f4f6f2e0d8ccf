import { displayHash } from '@sv2kit/bitcoin';
import { coinbaseSpace, type WorkTemplate } from '@sv2kit/templates';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Regtest, type RunningProvider, sayIfSkipped } from './regtest.ts';
import { mine, SMALL, type TestClient } from './test-client.ts';

const skipped = sayIfSkipped();
/** Blocks whose rewards can be spent by the time they are. */
const MATURE = 120;
const SUBSIDY = 50_0000_0000n;
/** So small that a mempool of a hundred transactions is more than fits. */
const BLOCK_WEIGHT = 40_000;
const LARGE = { coinbaseOutputMaxAdditionalSize: 4000, coinbaseOutputMaxAdditionalSigops: 8 };

interface Block {
  readonly tx: readonly unknown[];
  readonly weight: number;
}

describe.skipIf(skipped)(
  'a template provider on a real node, over IPC alone',
  () => {
    let chain: Regtest;
    let running: RunningProvider;
    beforeAll(async () => {
      chain = await Regtest.start({ backEnd: 'ipc', extraArgs: [`-blockmaxweight=${BLOCK_WEIGHT}`] });
      await chain.mine(MATURE);
      running = await chain.provide();
    }, 120_000);
    afterAll(async () => {
      await running?.[Symbol.asyncDispose]();
      await chain?.[Symbol.asyncDispose]();
    });

    /** Mines a block through the template provider; resolves when the node has it for its best. */
    async function mineOne(client: TestClient): Promise<Block> {
      const hash = displayHash(client.submitBlock());
      await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === hash);
      expect(await chain.call('getbestblockhash')).toBe(hash);
      return (await chain.call('getblock', hash, 2)) as Block;
    }

    async function workWorth(client: TestClient, fees: bigint): Promise<WorkTemplate> {
      const isWorth = ({ template }: { readonly template: WorkTemplate }) =>
        template.coinbaseTxValueRemaining === SUBSIDY + fees;
      const work = client.templates.current ?? (await client.ask());
      return isWorth(work) ? work.template : (await client.nextWork(isWorth)).template;
    }

    test('gives out templates that the node holds, and their blocks reach the chain (§7.2, §7.7)', async () => {
      await using client = await running.connect();
      await client.ask();
      for (let i = 0; i < 5; i++) await mineOne(client);
      expect(running.provider.status?.()).toMatchObject({ nodes: [{ state: 'ok', backEnd: 'ipc', chain: 'regtest' }] });
      const counters = await running.metrics.snapshot();
      const taken = Object.entries(counters).filter(([name]) => name.includes('solutions_to_nodes_total'));
      expect(taken).toHaveLength(1);
      expect(taken[0]?.[0]).toContain('outcome="accepted"');
    });

    test('hands out transaction data (§7.4)', async () => {
      await using client = await running.connect();
      await client.ask();
      const parent = await chain.spend(await chain.reward(1), 5000n);
      const child = await chain.spend(parent.change, 7000n);
      const { templateId } = await workWorth(client, 12_000n);
      client.send(client.templates.requestTransactionData(templateId));
      const { transactions } = await client.next('transaction-data');
      expect(transactions.map((bytes) => Buffer.from(bytes))).toEqual([parent.transaction, child.transaction]);
      const { tx } = await mineOne(client);
      expect(tx).toHaveLength(3);
    });

    test('serves clients of different constraints exactly: their blocks are as full as can be (§7.1)', async () => {
      const weights = new Set<number>();
      for (let reward = 2; reward < 8; reward++) {
        let coin = await chain.reward(reward);
        for (let i = 0; i < 20; i++) {
          coin = (await chain.spend(coin, 1000n)).change;
          weights.add(await chain.mempoolWeight(coin));
        }
      }
      const [each = 0, ...others] = weights;
      expect(others).toEqual([]);
      const most = (constraints: typeof SMALL) =>
        Math.floor((BLOCK_WEIGHT - coinbaseSpace(constraints).weight - 1) / each);
      await using small = await running.connect();
      await using large = await running.connect();
      for (const [client, constraints] of [[small, SMALL] as const, [large, LARGE] as const]) {
        await client.ask(constraints);
        await workWorth(client, BigInt(most(constraints)) * 1000n);
      }
      expect(most(SMALL)).toBeGreaterThan(most(LARGE) + 10);
      const reserves = [coinbaseSpace(SMALL), coinbaseSpace(LARGE)];
      expect(running.provider.status?.()).toMatchObject({
        clients: 2,
        nodes: [{ reserves: expect.arrayContaining(reserves) }],
      });
      const block = await mineOne(large);
      expect(block.tx).toHaveLength(1 + most(LARGE));
      expect(block.weight).toBeLessThanOrEqual(BLOCK_WEIGHT - 4 * LARGE.coinbaseOutputMaxAdditionalSize + 4 * 43);
    });

    test('moves clients to each new tip, in order (§7.3)', async () => {
      await using client = await running.connect();
      await client.ask();
      for (let i = 0; i < 20; i++) {
        await chain.mineEmpty();
        const best = (await chain.call('getbestblockhash')) as string;
        await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === best);
      }
      expect(client.events.filter(({ kind }) => kind === 'tip-without-template' || kind === 'ignored')).toEqual([]);
    });
  },
  60_000,
);

describe.skipIf(skipped).each(['ipc', 'ipc+rpc'] as const)(
  'a node that is killed and comes back, over %s',
  (backEnd) => {
    /** A client with work whose transactions are here already. */
    async function stage(stack: AsyncDisposableStack) {
      const chain = stack.use(await Regtest.start({ backEnd }));
      await chain.mine(MATURE);
      const running = stack.use(await chain.provide());
      await running.condition(/^node /, true);
      const client = stack.use(await running.connect());
      const { template, tip } = await client.ask();
      await counted(running, 'held_loads_total');
      return { chain, running, client, ...mine(template, tip) };
    }

    /** Resolves when the block is the node's best; or, where no node takes whole blocks, when that is said. */
    async function whenHandedIn({ chain, running, client, hash }: Awaited<ReturnType<typeof stage>>): Promise<void> {
      if (!running.takesBlocks) {
        await client.next('activated'); // the same work again, as a template that the node has
        await counted(running, 'blocks_total{outcome="not-taken"}');
        expect(running.health.report()).toMatchObject({
          serving: true,
          reason: expect.stringContaining('whole blocks'),
        });
        return;
      }
      const name = displayHash(hash);
      await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === name);
      expect(await chain.call('getbestblockhash')).toBe(name);
    }

    test('is waited for; what was solved meanwhile reaches it, and clients mine on (§7.7)', async () => {
      await using stack = new AsyncDisposableStack();
      const staged = await stage(stack);
      const { chain, running, client, solution } = staged;
      await chain.kill();
      await running.condition(/^node /, false);
      client.send(solution);
      await chain.restart();
      await running.condition(/^node /, true);
      await whenHandedIn(staged);
      const next = displayHash(client.submitBlock());
      await client.next('activated', ({ tip }) => displayHash(tip.prevHash) === next);
      expect(await chain.call('getbestblockhash')).toBe(next);
    }, 120_000);

    test('is handed a block of a template that it has forgotten in a restart (§7.7)', async () => {
      await using stack = new AsyncDisposableStack();
      const staged = await stage(stack);
      const { chain, running, client, solution } = staged;
      await chain.kill();
      await running.condition(/^node /, false);
      await chain.restart();
      await running.condition(/^node /, true);
      client.send(solution);
      await whenHandedIn(staged);
    }, 120_000);
  },
);

/** Resolves when a counter whose name holds this has counted something. */
async function counted(running: RunningProvider, name: string): Promise<void> {
  for (;;) {
    const counters = Object.entries(await running.metrics.snapshot());
    if (counters.some(([key, count]) => key.includes(name) && Number(count) > 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
