// Who mines what it has chosen itself must not lose a block to others' failures.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectPaid,
  minerOf,
  openScene,
  type Pair,
  pooledChannel,
  type Scene,
  startClient,
  startPair,
  workingAs,
} from './declaring.ts';

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
