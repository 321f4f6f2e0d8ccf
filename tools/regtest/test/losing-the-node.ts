// What roles do when their node goes away without a word.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BackEnd, Lab } from '../src/index.ts';
import { minerAt, mineOn, poolOn } from './pool-ground.ts';

const SECOND = 1000;
/** How a role says that a node which it reaches in that way is away. */
const AWAY: Readonly<Record<BackEnd, RegExp>> = {
  rpc: /ECONNREFUSED|ECONNRESET|socket hang up|no answer/,
  ipc: /sock/,
  'ipc+rpc': /sock/,
};

/** @param backEnd how roles speak to it */
export function losingTheNode(backEnd: BackEnd): void {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd });
  });
  afterEach(() => lab?.[Symbol.asyncDispose]());

  test('a node is killed: miners go on, and a block that they find meanwhile is in the chain once the node is back', async () => {
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { channel } = await minerAt(pool);
    await mineOn(lab, channel);
    const height = await lab.node.height();

    await lab.node.kill();
    const away = await provider.log.line('node is away');
    expect(away.fields['reason']).toMatch(AWAY[backEnd]);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    const found = await pool.log.nextLine('block found', (fields) => fields['height'] === height + 1);

    await lab.node.restart();
    await lab.node.reach(height + 1);
    expect(await lab.node.bestHash()).toBe(found.fields['hash']);
    await pool.log.line(
      'block status',
      (each) => each['hash'] === found.fields['hash'] && each['status'] === 'confirmed',
    );
    await mineOn(lab, channel);
    expect(pool.log.items.filter(({ message }) => message === 'upstream lost')).toEqual([]);
  });

  test('a node stays away for longer than is bearable: miners are sent away, and served again once it is back', async () => {
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { miner, channel } = await minerAt(pool);
    const { channelId } = channel.opened;
    const height = await lab.node.height();
    await lab.node.kill();
    await provider.log.line('node is away');
    await lab.clock.until(181 * SECOND, provider.log.line('no node is there: work is withdrawn'));
    const closed = lab.clock.until(181 * SECOND, miner.next('CloseChannel'));
    expect(await closed).toMatchObject({ channelId, reasonCode: 'no-work-available' });
    await expect(minerAt(pool)).rejects.toThrow('setup-refused');

    await lab.node.restart();
    await lab.clock.until(SECOND, pool.condition('templates', true));
    const again = await minerAt(pool);
    await mineOn(lab, again.channel);
    expect(await lab.node.height()).toBe(height + 1);
  });
}
