// What becomes of the miners when pools and job declarator servers fail: they hash on, for the best that is left.
import type { JdClient } from '@sv2kit/jd-client';
import type { MiningDevice } from '@sv2kit/mining-device';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, HashWatch, type ManInTheMiddle, type RoleHere } from '../src/index.ts';
import {
  acceptedBy,
  minerOf,
  moreShares,
  openScene,
  type Pair,
  pooledChannel,
  type Scene,
  startClient,
  startPair,
  workingAs,
} from './declaring.ts';

/** Some ten shares a second. */
const PACE = { channel: 'extended', throttle: 5_000 } as const;
const STALL_MS = 1_000;
const SECOND = 1_000;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('signet');
});
afterAll(() => scene?.[Symbol.asyncDispose]());

/** Nobody gets through any more, as if both had been killed. */
function kill(...middles: readonly ManInTheMiddle[]): void {
  for (const middle of middles) {
    middle.open = false;
    middle.cut();
  }
}

function revive(...middles: readonly ManInTheMiddle[]): void {
  for (const middle of middles) middle.open = true;
}

const sharesOf = (device: RoleHere<MiningDevice>): number =>
  (device.status()['shares'] as { readonly accepted: number }).accepted;
const deviceOf = async (client: RoleHere<JdClient>) =>
  await scene.lab.device({ ...PACE, upstreams: [scene.lab.url(client.service.address)] });

test('a pool that is killed costs no hash: the backup is mined for, and the first one again once it is back', async () => {
  const { lab } = scene;
  await using first = await startPair(scene, { name: 'first' });
  await using backup = await startPair(scene, { name: 'backup' });
  const wishes = { ...first.wishes, dataDir: `${lab.folder}/killed-pool` };
  const pool = lab.poolProcess(wishes);
  const port = await pool.port();
  const beforePool = await lab.beforePool(port);
  const upstream = { ...first.upstream, poolUrl: lab.url(beforePool) };
  await using client = await startClient(scene, [upstream, backup.upstream]);
  await using device = await deviceOf(client);
  await lab.clock.until(SECOND, beforePool.message('SubmitSharesSuccess'));
  await using watch = new HashWatch(device);

  await pool.kill();
  await moreShares(scene, backup.pool, acceptedBy(backup.pool));
  lab.poolProcess({ ...wishes, port });
  beforePool.skip();
  await lab.clock.until(SECOND, beforePool.next('SubmitSharesSuccess'));
  await workingAs(scene, client, 'pooled');
  expect(watch.longestStallMs).toBeLessThan(STALL_MS);
  expect(device.log.items.filter(({ message }) => message === 'upstream lost')).toEqual([]);
});

test('without any pool left the miner mines for itself, and returns when there is one again', async () => {
  await using pair = await startPair(scene, { name: 'only' });
  await using client = await startClient(scene, [pair.upstream]);
  await using device = await deviceOf(client);
  await moreShares(scene, pair.pool, 0);
  await using watch = new HashWatch(device);

  kill(pair.beforePool, pair.beforeJds);
  expect(await workingAs(scene, client, 'solo')).toMatchObject({ reason: expect.any(String) });
  const alone = sharesOf(device);
  await eventually('shares of a miner that mines for itself', () => sharesOf(device) > alone || undefined);

  revive(pair.beforePool, pair.beforeJds);
  await workingAs(scene, client, 'pooled');
  await moreShares(scene, pair.pool, acceptedBy(pair.pool));
  expect(watch.longestStallMs).toBeLessThan(STALL_MS);
  expect(device.log.items.filter(({ message }) => message === 'upstream lost')).toEqual([]);
});

test('a job declarator server that is killed in the middle of a declaration and started again is used again', async () => {
  const { lab } = scene;
  const tokenKeyFile = `${lab.folder}/restarted-token.key`;
  const dataDir = `${lab.folder}/killed-jds`;
  const jds = lab.jdServerProcess({ tokenKeyFile, dataDir });
  const port = await jds.port();
  await using pair = await startPair(scene, { name: 'restarted', pool: { tokenKeyFile } });
  const beforeJds = await lab.beforeJdServer(port);
  using held = beforeJds.hold('DeclareMiningJobSuccess');
  await using client = await startClient(scene, [{ ...pair.upstream, jdsUrl: lab.url(beforeJds) }]);
  await using device = await deviceOf(client);
  await held.caught();
  await using watch = new HashWatch(device);

  await jds.kill();
  held.release();
  lab.jdServerProcess({ tokenKeyFile, dataDir, port });
  beforeJds.skip();
  await lab.clock.until(SECOND, beforeJds.next('DeclareMiningJobSuccess'));
  await moreShares(scene, pair.pool, 0);
  expect(watch.longestStallMs).toBeLessThan(STALL_MS);
});

describe('a pool that lies', () => {
  /** Answers for the pool: every share is invalid, whatever it is. */
  function rejectShares({ beforePool }: Pair): Disposable {
    return beforePool.intercept(({ message }) => {
      if (message.type !== 'SubmitSharesExtended') return undefined;
      const { channelId, sequenceNumber } = message;
      beforePool.inject('server', { type: 'SubmitSharesError', channelId, sequenceNumber, errorCode: 'invalid-share' });
      return 'drop';
    });
  }

  test('and rejects valid shares on a job that it has acknowledged loses the hashrate to the next one (§6.2)', async () => {
    const { lab } = scene;
    await using liar = await startPair(scene, { name: 'liar' });
    await using honest = await startPair(scene, { name: 'honest' });
    using _ = rejectShares(liar);
    await using client = await startClient(scene, [liar.upstream, honest.upstream]);
    await using miner = await minerOf(client);
    const channel = await pooledChannel(scene, client, miner);
    await liar.beforePool.message('SetCustomMiningJobSuccess');
    const sharing = (async () => {
      while (acceptedBy(honest.pool) === 0) await channel.mine({ wanted: 'share' });
    })();
    await lab.clock.until(SECOND, sharing);
    expect(acceptedBy(liar.pool)).toBe(0);
    expect(acceptedBy(honest.pool)).toBeGreaterThan(0);
  });

  test('or a job declarator server that refuses every job, is left for the next pair', async () => {
    await using liar = await startPair(scene, { name: 'refusing' });
    await using honest = await startPair(scene, { name: 'accepting' });
    using _ = liar.beforeJds.intercept(({ message }) =>
      message.type === 'DeclareMiningJobSuccess'
        ? {
            type: 'DeclareMiningJobError',
            requestId: message['requestId'],
            errorCode: 'we-choose-for-you',
            errorDetails: new Uint8Array(),
          }
        : undefined,
    );
    await using client = await startClient(scene, [liar.upstream, honest.upstream]);
    await using miner = await minerOf(client);
    const channel = await miner.open('extended');
    await workingAs(scene, client, 'pooled');
    await honest.beforePool.message('SetCustomMiningJobSuccess');
    await channel.mine({ wanted: 'share' });
    await moreShares(scene, honest.pool, 0);
    expect(acceptedBy(liar.pool)).toBe(0);
  });
});
