import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab, type MadeTransaction, makeTransactions, sendTransactions, type TestNode } from '../src/index.ts';

const MATURE = 101;
const COUNT = 4_000;
const BLOCK_WEIGHT = 4_000_000;
const MISSING = COUNT / 20;

let lab: Lab;
let miners: TestNode;
let transactions: readonly MadeTransaction[];
beforeAll(async () => {
  lab = await Lab.open('regtest');
  await lab.node.mine(MATURE);
  miners = await lab.minersNode();
  transactions = await makeTransactions(lab.node, COUNT);
});
afterAll(() => lab?.[Symbol.asyncDispose]());

interface Template {
  readonly transactions: readonly { readonly txid: string; readonly fee: number; readonly weight: number }[];
}
const templateOf = async (node: TestNode): Promise<Template> =>
  (await node.call('getblocktemplate', { rules: ['segwit'] })) as Template;
const weigh = (all: readonly { readonly weight: number }[]): number => all.reduce((sum, { weight }) => sum + weight, 0);

test('4,000 transactions of real shapes fill a block almost to its limit', () => {
  expect(weigh(transactions)).toBeGreaterThan(0.9 * BLOCK_WEIGHT);
  expect(weigh(transactions)).toBeLessThan(0.99 * BLOCK_WEIGHT);
});

test('nodes take all of them into one template, whose fees are as reckoned', async () => {
  await miners.reach(await lab.node.height());
  await miners.disconnect(lab.node);
  await sendTransactions(transactions, miners);
  await sendTransactions(transactions.slice(0, -MISSING), lab.node);
  const [ofMiner, ofPool] = [await templateOf(miners), await templateOf(lab.node)];
  const fees = new Map(transactions.map(({ txid, fee }) => [txid, Number(fee)]));
  expect(ofMiner.transactions).toHaveLength(COUNT);
  expect(new Map(ofMiner.transactions.map(({ txid, fee }) => [txid, fee]))).toEqual(fees);
  expect(ofPool.transactions).toHaveLength(COUNT - MISSING);
});

test('what only one node knows stays with it when they meet again, blocks do not', async () => {
  await miners.mineEmpty();
  await miners.connect(lab.node);
  expect(await lab.node.bestHash()).toBe(await miners.bestHash());
  expect((await templateOf(lab.node)).transactions).toHaveLength(COUNT - MISSING);
});
