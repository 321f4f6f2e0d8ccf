// What becomes of a found block, until its coinbase may be spent: a node and a pool that is restarted in the middle.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from '@sv2kit/pool';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, Lab, type RoleHere } from '../src/index.ts';
import { minerAt, poolOn } from './pool-ground.ts';

const SECOND = 1000;
const MATURITY = 100;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open('regtest');
});
afterEach(() => lab?.[Symbol.asyncDispose]());

interface Standing {
  readonly hash: string;
  readonly state: string;
  readonly confirmations?: number;
}

const standingsOf = (pool: RoleHere<Pool>): readonly Standing[] => pool.status()['blocks'] as readonly Standing[];

/** Resolves when the pool's only block stands like that. */
async function standing(pool: RoleHere<Pool>, state: string, confirmations?: number): Promise<Standing> {
  const look = async () => {
    const [first] = standingsOf(pool);
    return first?.state === state && first.confirmations === confirmations ? first : undefined;
  };
  const what = `the block to be ${state}${confirmations === undefined ? '' : ` ${confirmations} times`}`;
  return await lab.clock.until(SECOND, eventually(what, look));
}

/** The node loses all blocks above a height, as by a disk that is put back from a copy. */
async function forgetBehind(height: number): Promise<void> {
  const { node } = lab;
  const kept: unknown[] = [];
  for (let at = 1; at <= height; at += 1) kept.push(await node.call('getblock', (await node.block(at)).hash, 0));
  await node.stop();
  for (const part of ['blocks', 'chainstate']) {
    await rm(join(lab.folder, 'bitcoind', 'regtest', part), { recursive: true });
  }
  await node.restart();
  for (const block of kept) await node.call('submitblock', block);
}

test('a block is found, confirmed, orphaned by a longer branch, back again, and matured, over a restart of the pool', async () => {
  const other = await lab.minersNode();
  await lab.node.mine(1);
  await other.reach(await lab.node.height());
  await lab.node.disconnect(other);
  const provider = await lab.templateProvider();
  const pool = await poolOn(lab, lab.url(provider));
  const { channel } = await minerAt(pool);
  await channel.workOn(await lab.node.bestHash());
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  const { hash } = await standing(pool, 'confirmed', 1);
  expect(await lab.node.bestHash()).toBe(hash);

  await other.mine(4);
  const theirs = await other.call('getblockhash', (await other.height()) - 3);
  await lab.node.connect(other);
  await standing(pool, 'orphaned');
  await lab.node.disconnect(other);
  await lab.node.call('invalidateblock', theirs);
  await standing(pool, 'confirmed', 1);
  await lab.node.mine(6);
  await standing(pool, 'confirmed', 7);

  await pool[Symbol.asyncDispose]();
  await lab.node.mine(50);
  const again = await poolOn(lab, lab.url(provider));
  await again.log.line('blocks of earlier runs are followed');
  expect((await standing(again, 'confirmed', 57)).hash).toBe(hash);
  await lab.node.mine(MATURITY - 57);
  await standing(again, 'matured', MATURITY);
  const told = [...pool.log.items, ...again.log.items]
    .filter(({ message }) => message === 'block status')
    .map(({ fields }) => fields['status']);
  expect(told.filter((status, index) => status !== told[index - 1] && status !== 'submitted')).toEqual([
    'accepted',
    'confirmed',
    'orphaned',
    'confirmed',
    'matured',
  ]);
});

test('a block that the node has lost with its parent is there again after a restart of the pool, from disk', async () => {
  const provider = await lab.templateProvider();
  const pool = await poolOn(lab, lab.url(provider));
  const { channel } = await minerAt(pool);
  const height = await lab.node.height();
  for (const more of [1, 2]) {
    await channel.workOn(await lab.node.bestHash());
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await lab.node.reach(height + more);
  }
  const best = await lab.node.bestHash();
  await pool[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();

  await forgetBehind(height);
  expect(await lab.node.height()).toBe(height);
  const again = await lab.pool({ templateProviders: [lab.url(provider)] });
  await lab.clock.until(SECOND, lab.node.reach(height + 2));
  expect(await lab.node.bestHash()).toBe(best);
  await lab.clock.until(
    SECOND,
    eventually('both blocks to be confirmed', async () =>
      standingsOf(again).every(({ state }) => state === 'confirmed') ? true : undefined,
    ),
  );
});
