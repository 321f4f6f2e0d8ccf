// Who mines what it has chosen itself must not lose a block to others' failures.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectPaid,
  minerOf,
  openScene,
  type Pair,
  pathOf,
  pooledChannel,
  type Scene,
  startClient,
  startPair,
  workingAs,
} from './declaring.ts';

const SECOND = 1_000;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.[Symbol.asyncDispose]());

function cut({ beforePool, beforeJds }: Pair): void {
  for (const middle of [beforePool, beforeJds]) {
    middle.open = false;
    middle.cut();
  }
}

describe('a tip that changes during a declaration', () => {
  test("is nobody's fault: the job is dropped, the pair is kept, and the next job is on the new tip", async () => {
    const { lab } = scene;
    await using pair = await startPair(scene, { name: 'race' });
    await using client = await startClient(scene, [pair.upstream]);
    await using miner = await minerOf(client);
    const channel = await pooledChannel(scene, client, miner);
    await pair.beforePool.message('SetCustomMiningJobSuccess');

    using held = pair.beforeJds.hold('DeclareMiningJob');
    await lab.node.mineEmpty();
    await held.caught();
    await lab.node.mineEmpty();
    const best = await lab.node.bestHash();
    await channel.workOn(best);
    held.release();
    pair.beforeJds.skip();
    await pair.beforeJds.next('DeclareMiningJobSuccess');
    await workingAs(scene, client, 'pooled');

    const height = (await lab.node.height()) + 1;
    expect(await channel.mine({ work: await channel.workOn(best), wanted: 'block' })).toBe('accepted');
    await lab.node.reach(height);
    expectPaid(await lab.node.block(height));
    expect(pair.beforeJds.connections).toBe(1);
    expect(pair.beforePool.connections).toBe(1);
  });
});

test('several blocks at once are no reason to leave a pair: jobs wait for the tips that its node has yet to see (§6.4.4)', async () => {
  const { lab, miners } = scene;
  await using pair = await startPair(scene, { name: 'bursts' });
  await using client = await startClient(scene, [pair.upstream]);
  await using miner = await minerOf(client);
  const channel = await pooledChannel(scene, client, miner);
  for (let burst = 0; burst < 5; burst += 1) {
    // The miner's node has them first.
    await miners.mine(4);
    await channel.workOn(await miners.bestHash());
  }
  await lab.node.reach(await miners.height());
  const height = (await lab.node.height()) + 1;
  await pair.beforePool.message('SetCustomMiningJobSuccess');
  await lab.clock.until(500, channel.mine({ wanted: 'block' }));
  await lab.node.reach(height);
  expectPaid(await lab.node.block(height));
  expect(pair.beforeJds.connections).toBe(1);
  expect(pair.beforePool.connections).toBe(1);
});

describe('a block', () => {
  test("found while pool and job declarator server are cut off gets to the chain through the miner's node", async () => {
    const { lab } = scene;
    await using pair = await startPair(scene, { name: 'cut-off' });
    await using client = await startClient(scene, [pair.upstream]);
    await using miner = await minerOf(client);
    const channel = await pooledChannel(scene, client, miner);
    await pair.beforePool.message('SetCustomMiningJobSuccess');
    const block = await channel.solve({ wanted: 'block' });
    cut(pair);
    const height = (await lab.node.height()) + 1;
    const answer = channel.submit(block);
    await lab.node.reach(height);
    expect(await answer).toBe('accepted');
    expectPaid(await lab.node.block(height));
  });

  test("found while the miner's node is gone gets to the chain through the job declarator server alone", async () => {
    const { lab, miners, minersProvider } = scene;
    await using pair = await startPair(scene, { name: 'pushed' });
    await using client = await startClient(scene, [pair.upstream]);
    await using miner = await minerOf(client);
    const channel = await pooledChannel(scene, client, miner);
    await pair.beforePool.message('SetCustomMiningJobSuccess');
    // The pool never hears of it.
    using _ = pair.beforePool.intercept(({ message }) =>
      message.type === 'SubmitSharesExtended' ? 'drop' : undefined,
    );
    const block = await channel.solve({ wanted: 'block' });
    await lab.node.disconnect(miners);
    const height = (await lab.node.height()) + 1;
    await minersProvider.close();
    const answer = channel.submit(block);
    await lab.node.reach(height);
    expect(await answer).toBe('accepted');
    expectPaid(await lab.node.block(height));
    await pair.beforeJds.message('PushSolution');
  });
});

describe('two nodes that do not agree on the tip for a while', () => {
  test('the miner goes on alone, and for the pool as soon as they agree again', async () => {
    await using own = await openScene();
    const { lab, miners } = own;
    await using pair = await startPair(own, { name: 'parted' });
    await using client = await startClient(own, [pair.upstream]);
    await using miner = await minerOf(client);
    const channel = await pooledChannel(own, client, miner);
    await lab.node.disconnect(miners);
    await lab.node.mineEmpty();
    await lab.node.mineEmpty();
    await miners.mineEmpty();
    await channel.workOn(await miners.bestHash());
    await workingAs(own, client, 'solo');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');

    await lab.node.connect(miners);
    const best = await lab.node.bestHash();
    const work = await lab.clock.until(SECOND, channel.workOn(best));
    expect(work).toBeDefined();
    await workingAs(own, client, 'pooled');
    await pair.beforePool.message('SetCustomMiningJobSuccess');
    const height = (await lab.node.height()) + 1;
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await lab.node.reach(height);
    const block = await lab.node.block(height);
    expectPaid(block);
    expect(await pathOf(client, block.hash)).toBe('declared-full-template');
  });
});
