import { expect, test } from 'vitest';
import { scripted } from './scripted-site.ts';
import { type ScriptedUpstream, startUpstream } from './scripted-upstream.ts';
import { openSite, type Site } from './site.ts';
import { V1Miner } from './v1-miner.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

interface UpstreamShares {
  readonly forwarded: number;
  readonly accepted: number;
  readonly lostBy: Readonly<Record<string, number>>;
}

/** Channels that the upstream has opened and was not told to close. */
function left(upstream: ScriptedUpstream): number {
  return upstream.of('OpenExtendedMiningChannel').length - upstream.of('CloseChannel').length;
}

test('miners that leave at any moment leave nothing behind', { timeout: 30_000 }, async () => {
  const { upstream, site } = await scripted();
  await expect.poll(() => site.status()['upstream']).toMatchObject({ state: 'connected' });
  const lines = ['mining.configure', 'mining.subscribe', 'mining.authorize', 'mining.extranonce.subscribe'];
  for (let round = 0; round < 400; round += 1) {
    const miner = await V1Miner.connect(site.port, `account.rig${round}`);
    for (const method of lines.slice(0, round % 5)) {
      const params = method === 'mining.authorize' ? [miner.username, 'x'] : [];
      miner.say({ id: round, method, params });
    }
    await turns(round % 7);
    miner.close();
  }
  await expect.poll(() => site.status()['connections']).toBe(0);
  await expect.poll(() => left(upstream)).toBe(0);
  await site.pass(5_000);
  expect(site.status()).toMatchObject({ authorised: 0, hashrate: 0, upstream: { channels: 0, groups: 0, opening: 0 } });
  const closed = upstream.of('CloseChannel').map(({ channelId }) => channelId);
  expect(new Set(closed).size).toBe(closed.length);
  const miner = await site.miner();
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test.for([
  ['many bytes', 'ü'.repeat(255)],
  ['four bytes each', '😀'.repeat(64)],
  ['half a character', `a.${'\ud800'.repeat(50)}`],
  ['nothing but separators', '._.'.repeat(80)],
  ['control characters', '\u0000\u0007\r\u2028"\\'.repeat(20)],
])('names of %s are refused or become identities that a pool can read (§5.3.4, 0x0002)', async ([, username]) => {
  const { upstream, site } = await scripted({ extensions: [2] }, { identities: [undefined] });
  const miner = await V1Miner.connect(site.port, username);
  const { result } = await miner.handshake();
  if (result !== true) return expect(upstream.of('OpenExtendedMiningChannel')).toEqual([]);
  await miner.until(() => miner.jobs.length > 0);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(1);
  const text = new TextDecoder('utf-8', { fatal: true });
  const [open] = upstream.of('OpenExtendedMiningChannel');
  const [share] = upstream.of('SubmitSharesExtended');
  expect(text.decode(open?.userIdentity).length).toBeGreaterThan(0);
  expect(open?.userIdentity.length).toBeLessThanOrEqual(255);
  text.decode(share?.userIdentity);
  expect(share?.userIdentity?.length).toBeLessThanOrEqual(32);
  miner.close();
});

test('sixty-four workers on a connection are named share by share; one channel is open (0x0002)', async () => {
  const { upstream, site } = await scripted({ extensions: [2] });
  const miner = await site.miner({ username: 'account.w0' });
  for (let i = 1; i < 64; i += 1) {
    expect(await miner.ask('mining.authorize', [`account.w${i}`, 'x'])).toMatchObject({ result: true });
  }
  for (const i of [0, 63, 7, 0]) {
    expect(await miner.submit(miner.solve(), `account.w${i}`)).toMatchObject({ result: true });
  }
  expect(await miner.submit(miner.solve(), 'account.nobody')).toMatchObject({ error: [24, expect.any(String), null] });
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(4);
  const named = upstream
    .of('SubmitSharesExtended')
    .map(({ userIdentity }) => Buffer.from(userIdentity ?? []).toString());
  expect(named).toEqual(['w0', 'w63', 'w7', 'w0']);
  expect(upstream.of('OpenExtendedMiningChannel').length).toBe(1);
});

test('a flood of suggestions, subscriptions and authorisations costs a few jobs and one channel', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  for (let i = 0; i < 1_000; i += 1) {
    miner.say({ id: null, method: 'mining.suggest_difficulty', params: [2 ** (i % 20)] });
    miner.say({ id: null, method: 'mining.subscribe', params: ['x', `session${i}`] });
    miner.say({ id: null, method: 'mining.authorize', params: [`account.${i}`, 'd=1'] });
  }
  await miner.ask('mining.ping', []);
  expect(miner.jobs.length).toBeLessThan(5);
  expect(upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  const other = await site.miner();
  expect(await other.submit(other.solve())).toMatchObject({ result: true });
});

test.for([false, true])(
  'upstreams that come and go each second leave every miner at work in the end, aggregated: %s',
  { timeout: 30_000 },
  async (aggregate) => {
    const both = [await startUpstream(), await startUpstream()];
    const site = await openSite({
      aggregate,
      urls: both.map(({ url }) => url),
      identities: ['alice', 'bob'],
      tables: ['[outage]', 'probe = 1', 'pass_over = 1', 'retry = 1', 'keep_working = 600'],
    });
    const miners = [await site.miner(), await site.miner(), await site.miner()];
    for (let round = 0; round < 12; round += 1) {
      await both[round % 2]?.away();
      await site.pass(1_000, 250);
      await turns(round);
      await Promise.all(miners.map((miner) => miner.submit(miner.solve())));
      miners.shift()?.close();
      const joining = site.miner();
      await both[round % 2]?.back();
      await site.pass(1_000, 250);
      miners.push(await Promise.race([joining, passUntil(site, joining)]));
    }
    await site.pass(30_000);
    await expect
      .poll(async () => {
        await site.pass(1_000);
        return site.status<{ miners: { phase: string }[] }>().miners.map(({ phase }) => phase);
      })
      .toEqual(['seated', 'seated', 'seated']);
    await turns(30);
    for (const miner of miners) expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
    // Whatever was sent on is accepted, or was under way when its upstream went.
    await expect
      .poll(() => {
        const { upstreamShares } = site.status<{ upstreamShares: UpstreamShares }>();
        const { forwarded, accepted, lostBy } = upstreamShares;
        return forwarded - accepted - (lostBy['unanswered'] ?? 0);
      })
      .toBe(0);
    expect(site.status()['upstreamShares']).toMatchObject({ rejected: 0 });
  },
);

async function passUntil(site: Site, joining: Promise<V1Miner>): Promise<V1Miner> {
  let isThere = false;
  void joining.finally(() => (isThere = true));
  while (!isThere) await site.pass(500, 250);
  return joining;
}

test('a translator that is closed while everything is under way ends in order', async () => {
  const { upstream, site } = await scripted({ open: (_, count) => (count % 3 === 0 ? 'silent' : 'yes') });
  await expect.poll(() => site.status()['upstream']).toMatchObject({ state: 'connected' });
  const miners = await Promise.all(Array.from({ length: 30 }, (_, i) => V1Miner.connect(site.port, `account.${i}`)));
  for (const miner of miners) void miner.handshake().catch(() => {});
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBeGreaterThan(10);
  upstream.tip(1_000, 5);
  await turns(3);
  await site.translator.close();
  for (const miner of miners) await miner.ended();
  expect(site.status()).toMatchObject({ connections: 0, upstream: { channels: 0, opening: 0 } });
});

test('the share with which a flood begins is judged and goes on, for it may be a block; then the connection ends', async () => {
  const { upstream, site } = await scripted({}, { tables: ['[limits]', 'shares_per_second = 1'] });
  const miner = await site.miner();
  for (let i = 0; i < 10; i += 1) expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  void miner.submit(miner.solve()).catch(() => {});
  await miner.ended();
  await expect.poll(() => upstream.of('SubmitSharesExtended').length).toBe(11);
  await expect.poll(() => site.status()['departed']).toMatchObject([{ reason: 'share-flood' }]);
});
