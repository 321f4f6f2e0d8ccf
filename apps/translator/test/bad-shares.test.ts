import type { EventRecord } from '@sv2kit/monitor';
import { expect, test } from 'vitest';
import { openSite, type Site } from './site.ts';
import { V1Miner } from './v1-miner.ts';

/** A ladder of few steps. */
const LADDER = ['[bad_shares]', 'new_work = 4', 'send_away = 8', 'forgiven = 2', 'ban_after = 2', 'ban = 60'];

async function open(tables: readonly string[] = LADDER): Promise<{ site: Site; told: EventRecord[] }> {
  const site = await openSite({ tables });
  const told: EventRecord[] = [];
  site.events.on((event) => told.push(event));
  return { site, told };
}

/** Shares of a job that nobody sent, until the connection ends. */
async function misbehave(miner: V1Miner): Promise<void> {
  const solved = miner.solve();
  const share = { ...solved, job: { ...solved.job, id: 'ffff' } };
  for (let count = 0; count < 20 && !miner.closed; count += 1) await miner.submit(share).catch(() => {});
  await miner.ended();
}

const steps = async (site: Site): Promise<Record<string, number>> => {
  const all = await site.metrics.snapshot();
  const steps = ['new-work', 'reconnect', 'ban', 'refused'] as const;
  return Object.fromEntries(
    steps.map((step) => [step, all[`sv2_translator_bad_share_steps_total{step="${step}"}`] ?? 0]),
  );
};

test('bad shares bring new work, then client.reconnect and the end, then a ban of that name for a time', async () => {
  const { site, told } = await open();
  for (let round = 0; round < 2; round += 1) {
    const miner = await site.miner({ username: 'alice.bad' });
    await misbehave(miner);
    expect(miner.jobs.filter(({ clean }) => clean)).toHaveLength(2);
    expect(miner.lines.at(-1)).toMatchObject({ method: 'client.reconnect', params: [] });
  }
  expect(await steps(site)).toEqual({ 'new-work': 2, reconnect: 2, ban: 1, refused: 0 });
  const untilMs = site.clock.now() + 60_000;
  expect(told.filter(({ type }) => type === 'ban')).toMatchObject([
    { subject: 'alice.bad', reason: 'bad shares', untilMs },
  ]);
  const again = await V1Miner.connect(site.port, 'alice.bad');
  expect((await again.handshake()).error).toMatchObject([24, expect.stringContaining('bad shares'), null]);
  again.close();
  await site.pass(61_000);
  const later = await site.miner({ username: 'alice.bad' });
  expect(await later.submit(later.solve())).toMatchObject({ result: true });
});

test('other miners of the same address do not notice: neither those that mine nor those that come', async () => {
  const { site } = await open();
  const honest = await site.miner({ username: 'alice.good' });
  for (let round = 0; round < 2; round += 1) await misbehave(await site.miner({ username: 'alice.bad' }));
  expect(await honest.submit(honest.solve())).toMatchObject({ result: true });
  const newcomer = await site.miner({ username: 'alice.new' });
  expect(await newcomer.submit(newcomer.solve())).toMatchObject({ result: true });
  expect(honest.closed).toBe(false);
  expect((await steps(site))['refused']).toBe(0);
});

test('a name is not banned where another miner of that name works well', async () => {
  const { site, told } = await open();
  const honest = await site.miner({ username: 'alice' });
  expect(await honest.submit(honest.solve())).toMatchObject({ result: true });
  for (let round = 0; round < 4; round += 1) await misbehave(await site.miner({ username: 'alice' }));
  expect(await steps(site)).toMatchObject({ reconnect: 4, ban: 0 });
  expect(told.filter(({ type }) => type === 'ban')).toEqual([]);
});

test('a miner whose good shares make up for the bad ones stays', async () => {
  const { site } = await open();
  const miner = await site.miner();
  for (let round = 0; round < 20; round += 1) {
    const share = miner.solve();
    expect(await miner.submit(share)).toMatchObject({ result: true });
    expect(await miner.submit(share)).toMatchObject({ error: [22, expect.any(String), null] });
  }
  expect(miner.closed).toBe(false);
  expect(await steps(site)).toMatchObject({ 'new-work': 0, reconnect: 0 });
});

test('with ban_after = 0 nobody is banned', async () => {
  const { site } = await open([...LADDER.slice(0, 3), 'ban_after = 0']);
  for (let round = 0; round < 3; round += 1) await misbehave(await site.miner({ username: 'alice.bad' }));
  expect(await steps(site)).toMatchObject({ reconnect: 3, ban: 0, refused: 0 });
});
