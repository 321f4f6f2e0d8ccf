// A pool on which every hash is a share, and one miner at it.
import type { Pool } from '@sv2kit/pool';
import { expect } from 'vitest';
import { type Lab, type RoleHere, type TestChannel, TestMiner } from '../src/index.ts';

/** A pool that has work of those template providers. */
export async function poolOn(lab: Lab, ...templateProviders: string[]): Promise<RoleHere<Pool>> {
  return await lab.workingPool({ templateProviders, minDifficulty: 1e-12, sharesPerMinute: 1e6 });
}

export async function minerAt(pool: RoleHere<Pool>): Promise<{ miner: TestMiner; channel: TestChannel }> {
  const { address, authorityPublicKey: authority } = pool.service;
  const miner = await TestMiner.connect({ port: address.port, authority });
  return { miner, channel: await miner.open('extended', { nominalHashRate: 1 }) };
}

/** Mines a block on the node's best one, and waits until it is that itself and the miner has work on it. */
export async function mineOn({ node }: Lab, channel: TestChannel): Promise<void> {
  const height = await node.height();
  await channel.workOn(await node.bestHash());
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  await node.reach(height + 1);
  await channel.workOn(await node.bestHash());
}
