import { expect, test } from 'vitest';
import { HASHRATE, NETWORK_TARGET, rig, solve, template, type TestMiner, tip } from './support.ts';

const CONFIG = { reconnectExcept: ['', 'SRI'], batch: { count: 100, delayMs: 60_000 } };
const LIMIT_MS = 5_000;

const types = (miner: TestMiner): readonly string[] => miner.sent.map(({ type }) => type);

test('a drain tells miners to reconnect, but for vendors whose clients break on it (§3.6.5)', async () => {
  const { server, clock, connect } = rig({ config: CONFIG });
  const [ours, nameless, theirs] = [connect(), connect(), connect()];
  Object.assign(nameless.setup, { vendor: '' });
  Object.assign(theirs.setup, { vendor: 'sri' });
  const drained = server.drain(clock.now() + LIMIT_MS);
  await clock.advanceAsync(0);
  expect([ours, nameless, theirs].map((miner) => types(miner).includes('Reconnect'))).toEqual([true, false, false]);
  expect(ours.of('Reconnect')).toEqual([{ type: 'Reconnect', newHost: '', newPort: 0 }]);
  await clock.advanceAsync(LIMIT_MS);
  await drained;
  expect([ours, nameless, theirs].map(({ ended }) => ended)).toEqual(['shutdown', 'shutdown', 'shutdown']);
  await server.close();
});

test('shares that come in a drain are judged and answered at once when they are on disk, also those that cross CloseChannel (§5.3.9)', async () => {
  const { server, clock, connect, journal, settle } = rig({ config: CONFIG });
  const miner = connect();
  const client = miner.open('extended', { nominalHashRate: HASHRATE });
  await settle();
  const [before, late] = [solve(client), solve(client, { from: 100_000 })];
  miner.says(before);
  journal.sync();
  expect(types(miner)).not.toContain('SubmitSharesSuccess');

  const drained = server.drain(clock.now() + LIMIT_MS);
  await clock.advanceAsync(0);
  expect(miner.of('SubmitSharesSuccess')).toMatchObject([{ lastSequenceNumber: before.sequenceNumber }]);
  await clock.advanceAsync(1_050);
  expect(miner.of('CloseChannel')).toMatchObject([{ reasonCode: 'shutdown' }]);
  miner.says(late);
  await clock.advanceAsync(1_000);
  // Not yet on disk: the connection waits for that.
  expect(miner.ended).toBeUndefined();
  journal.sync();
  await clock.advanceAsync(50);
  await drained;
  expect(miner.of('SubmitSharesSuccess').map(({ lastSequenceNumber }) => lastSequenceNumber)).toEqual([
    before.sequenceNumber,
    late.sequenceNumber,
  ]);
  expect(miner.ended).toBe('shutdown');
  expect(miner.of('CloseChannel')).toHaveLength(1);
  expect(journal.of('ShareAccepted')).toHaveLength(2);
  await server.close();
});

test('a block goes out, is recorded and answered although its channel has just been closed', async () => {
  const { server, clock, connect, blocks, journal, settle } = rig({ config: CONFIG });
  server.activate(template(2), tip(2, { target: NETWORK_TARGET }));
  const miner = connect();
  const client = miner.open('standard');
  await settle();
  const block = solve(client, { wanted: 'block', blockTarget: NETWORK_TARGET });
  const drained = server.drain(clock.now() + LIMIT_MS);
  await clock.advanceAsync(1_050);
  expect(miner.of('CloseChannel')).toHaveLength(1);
  miner.says(block);
  expect(blocks).toHaveLength(1);
  journal.sync();
  await clock.advanceAsync(LIMIT_MS);
  await drained;
  expect(miner.of('SubmitSharesSuccess')).toMatchObject([{ lastSequenceNumber: block.sequenceNumber }]);
  await server.close();
});

test('no channel is opened, and none refused, on a connection that has been told goodbye', async () => {
  const { server, clock, connect, settle } = rig({ config: CONFIG });
  const miner = connect();
  miner.open('standard');
  await settle();
  const drained = server.drain(clock.now() + LIMIT_MS);
  await clock.advanceAsync(1_050);
  miner.take();
  miner.open('standard');
  expect(miner.sent).toEqual([]);
  await clock.advanceAsync(LIMIT_MS);
  await drained;
  await server.close();
});

test('a miner that goes on sending shares as if it had not been told does not hold the drain up', async () => {
  const { server, clock, connect, journal, settle } = rig({ config: CONFIG });
  const miner = connect();
  const client = miner.open('extended', { nominalHashRate: HASHRATE });
  await settle();
  const shares = Array.from({ length: 400 }, (_, index) => solve(client, { from: index * 50_000 }));
  const fromMs = clock.now();
  let overMs = Number.POSITIVE_INFINITY;
  const drained = server.drain(fromMs + LIMIT_MS).then(() => {
    overMs = clock.now() - fromMs;
  });
  for (const [index, share] of shares.entries()) {
    // The disk is always one share behind.
    if (index % 2 === 0) await clock.advanceAsync(25);
    else journal.sync();
    miner.says(share);
  }
  await clock.advanceAsync(25);
  await drained;
  expect(overMs).toBeLessThan(LIMIT_MS - 2_000);
  await server.close();
});

test('a drain ends in time although the journal never gets a share to disk', async () => {
  const { server, clock, connect, settle } = rig({ config: CONFIG });
  const miner = connect();
  const client = miner.open('standard');
  await settle();
  miner.says(solve(client));
  const drained = server.drain(clock.now() + LIMIT_MS);
  await clock.advanceAsync(LIMIT_MS);
  await drained;
  expect(miner.ended).toBe('shutdown');
  await server.close();
});

test('other targets bind channels that are beyond them, and other limits those that come', async () => {
  const { server, connect, settle } = rig();
  const miner = connect();
  miner.open('standard', { nominalHashRate: 1e15 });
  await settle();
  miner.take();
  const targets = { sharesPerMinute: 6, minDifficulty: 1e-12, maxDifficulty: 1, assumedHashrate: 1e12 };
  server.reconfigure({
    targets,
    batch: { count: 1, delayMs: 1 },
    refreshMs: 30_000,
    limits: { channelsPerConnection: 1 },
  });
  await settle();
  expect(types(miner)).toContain('SetTarget');
  miner.take();
  miner.open('standard');
  expect(miner.of('OpenMiningChannelError')).toMatchObject([{ errorCode: 'channel-limit-reached' }]);
  await server.close();
});
