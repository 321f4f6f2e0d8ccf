import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BackEnd,
  type MadeTransaction,
  makeTransactions,
  sendTransactions,
  SOLO_SCRIPT,
  TestDeclarator,
} from '../src/index.ts';
import {
  acceptedBy,
  acknowledged,
  expectPaid,
  minerOf,
  moreShares,
  openScene,
  pathOf,
  pooledChannel,
  type Scene,
  startClient,
  startPair,
  workingAs,
} from './declaring.ts';

const COUNT = 24;

const totalFees = (transactions: readonly MadeTransaction[]): bigint =>
  transactions.reduce((sum, { fee }) => sum + fee, 0n);
const txids = (transactions: readonly { readonly txid: string }[]): string[] =>
  transactions.map(({ txid }) => txid).sort();
const listOf = (value: unknown): readonly unknown[] => value as readonly unknown[];

/** Jobs of the miner's own, from a node that is spoken to in that way. */
export function jobDeclaration(backEnd: BackEnd): void {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene('regtest', { backEnd });
  });
  afterAll(() => scene?.[Symbol.asyncDispose]());

  describe('full-template mode (§6.3.2)', () => {
    test('a job with the transactions of the miner is declared, acknowledged, mined and paid', async () => {
      const { lab, miners } = scene;
      await using pair = await startPair(scene, { name: 'full' });
      const transactions = await makeTransactions(lab.node, COUNT);
      await sendTransactions(transactions, lab.node, miners);
      await using client = await startClient(scene, [pair.upstream]);
      await using miner = await minerOf(client);
      const channel = await pooledChannel(scene, client, miner);
      await acknowledged(scene, pair, COUNT);

      const height = (await lab.node.height()) + 1;
      expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
      expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
      await lab.node.reach(height);
      const block = await lab.node.block(height);
      expect(txids(block.tx.slice(1))).toEqual(txids(transactions));
      expectPaid(block, totalFees(transactions));
      expect(await pathOf(pair.pool, block.hash)).toBe('declared-full-template');
      expect(await pathOf(client, block.hash)).toBe('declared-full-template');
      await moreShares(scene, pair.pool, 1);
      await miners.reach(height);
    });

    test("what the pool's node has never seen is asked for, once, and mined (§6.4.7)", async () => {
      const { lab, miners } = scene;
      await using pair = await startPair(scene, { name: 'missing' });
      const transactions = await makeTransactions(lab.node, COUNT);
      await lab.node.disconnect(miners);
      const known = transactions.slice(0, COUNT / 2);
      const secret = transactions.slice(COUNT / 2);
      await sendTransactions(known, lab.node, miners);
      await sendTransactions(secret, miners);
      await lab.node.connect(miners);
      await using client = await startClient(scene, [pair.upstream]);
      await using miner = await minerOf(client);
      const channel = await pooledChannel(scene, client, miner);
      await acknowledged(scene, pair, COUNT);
      const { message } = await pair.beforeJds.message('ProvideMissingTransactions');
      expect(listOf(message['unknownTxPositionList'])).toHaveLength(secret.length);

      const height = (await lab.node.height()) + 1;
      expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
      await lab.node.reach(height);
      const block = await lab.node.block(height);
      expect(txids(block.tx.slice(1))).toEqual(txids(transactions));
      expectPaid(block, totalFees(transactions));
      expect(await pathOf(pair.pool, block.hash)).toBe('declared-full-template');
      expect(pair.beforeJds.seen.filter((each) => each.message.type === 'ProvideMissingTransactions')).toHaveLength(1);
    });

    test("a share that is a block gets to the chain by the pool's side, whatever the declarator does with it", async () => {
      const { lab, miners } = scene;
      await using pair = await startPair(scene, { name: 'silent' });
      await using declarator = await TestDeclarator.connect({
        pool: pair.pool.service.address.port,
        jds: pair.jds.service.address.port,
        authority: lab.authority.publicKey,
        node: miners,
      });
      const job = await declarator.job();
      await lab.node.disconnect(miners);
      const height = (await lab.node.height()) + 1;
      expect(await declarator.mine(job, { wanted: 'block' })).toBe('accepted');
      await lab.node.reach(height);
      const block = await lab.node.block(height);
      expectPaid(block);
      expect(await pathOf(pair.pool, block.hash)).toBe('declared-full-template');
      await lab.node.connect(miners);
    });

    test('pool and job declarator server in one process: a block gets from one to the other without a connection', async () => {
      const { lab, miners } = scene;
      await using pair = await startPair(scene, { name: 'together', together: true });
      await using declarator = await TestDeclarator.connect({
        pool: pair.pool.service.address.port,
        jds: pair.jds.service.address.port,
        authority: lab.authority.publicKey,
        node: miners,
      });
      const job = await declarator.job();
      await lab.node.disconnect(miners);
      const height = (await lab.node.height()) + 1;
      expect(await declarator.mine(job, { wanted: 'block' })).toBe('accepted');
      await lab.node.reach(height);
      const block = await lab.node.block(height);
      expectPaid(block);
      expect(await pathOf(pair.pool, block.hash)).toBe('declared-full-template');
      await lab.node.connect(miners);
    });

    test('PushSolution alone gets a block to the chain, also on a job that is not the latest one (§6.4.9)', async () => {
      const { lab, miners } = scene;
      await using pair = await startPair(scene, { name: 'pushed' });
      await using declarator = await TestDeclarator.connect({
        pool: pair.pool.service.address.port,
        jds: pair.jds.service.address.port,
        authority: lab.authority.publicKey,
        node: miners,
      });
      const [older, latest] = [await declarator.job(), await declarator.job()];
      await lab.node.disconnect(miners);
      const height = (await lab.node.height()) + 1;
      declarator.push(older, declarator.solve(older, { wanted: 'block' }));
      await lab.node.reach(height);
      expectPaid(await lab.node.block(height));
      // Both are of one height: the node keeps what came first, and says that it has got the other.
      declarator.push(latest, declarator.solve(latest, { wanted: 'block' }));
      await lab.node.connect(miners);
      expect(acceptedBy(pair.pool)).toBe(0);
    });
  });

  describe('coinbase-only mode (§6.3.1)', () => {
    test('a job is judged by its coinbase alone, acknowledged, mined and paid; nobody learns its transactions', async () => {
      const { lab, miners } = scene;
      await using pair = await startPair(scene, { name: 'coinbase-only', mode: 'coinbase-only' });
      const transactions = await makeTransactions(lab.node, COUNT);
      await sendTransactions(transactions, lab.node, miners);
      await using client = await startClient(scene, [pair.upstream]);
      await using miner = await minerOf(client);
      const channel = await pooledChannel(scene, client, miner);
      await pair.beforePool.message('SetCustomMiningJobSuccess');
      const height = (await lab.node.height()) + 1;
      expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
      await lab.node.reach(height);
      const block = await lab.node.block(height);
      expectPaid(block, totalFees(transactions.filter(({ txid }) => block.tx.some((each) => each.txid === txid))));
      expect(await pathOf(pair.pool, block.hash)).toBe('coinbase-only');
      expect(await pathOf(client, block.hash)).toBe('coinbase-only');
      await moreShares(scene, pair.pool, 0);
      const told = new Set(pair.beforeJds.seen.map(({ message }) => message.type));
      for (const type of ['DeclareMiningJob', 'ProvideMissingTransactionsSuccess', 'PushSolution']) {
        expect(told).not.toContain(type);
      }
    });
  });

  describe('solo', () => {
    test('without any pool the miner mines for itself alone', async () => {
      const { lab } = scene;
      await using client = await startClient(scene, []);
      await using miner = await minerOf(client);
      const channel = await miner.open('standard');
      await workingAs(scene, client, 'solo');
      const height = (await lab.node.height()) + 1;
      expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
      await lab.node.reach(height);
      const block = await lab.node.block(height);
      expect(block.tx[0]?.vout[0]?.scriptPubKey.hex).toBe(SOLO_SCRIPT);
      expect(await pathOf(client, block.hash)).toBe('solo');
    });
  });
}
