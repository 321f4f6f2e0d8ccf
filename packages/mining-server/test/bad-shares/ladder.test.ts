import type { MonitorEvent } from '@sv2kit/monitor';
import type { ChannelClient } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import { noMiningMetrics } from '../../src/index.ts';
import { FakeJournal, type Rig, rig, solve, template, type TestMiner, tip } from '../support.ts';

const limits = {
  badSharesBeforeNewWork: 3,
  badSharesBeforeSendAway: 6,
  badSharesForgiven: 2,
  sentAwayBeforeBan: 2,
  banMs: 60_000,
  staleGraceMs: 5_000,
};

function ground(journal = new FakeJournal()) {
  const told: MonitorEvent[] = [];
  const steps: string[] = [];
  const badShares = { inc: (labels: Readonly<Record<string, string>> = {}) => void steps.push(labels['step'] ?? '') };
  const deps = {
    events: { emit: (event: MonitorEvent) => void told.push(event) },
    metrics: { ...noMiningMetrics, badShares },
  };
  return { ...rig({ config: { limits }, deps, journal }), journal, told, steps };
}

/** Sends what the channel never earned, until it is sent away. */
function misbehave(miner: TestMiner, client: ChannelClient, shares = 6): void {
  for (let share = 0; share < shares && client.phase === 'open'; share += 1)
    miner.says(solve(client, { wanted: 'miss', from: share * 50 }));
}

function comeAndMisbehave({ connect }: Rig, user: string): TestMiner {
  const miner = connect();
  misbehave(miner, miner.open('extended', { user }));
  return miner;
}

describe('bad shares', () => {
  test('get a connection with one channel new work, then Reconnect and its end (§3.6.5)', () => {
    const it = ground();
    const miner = it.connect();
    const client = miner.open('extended', { user: 'a.1' });
    miner.take();
    misbehave(miner, client, 3);
    expect(miner.sent.at(-1)).toMatchObject({ type: 'NewExtendedMiningJob' });
    expect(miner.ended).toBeUndefined();
    misbehave(miner, client, 3);
    expect(miner.take().slice(-2)).toMatchObject([
      { type: 'CloseChannel', reasonCode: 'too-many-refused-shares' },
      { type: 'Reconnect', newHost: '', newPort: 0 },
    ]);
    expect(miner.ended).toBe('too-many-refused-shares');
    expect(it.steps).toEqual(['new-work', 'reconnect']);
  });

  test('end the channel alone where others are on its connection, whatever the device sends on', () => {
    const it = ground();
    const miner = it.connect();
    const [bad, good] = [miner.open('extended', { user: 'a.1' }), miner.open('extended', { user: 'b.1' })];
    const share = solve(bad, { wanted: 'miss' });
    misbehave(miner, bad);
    expect([bad.phase, good.phase, miner.ended]).toEqual(['closed', 'open', undefined]);
    let nonce = 0;
    for (let round = 0; round < 5; round += 1) {
      for (let stray = 0; stray < 1_000; stray += 1) miner.says(share);
      const accepted = solve(good, { from: nonce });
      nonce = accepted.nonce + 1;
      miner.says(accepted);
      it.clock.advance(2_000);
    }
    expect(miner.ended).toBeUndefined();
    expect(it.server.api.shares().accepted).toBe(5);
    expect(it.steps).toEqual(['new-work', 'close-channel']);
  });

  test('over and over get the user banned from that address for a time, and nobody else', () => {
    const it = ground();
    comeAndMisbehave(it, 'a.1');
    comeAndMisbehave(it, 'a.1');
    expect(it.told.filter(({ type }) => type === 'ban')).toEqual([
      { type: 'ban', subject: 'a.1', reason: 'bad shares', untilMs: it.clock.now() + limits.banMs },
    ]);
    const miner = it.connect();
    expect(miner.open('extended', { user: 'a.1' }).phase).toBe('closed');
    expect(miner.of('OpenMiningChannelError')).toMatchObject([{ errorCode: 'banned-for-bad-shares' }]);
    expect(miner.open('extended', { user: 'a.2' }).phase).toBe('open');
    it.clock.advance(limits.banMs);
    expect(miner.open('extended', { user: 'a.1' }).phase).toBe('open');
    expect(it.steps.filter((step) => step !== 'new-work')).toEqual(['reconnect', 'reconnect', 'ban', 'refused']);
  });

  test('ban no user of whom another channel at the same address works well', () => {
    const it = ground();
    const honest = it.connect();
    const client = honest.open('extended', { user: 'farm' });
    honest.says(solve(client));
    for (let time = 0; time < 4; time += 1) comeAndMisbehave(it, 'farm');
    expect(it.told.filter(({ type }) => type === 'ban')).toEqual([]);
    expect(it.connect().open('extended', { user: 'farm' }).phase).toBe('open');
    expect(client.phase).toBe('open');
  });

  test('are not those that the ledger could not take, nor their repetition', () => {
    const it = ground();
    const miner = it.connect();
    const client = miner.open('extended');
    it.journal.become({ kind: 'failed', retrying: true } as never);
    const shares = Array.from({ length: 20 }, (_, index) => solve(client, { from: index * 1_000 }));
    for (const share of shares) miner.says(share);
    it.journal.become({ kind: 'ok' });
    for (const share of shares) miner.says(share);
    expect(it.steps).toEqual([]);
    const codes = new Set(miner.of('SubmitSharesError').map(({ errorCode }) => errorCode));
    expect([...codes]).toEqual(['ledger-unavailable', 'duplicate-share']);
  });

  test('are not stale ones soon after a new tip; later they are', async () => {
    const it = ground();
    const miner = it.connect();
    const client = miner.open('extended');
    const share = solve(client);
    it.server.activate(template(2), tip(2));
    await it.settle();
    for (let time = 0; time < 20; time += 1) miner.says(share);
    expect(it.steps).toEqual([]);
    it.clock.advance(limits.staleGraceMs + 1);
    for (let time = 0; time < 20; time += 1) miner.says(share);
    expect(it.steps).toEqual(['new-work', 'reconnect']);
  });
});
