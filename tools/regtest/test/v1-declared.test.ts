// V1 miners behind a translator behind a job declarator client: they mine the miner's own choice of transactions.
import type { JdClient } from '@sv2kit/jd-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  makeTransactions,
  type ManInTheMiddle,
  type RoleHere,
  sendTransactions,
  SOLO_SCRIPT,
  type V1Job,
} from '../src/index.ts';
import {
  acknowledged,
  expectPaid,
  openScene,
  type Pair,
  pathOf,
  type Scene,
  startClient,
  startPair,
  workingAs,
} from './declaring.ts';
import { minerOf, minesBy, nextJob } from './translating.ts';

const COUNT = 24;
const SECOND = 1000;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.[Symbol.asyncDispose]());

/** A client that mines for a pair. */
async function clientOf(pair: Pair): Promise<RoleHere<JdClient>> {
  const client = await startClient(scene, [pair.upstream]);
  await workingAs(scene, client, 'pooled');
  return client;
}

const translatorOf = (upstream: RoleHere<JdClient> | ManInTheMiddle, aggregate: boolean) =>
  scene.lab.translator({ upstreams: [{ url: scene.lab.url(upstream), user: 'alice' }], aggregate });

/** By whom the block would pay. */
const isSolo = ({ coinb2 }: V1Job): boolean => Buffer.from(coinb2).includes(SOLO_SCRIPT, 0, 'hex');

test("a block of a V1 miner holds the miner's own transactions, and pays the pool (§6.3.2)", async () => {
  const { lab, miners } = scene;
  await using pair = await startPair(scene);
  const transactions = await makeTransactions(lab.node, COUNT);
  await sendTransactions(transactions, lab.node, miners);
  await using client = await clientOf(pair);
  await using translator = await translatorOf(client, false);
  await using miner = await minerOf(translator);
  await acknowledged(scene, pair, COUNT);
  const job = await miner.jobs.first('a job with them', ({ branches }) => branches.length > Math.log2(COUNT));
  const height = (await lab.node.height()) + 1;
  expect(await miner.mine({ job, wanted: 'share' })).toBe('accepted');
  expect(await miner.mine({ job, wanted: 'block' })).toBe('accepted');
  await lab.node.reach(height);
  const block = await lab.node.block(height);
  const txids = (of: readonly { readonly txid: string }[]): string[] => of.map(({ txid }) => txid).sort();
  expect(txids(block.tx.slice(1))).toEqual(txids(transactions));
  expectPaid(
    block,
    transactions.reduce((sum, { fee }) => sum + fee, 0n),
  );
  expect(await pathOf(pair.pool, block.hash)).toBe('declared-full-template');
  await miners.reach(height);
});

describe.each([
  { name: 'a channel for each miner', aggregate: false },
  { name: 'one channel for all', aggregate: true },
])('with $name', ({ name, aggregate }) => {
  test('the pair is lost: miners keep their connection, mine alone, and for the pair when it is back', async () => {
    const { lab } = scene;
    const blockOf = async (job: V1Job): Promise<string> => {
      const height = (await lab.node.height()) + 1;
      expect(await miner.mine({ job, wanted: 'block' })).toBe('accepted');
      await lab.node.reach(height);
      const { hash } = await lab.node.block(height);
      await miner.jobOn(hash);
      return hash;
    };
    await using pair = await startPair(scene, { name: `lost, ${name}` });
    await using client = await clientOf(pair);
    const beforeClient = await lab.beforePool(client.service.address.port);
    await using translator = await translatorOf(beforeClient, aggregate);
    await using miner = await minerOf(translator, { manners: { takesExtranonce: true } });
    expect(await pathOf(pair.pool, await blockOf(await miner.job()))).toBe('declared-full-template');

    const alone = nextJob(miner, isSolo);
    pair.beforePool.open = false;
    pair.beforePool.cut();
    await workingAs(scene, client, 'solo');
    expect(await pathOf(client, await blockOf(await lab.clock.until(SECOND, alone)))).toBe('solo');

    const together = nextJob(miner, (job) => !isSolo(job));
    pair.beforePool.open = true;
    await workingAs(scene, client, 'pooled');
    await lab.clock.until(SECOND, together);
    await minesBy(miner, pair.beforePool);
    // Each time the prefix changed, behind the back of the miner, in the middle of its work.
    expect(beforeClient.seen.filter(({ message }) => message.type === 'SetExtranoncePrefix').length).toBeGreaterThan(1);
    expect(miner.lines.heard.items.filter(({ method }) => method === 'mining.set_extranonce')).toEqual([]);
    expect(beforeClient.connections).toBe(1);
  });
});
