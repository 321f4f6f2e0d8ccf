// What the scenarios of Stratum V1 stand on: a pool and a miner that know nothing of the product's own V1.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, TestV1Miner, TestV1Pool, type V1PoolOptions } from '../src/index.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open('regtest');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const listen = (options: Partial<V1PoolOptions> = {}): Promise<TestV1Pool> =>
  TestV1Pool.listen({ node: lab.node, ...options });

describe('a test miner at a test pool', () => {
  test.each([
    { name: 'that rolls versions', versionMask: 0x1fffe000 },
    { name: 'that rolls nothing', versionMask: 0 },
  ])('$name finds a block that the node takes, and a share', async ({ versionMask }) => {
    await using pool = await listen();
    await using miner = await TestV1Miner.connect({ port: pool.port, manners: { versionMask } });
    const height = (await lab.node.height()) + 1;
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
    expect(await miner.mine({ wanted: 'block' })).toBe('accepted');
    expect(await pool.accepted()).toMatchObject({ height, username: 'scenario.v1' });
    expect((await lab.node.block(height)).hash).toBe(pool.blocks.items[0]?.hash);
    expect(pool.shares.items.map(({ submit }) => submit.versionBits === undefined)).toEqual(
      [versionMask, versionMask].map((mask) => mask === 0),
    );
  });

  test.each([
    { name: 'a pool without version rolling', options: { versionMask: 0 } },
    { name: 'a pool that has never heard of it', options: { knowsConfigure: false } },
  ])('$name takes submits without version bits', async ({ options }) => {
    await using pool = await listen(options);
    await using miner = await TestV1Miner.connect({ port: pool.port });
    expect(await miner.mine()).toBe('accepted');
    expect(pool.shares.items[0]?.submit.versionBits).toBeUndefined();
  });

  test('what is not right is refused', async () => {
    await using pool = await listen({ difficulty: 2 ** -31, authorises: (username) => username === 'scenario.v1' });
    await using miner = await TestV1Miner.connect({ port: pool.port });
    const good = await miner.solve({ wanted: 'block' });
    expect(await miner.submit(good, 'nobody')).toMatchObject({ code: 24 });
    expect(await miner.submit({ ...good, jobId: 'none' })).toMatchObject({ code: 21 });
    expect(await miner.submit({ ...good, extranonce2: new Uint8Array(3) })).toMatchObject({ code: 20 });
    expect(await miner.submit({ ...good, versionBits: 1 })).toMatchObject({ code: 20 });
    expect(await miner.submit({ ...good, ntime: good.ntime - 1 })).toMatchObject({ code: 20 });
    expect(await miner.mine({ wanted: 'miss' })).toMatchObject({ code: 23 });
    expect(await miner.submit(good)).toBe('accepted');
    expect(await miner.submit(good)).toMatchObject({ code: 22 });
    await using nobody = await TestV1Miner.open({ port: pool.port, username: 'nobody' });
    await expect(nobody.start()).rejects.toThrow('Unauthorized');
  });

  test('a share of a job that a clean one has followed is stale', async () => {
    await using pool = await listen();
    await using miner = await TestV1Miner.connect({ port: pool.port });
    const late = await miner.solve({ wanted: 'share' });
    pool.sendJob(true);
    await miner.jobs.first('a second job', ({ jobId }) => jobId !== late.jobId);
    expect(await miner.submit(late)).toMatchObject({ code: 21 });
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
  });

  test('difficulty, extranonce and version mask hold for the jobs that follow', async () => {
    await using pool = await listen();
    await using miner = await TestV1Miner.connect({ port: pool.port, manners: { takesExtranonce: true } });
    const first = await miner.job();
    pool.setDifficulty(2 ** -20, 'at-once');
    pool.setExtranonce(5);
    const second = await miner.jobs.first('a second job', ({ jobId }) => jobId !== first.jobId);
    expect(second).toMatchObject({ clean: true, difficulty: 2 ** -20, extranonce2Size: 5 });
    expect(second.extranonce1).not.toEqual(first.extranonce1);
    pool.setVersionMask(0x00ff_e000);
    const third = await miner.jobs.first('a third job', ({ versionMask }) => versionMask === 0x00ff_e000);
    expect(third.clean).toBe(false);
    expect(await miner.mine({ versionBits: 0x00a0_0000 })).toBe('accepted');
    expect(await miner.mine({ job: second })).toBe('accepted');
  });

  test('a method that nobody knows is answered with an error', async () => {
    await using pool = await listen();
    await using miner = await TestV1Miner.open({ port: pool.port });
    miner.lines.write('{"id":1,"method":"mining.nonsense","params":[]}\n');
    const { error } = await miner.lines.heard.first('an answer', ({ id }) => id === 1);
    expect(error).toEqual([20, 'Unknown method', null]);
  });
});
