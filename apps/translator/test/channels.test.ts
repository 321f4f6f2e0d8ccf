import { targetFromDifficulty } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { scripted } from './scripted-site.ts';
import { NTIME, startUpstream, type UpstreamScript } from './scripted-upstream.ts';
import { EASY, openSite } from './site.ts';
import { V1Miner } from './v1-miner.ts';

test('an upstream that closes a channel has it opened again once; then the miner is let go (§5.3.9)', async () => {
  const { upstream, site } = await scripted();
  const [miner, other] = [await site.miner(), await site.miner()];
  upstream.says({ type: 'CloseChannel', channelId: 1, reasonCode: 'because' });
  const job = await miner.nextJob();
  expect(job).toMatchObject({ clean: true });
  expect(job.coinb1).toContain('aa000003');
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  upstream.says({ type: 'CloseChannel', channelId: 3, reasonCode: 'because' });
  await miner.ended();
  expect(await other.submit(other.solve())).toMatchObject({ result: true });
});

test('an upstream that closes the channel of all miners is left for the next (§5.3.9)', async () => {
  const [first, second] = [await startUpstream(), await startUpstream()];
  const site = await openSite({ aggregate: true, urls: [first.url, second.url], identities: ['alice', 'bob'] });
  const miner = await site.miner();
  first.says({ type: 'CloseChannel', channelId: 1, reasonCode: 'because' });
  const job = await miner.nextJob();
  expect(job.clean).toBe(true);
  expect(
    second.of('OpenExtendedMiningChannel').map(({ userIdentity }) => Buffer.from(userIdentity).toString()),
  ).toEqual(['bob.translator']);
});

const USELESS: readonly (readonly [string, UpstreamScript])[] = [
  ['an id twice', { ids: () => ({ channelId: 5, groupChannelId: 6 }) }],
  ["a channel with its group's id", { ids: (count: number) => ({ channelId: count, groupChannelId: 2 }) }],
  ['too small an extranonce', { extranonceSize: 5 }],
  ['no such extranonce', { open: () => ({ code: 'min-extranonce-size-too-large' }) }],
  ['no answer to a request', { open: () => 'silent' as const }],
  ['a channel without work', { work: false }],
];

test.for(USELESS)('an upstream that gives %s is left for the next', async ([, script]) => {
  const [first, second] = [await startUpstream(script), await startUpstream()];
  const site = await openSite({ urls: [first.url, second.url], identities: ['alice', 'bob'] });
  const miners = [site.miner(), site.miner()];
  await expect.poll(() => first.of('OpenExtendedMiningChannel').length).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      await site.pass(2_000);
      return second.of('OpenExtendedMiningChannel').length;
    })
    .toBe(2);
  for (const miner of await Promise.all(miners))
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('aggregated: one channel, and UpdateChannel with the sum of all miners, 0 when none is left, at most once a second (§10.4.2)', async () => {
  const { upstream, site } = await scripted({}, { aggregate: true });
  expect(upstream.of('OpenExtendedMiningChannel')).toEqual([]);
  const first = await site.miner();
  const one = upstream.of('OpenExtendedMiningChannel')[0]?.nominalHashRate ?? 0;
  expect(one).toBeGreaterThan(0);
  await site.pass(1_000);
  const second = await site.miner();
  await site.pass(1_000);
  await expect.poll(() => upstream.of('UpdateChannel').at(-1)?.nominalHashRate).toBeCloseTo(2 * one);
  first.close();
  second.close();
  await expect.poll(() => site.status()['authorised']).toBe(0);
  await site.pass(2_000);
  await expect.poll(() => upstream.of('UpdateChannel').at(-1)?.nominalHashRate).toBe(0);
  expect(upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  expect(upstream.of('CloseChannel')).toEqual([]);
});

test('a miner that goes has its own channel closed (§5.3.9)', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  miner.close();
  await expect.poll(() => upstream.of('CloseChannel')).toMatchObject([{ channelId: 1, reasonCode: 'miner-gone' }]);
});

test('a channel that is opened for a miner that has gone meanwhile is closed', async () => {
  const { upstream, site } = await scripted({ open: () => 'silent' });
  const miner = await V1Miner.connect(site.port);
  void miner.handshake().catch(() => {});
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  miner.close();
  await expect.poll(() => site.status()['connections']).toBe(0);
  const requestId = upstream.of('OpenExtendedMiningChannel')[0]?.requestId ?? 0;
  upstream.says({
    type: 'OpenExtendedMiningChannelSuccess',
    requestId,
    channelId: 77,
    groupChannelId: 78,
    target: targetFromDifficulty(EASY),
    extranonceSize: 8,
    extranoncePrefix: Uint8Array.of(1),
  });
  await expect.poll(() => upstream.of('CloseChannel')).toMatchObject([{ channelId: 77 }]);
});

test.for([false, true])(
  'an upstream that does not know the user has the miner told so in words, aggregated: %s (§5.3.6)',
  async (aggregate) => {
    const { site } = await scripted({ open: () => ({ code: 'unknown-user' }) }, { aggregate });
    const miner = await V1Miner.connect(site.port);
    expect(await miner.handshake()).toMatchObject({
      result: null,
      error: [24, 'The upstream refuses: unknown-user', null],
    });
    miner.close();
  },
);

