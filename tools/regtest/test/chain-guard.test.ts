// A node that answers, and must not be mined on: on the wrong side of a split, far behind, or with a clock that is off.
import type { TemplateProvider } from '@sv2kit/template-provider';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BackEnd, Lab, type RoleHere, type TestNode } from '../src/index.ts';
import { over } from './over.ts';
import { minerAt, mineOn, poolOn } from './pool-ground.ts';

const SECOND = 1000;
/** Blocks that two nodes agree on before they part. */
const COMMON = 40;

let lab: Lab;
afterEach(() => lab?.[Symbol.asyncDispose]());

over(['rpc', 'ipc', 'ipc+rpc'], guarding);

/** Of the provider's first node. */
const conditionOf = (provider: RoleHere<TemplateProvider>): string =>
  `node ${(provider.status()['nodes'] as readonly { readonly name: string }[])[0]?.name}`;
const hashAt = async (node: TestNode, height: number): Promise<string> => (await node.block(height)).hash;

/** Two nodes with the same chain, and no connection. */
async function twoNodes(): Promise<TestNode> {
  await lab.node.mine(COMMON - (await lab.node.height()));
  const other = await lab.minersNode();
  await lab.node.disconnect(other);
  return other;
}

/** The node turns away from a chain at that height, and has a block of its own there. */
async function split(node: TestNode, height: number): Promise<void> {
  const hash = await hashAt(node, height);
  await node.call('invalidateblock', hash);
  // Another coinbase than its own: within the same second the block would be the one that it has just forbidden.
  await node.call('generatetodescriptor', 1, 'raw(52)');
}

/** @param backEnd how roles speak to their nodes */
function guarding(backEnd: BackEnd): void {
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd });
  });

  test('a node that calls a better branch invalid is not mined on, says how it is mended, and then goes on', async () => {
    const other = await twoNodes();
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { miner, channel } = await minerAt(pool);
    await mineOn(lab, channel);

    await split(lab.node, COMMON - 8);
    const { fields } = await provider.log.line('the node is not mined on');
    expect(fields['as']).toBe('wrong-chain');
    const reason = await lab.clock.until(SECOND, provider.condition(conditionOf(provider), false));
    expect(reason).toMatch(/calls a branch invalid that has more work.*reconsiderblock [0-9a-f]{64}/);
    await lab.clock.until(SECOND, provider.log.line('no node is there: work is withdrawn'));
    expect(await lab.clock.until(181 * SECOND, miner.next('CloseChannel'))).toMatchObject({
      reasonCode: 'no-work-available',
    });
    await expect(minerAt(pool)).rejects.toThrow('setup-refused');

    const [, remedy = ''] = /reconsiderblock ([0-9a-f]{64})/.exec(reason ?? '') ?? [];
    await lab.node.call('reconsiderblock', remedy);
    await other.connect(lab.node);
    await provider.log.line('the node is mined on again');
    await lab.clock.until(SECOND, pool.condition('templates', true));
    await mineOn(lab, (await minerAt(pool)).channel);
    await other.reach(await lab.node.height());
  });

  test('a node without a block that must be there is not mined on, however short the other branch; another node is', async () => {
    const other = await twoNodes();
    const known = `${COMMON - 1}:${await hashAt(other, COMMON - 1)}`;
    await split(lab.node, COMMON - 1);
    await lab.node.mine(10);
    const more = `[[nodes]]\nurl = "${other.rpcUrl}"\ncookie_file = "${other.cookieFile}"\n`;
    const provider = await lab.templateProvider({ more: `${more}[chain_guard]\nblocks = ["${known}"]\n` });
    const pool = await lab.pool({ templateProviders: [lab.url(provider)], minDifficulty: 1e-12, sharesPerMinute: 1e6 });
    await lab.clock.until(SECOND, pool.condition('templates', true));
    expect(await lab.clock.until(SECOND, provider.condition(conditionOf(provider), false))).toMatch(
      new RegExp(`^its block ${COMMON - 1} is .*reconsiderblock ${known.slice(-64)}`),
    );
    const { channel } = await minerAt(pool);
    await channel.workOn(await other.bestHash());
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await other.reach(COMMON + 1);
  });

  test("templates of the chain of a pool's node that its guard refuses are not mined; another provider's are", async () => {
    const other = await twoNodes();
    const known = `${COMMON - 1}:${await hashAt(other, COMMON - 1)}`;
    await split(lab.node, COMMON - 1);
    await lab.node.mine(10);
    const wrong = lab.url(await lab.templateProvider());
    const more = `[chain_guard]\nblocks = ["${known}"]\n`;
    const pool = await lab.pool({ templateProviders: [wrong], more, minDifficulty: 1e-12, sharesPerMinute: 1e6 });
    const reason = await lab.clock.until(SECOND, pool.coded('templates', 'wrong-chain'));
    expect(reason).toMatch(/^template provider .* builds on the chain of node .*, which is refused as wrong/);
    await expect(minerAt(pool)).rejects.toThrow('setup-refused');

    await pool.close();
    const right = lab.url(await lab.templateProvider({ node: other }));
    const templateProviders = [wrong, right];
    const both = await lab.pool({ templateProviders, more, minDifficulty: 1e-12, sharesPerMinute: 1e6 });
    await lab.clock.until(SECOND, both.coded('templates', 'wrong-chain'));
    await lab.clock.until(SECOND, both.condition('templates', true));
    const { channel } = await minerAt(both);
    await channel.workOn(await other.bestHash());
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await other.reach(COMMON + 1);
  });

  test('a node far behind the headers that it has is not mined on until it has caught up', async () => {
    const other = await twoNodes();
    await other.mine(10);
    for (let height = COMMON + 1; height <= COMMON + 10; height += 1) {
      await lab.node.call('submitheader', await other.call('getblockheader', await hashAt(other, height), false));
    }
    const provider = await lab.templateProvider();
    const { fields } = await provider.log.line('the node is not mined on');
    expect(fields).toMatchObject({
      as: 'behind',
      reason: `it is at block ${COMMON}, 10 blocks behind the headers it has`,
    });
    await lab.node.connect(other);
    await provider.log.line('the node is mined on again');
    const pool = await poolOn(lab, lab.url(provider));
    await mineOn(lab, (await minerAt(pool)).channel);
  });

  test('a clock that is off is said in health with by how much, and nothing is refused for it', async () => {
    const provider = await lab.templateProvider();
    await lab.node.call('setmocktime', Math.floor(lab.clock.now() / SECOND) - 95);
    await lab.node.mine(1);
    await lab.node.mine(1);
    const reason = await lab.clock.until(SECOND, provider.condition('clock', false));
    expect(reason).toMatch(/^this machine's clock is \d+ s ahead of the node's/);
    const pool = await poolOn(lab, lab.url(provider));
    await mineOn(lab, (await minerAt(pool)).channel);
  });
}
