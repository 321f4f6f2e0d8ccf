// What each role does when the one beside it goes away without a word; of nodes: node-losses.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Lab } from '../src/index.ts';
import { minerAt, mineOn, poolOn } from './pool-ground.ts';

/** How often a pool on a backup looks for its primary, at most; a connection that lasts half as long is a good one. */
const PROBE_MS = 61_000;
const SECOND = 1000;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open('regtest');
});
afterEach(() => lab?.[Symbol.asyncDispose]());

describe('the template provider', () => {
  test('is killed, and comes back: the pool serves its miners on, says what is missing, and takes up its templates', async () => {
    const first = lab.templateProviderProcess();
    const port = await first.port();
    const pool = await poolOn(lab, lab.url({ port }));
    const { miner, channel } = await minerAt(pool);
    await first.kill();
    await pool.log.line('upstream lost');
    lab.clock.skip(SECOND);
    expect(await pool.condition('templates', false)).toMatch(
      /^the work served has had no template provider since \d{4}-/,
    );
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');

    // The node gets a block without its help; the pool hears of it once there is somebody to say so.
    const height = await lab.node.height();
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await lab.node.reach(height + 1);
    const { prevHash } = await channel.work();
    const second = lab.templateProviderProcess({ port });
    expect(await second.port()).toBe(port);
    await lab.clock.until(SECOND, pool.log.nextLine('templates come from here now'));
    await lab.clock.until(
      SECOND,
      channel.works.next('a new tip', (work) => Buffer.compare(work.prevHash, prevHash) !== 0),
    );
    await mineOn(lab, channel);
    expect(miner.messages.items.filter(({ type }) => type === 'CloseChannel')).toEqual([]);
  });

  test('is killed while there is another: the pool fails over to that at once, and returns to the first', async () => {
    const primary = lab.templateProviderProcess();
    const port = await primary.port();
    const backup = await lab.templateProvider({ dataDir: `${lab.folder}/backup` });
    const pool = await poolOn(lab, lab.url({ port }), lab.url(backup));
    const { miner, channel } = await minerAt(pool);
    await mineOn(lab, channel);
    await primary.kill();
    await lab.clock.until(
      SECOND,
      pool.log.line('upstream connected', (each) => each['port'] === backup.service.address.port),
    );
    expect(pool.status()).toMatchObject({ templateProvider: { state: 'connected', primary: false } });
    await mineOn(lab, channel);

    pool.log.skip();
    const again = lab.templateProviderProcess({ port });
    await again.port();
    await lab.clock.until(
      PROBE_MS,
      pool.log.nextLine('upstream connected', (each) => each['port'] === port),
    );
    await pool.log.nextLine('templates come from here now');
    expect(pool.status()).toMatchObject({ templateProvider: { state: 'connected', primary: true } });
    await mineOn(lab, channel);
    expect(miner.messages.items.filter(({ type }) => type === 'CloseChannel')).toEqual([]);
    expect(channel.violations).toEqual([]);
  });
});

describe('the pool', () => {
  test('is killed, and starts again: devices come back by themselves, with prefixes of another boot epoch (§5.1.2.1)', async () => {
    const provider = await lab.templateProvider();
    const wishes = { templateProviders: [lab.url(provider)], minDifficulty: 1e-6 };
    const first = lab.poolProcess(wishes);
    const port = await first.port();
    await first.log.line('condition met', (each) => each['condition'] === 'templates');
    const middle = await lab.beforePool(port);
    const upstreams = [lab.url(middle)];
    const devices = [
      await lab.device({ channel: 'standard', upstreams, throttle: 3000 }),
      lab.deviceProcess({ channel: 'extended', upstreams, throttle: 3000 }),
    ];
    for (const type of ['OpenStandardMiningChannelSuccess', 'OpenExtendedMiningChannelSuccess'])
      await middle.message(type);
    await Promise.all(devices.map((device) => device.log.line('a share that is a block')));
    await first.kill();
    await Promise.all(devices.map((device) => device.log.line('upstream lost')));
    const before = middle.seen.length;

    const second = lab.poolProcess({ ...wishes, port });
    await second.port();
    const opened = (device: (typeof devices)[number]) => {
      device.log.skip();
      return lab.clock.until(SECOND, device.log.nextLine('channel opened'));
    };
    await Promise.all(devices.map(opened));
    const epochs = middle.seen.map(({ message }, index) => ({
      late: index >= before,
      prefix: message['extranoncePrefix'] as Uint8Array | undefined,
    }));
    const epochsOf = (late: boolean) =>
      new Set(
        epochs
          .filter((each) => each.late === late && each.prefix !== undefined)
          .map(({ prefix }) => Buffer.from(prefix ?? []).readUIntBE(0, 3)),
      );
    expect([epochsOf(false), epochsOf(true)]).toEqual([new Set([1]), new Set([2])]);
    const height = await lab.node.height();
    await lab.node.reach(height + 1);
  });

  test('is stopped in good order: miners are told that their channels are closed, then the end (§5.3.9)', async () => {
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { miner, channel } = await minerAt(pool);
    const { channelId } = channel.opened;
    await pool.close();
    expect(await miner.closed()).toMatchObject({ code: 'peer-closed' });
    expect(miner.messages.items.at(-1)).toEqual({ type: 'CloseChannel', channelId, reasonCode: 'shutdown' });
  });
});