test('a channel that is opened anew has its job under another id, so that firmware does not take it for no news', async () => {
  const { upstream, site } = await scripted({ work: false });
  const same = { jobId: 9, merklePath: [new Uint8Array(32).fill(1)] };
  const connecting = site.miner();
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(1);
  const tell = (channelId: number): void => {
    upstream.job(channelId, { ...same, future: true });
    const prevHash = new Uint8Array(32).fill(1);
    upstream.says({ type: 'SetNewPrevHash', channelId, jobId: 9, prevHash, minNtime: NTIME, nbits: 0x1d00ffff });
  };
  tell(1);
  const miner = await connecting;
  const first = miner.job;
  const next = miner.nextJob();
  upstream.says({ type: 'CloseChannel', channelId: 1, reasonCode: 'because' });
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(2);
  tell(2);
  const second = await next;
  expect(second).toMatchObject({ clean: true, branches: first.branches });
  expect(second.id).not.toBe(first.id);
  expect(second.coinb1).not.toBe(first.coinb1);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  await expect.poll(() => upstream.of('SubmitSharesExtended')).toMatchObject([{ channelId: 2, jobId: 9 }]);
});

test('a channel that gets no work while others do is opened anew', async () => {
  const { upstream, site } = await scripted({ work: false });
  const connecting = [site.miner(), site.miner()];
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(2);
  upstream.tip(1, 1);
  const first = await connecting[0];
  await site.pass(17_000);
  await expect.poll(() => upstream.of('OpenExtendedMiningChannel').length).toBe(3);
  expect(upstream.of('CloseChannel')).toMatchObject([{ channelId: 2, reasonCode: 'no-work' }]);
  upstream.tip(3, 1);
  const second = await connecting[1];
  for (const miner of [first, second]) expect(await miner?.submit(miner.solve())).toMatchObject({ result: true });
});

test('a miner waits for an upstream that has no work just now (§5.3.6)', async () => {
  const { upstream, site } = await scripted({
    open: (_, count) => (count < 3 ? { code: 'no-work-available' } : 'yes'),
  });
  const connecting = site.miner();
  await expect
    .poll(async () => {
      await site.pass(1_000);
      return upstream.of('OpenExtendedMiningChannel').length;
    })
    .toBe(3);
  const miner = await connecting;
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('a miner that is refused time and again is let go', async () => {
  const { site } = await scripted({ open: () => ({ code: 'unknown-user' }) });
  const miner = await V1Miner.connect(site.port);
  await miner.handshake();
  for (let i = 0; i < 7; i += 1) await miner.ask('mining.authorize', ['account.rig', 'x']).catch(() => {});
  await miner.ended();
});

const OTHERS = "Another account than its channel's: mine for one account only, or set user_identity";

test.for([false, true])(
  "a second account on one connection is refused, lest its shares go to the first one's, aggregated: %s",
  async (aggregate) => {
    const { site } = await scripted({}, { aggregate, identities: [undefined] });
    const miner = await site.miner({ username: 'alice.rig' });
    expect(await miner.ask('mining.authorize', ['bob.rig', 'x'])).toMatchObject({ error: [24, OTHERS, null] });
    expect(await miner.ask('mining.authorize', ['alice.other', 'x'])).toMatchObject({ result: true });
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  },
);

test("without user_identity the channel of all is the first miner's account; others are refused in words", async () => {
  const { upstream, site } = await scripted({}, { aggregate: true, identities: [undefined] });
  const alice = await site.miner({ username: 'alice.rig' });
  const bob = await V1Miner.connect(site.port, 'bob.rig');
  expect(await bob.handshake()).toMatchObject({ error: [24, OTHERS, null] });
  const second = await site.miner({ username: 'alice.rig2' });
  expect(await second.submit(second.solve())).toMatchObject({ result: true });
  for (const miner of [alice, second]) miner.close();
  await expect.poll(() => site.status()['connections']).toBe(1);
  // Nobody is left whose account it was.
  expect(await bob.ask('mining.authorize', ['bob.rig', 'x'])).toMatchObject({ result: true });
  expect(
    upstream.of('OpenExtendedMiningChannel').map(({ userIdentity }) => Buffer.from(userIdentity).toString()),
  ).toEqual(['alice.translator', 'bob.translator']);
  bob.close();
});

test('with user_identity miners may have any names', async () => {
  const { site } = await scripted({}, { aggregate: true });
  const miner = await site.miner({ username: 'alice.rig' });
  await site.miner({ username: 'bob.rig' });
  expect(await miner.ask('mining.authorize', ['carol.rig', 'x'])).toMatchObject({ result: true });
});

test('why an upstream was left is in the status and in the health, not in the log alone', async () => {
  const { site } = await scripted({}, { tables: ['[payout]', 'script = "0052"'] });
  const miner = await V1Miner.connect(site.port);
  void miner.handshake().catch(() => {});
  const lastFault = { reason: 'job-refused', detail: 'payout-missing', agoMs: expect.any(Number) };
  await expect.poll(() => site.status()['upstream']).toMatchObject({ lastFault });
  expect(JSON.stringify(site.health.report())).toContain('job-refused, payout-missing');
  miner.close();
});
