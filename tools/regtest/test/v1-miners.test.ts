// Miners that speak Stratum V1 behind a translator: their work reaches the pool, and the pool's work reaches them.
import { fromUtf8 } from '@sv2kit/codec';
import { readJournal } from '@sv2kit/ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, TestMiner, type TestV1Miner, type V1Job } from '../src/index.ts';
import { acceptedBy, minerOf, mineOn, nextJob, openSite, sharesOf, type Site, startLine } from './translating.ts';

const SECOND = 1000;
/** After so long a pool makes new jobs of what it has. */
const POOL_REFRESH_MS = 31 * SECOND;
const CHANNELS = [
  { name: 'a channel for each miner', aggregate: false },
  { name: 'one channel for all', aggregate: true },
] as const;

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.[Symbol.asyncDispose]());

/** The workers named in the pool's journal behind accepted shares, in order. */
async function workersInJournal(from: number): Promise<readonly (string | undefined)[]> {
  const workers: (string | undefined)[] = [];
  for await (const { record } of readJournal(`${site.lab.folder}/pool/journal`)) {
    if (record.type === 'ShareAccepted') workers.push(record.userIdentity && fromUtf8(record.userIdentity));
  }
  return workers.slice(from);
}

describe.each(CHANNELS)('with $name', ({ aggregate }) => {
  test.each([
    { name: 'that rolls version bits', versionMask: 0xffff_ffff },
    { name: 'that knows nothing of version bits', versionMask: 0 },
  ])('a miner $name finds blocks that are in the chain and pay the pool', async ({ versionMask }) => {
    await using line = await startLine(site, { aggregate });
    await using miner = await line.miner({ manners: { versionMask } });
    const hash = await mineOn(site, miner);
    const { fields } = await site.pool.log.line('block found', (each) => each['hash'] === hash);
    expect(fields).toMatchObject({ via: 'sv2-extended', path: 'pool-template' });
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
  });

  test('every worker is named in the journal of the pool, in 32 bytes at most (0x0002)', async () => {
    await using line = await startLine(site, { aggregate });
    const before = sharesOf(site.pool).accepted;
    const names = ['alice.rig1', 'alice_rig2', `alice.${'ü'.repeat(20)}`];
    for (const username of names) {
      await using miner = await line.miner({ username });
      expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
    }
    await acceptedBy(site.pool, before + names.length);
    const named = eventually('the journal to have the shares', async () => {
      const workers = await workersInJournal(before);
      return workers.length === names.length ? workers : undefined;
    });
    expect(await named).toEqual(['rig1', 'rig2', 'ü'.repeat(16)]);
  });

  test('a job is sent anew before firmware gives up, and its shares are shares of the first one', async () => {
    await using line = await startLine(site, { aggregate });
    await using miner = await line.miner();
    const { message } = await line.middle.message('SetNewPrevHash');
    using _quiet = line.middle.intercept(({ from }) => (from === 'server' ? 'drop' : undefined));
    const job = miner.jobs.items.at(-1) as V1Job;
    const again = await site.lab.clock.until(5 * SECOND, nextJob(miner));
    expect(again.jobId).not.toBe(job.jobId);
    expect(again).toMatchObject({ prevHash: job.prevHash, coinb1: job.coinb1, coinb2: job.coinb2, clean: false });
    line.middle.skip();
    expect(await miner.mine({ job: again })).toBe('accepted');
    const submit = await line.middle.next('SubmitSharesExtended');
    expect(submit.message['jobId']).toBe(message['jobId']);
  });

  test('a new tip is a clean job for everybody, a new job on the same one is not (§5.3.15, §5.3.17)', async () => {
    const { node } = site.lab;
    await using line = await startLine(site, { aggregate });
    await using one = await line.miner({ username: 'alice.one' });
    await using two = await line.miner({ username: 'alice.two' });
    const best = await node.bestHash();
    for (const miner of [one, two]) await miner.jobOn(best);
    const newer = [one, two].map((miner) => nextJob(miner));
    site.lab.clock.skip(POOL_REFRESH_MS);
    for (const job of await Promise.all(newer)) expect(job.clean).toBe(false);
    const from = [one, two].map((miner) => miner.jobs.items.length);
    await node.mineEmpty();
    const tip = await node.bestHash();
    for (const [index, miner] of [one, two].entries()) {
      await miner.jobOn(tip);
      const onTip = miner.jobs.items
        .slice(from[index])
        .filter(({ prevHash }) => Buffer.from(prevHash.toReversed()).toString('hex') === tip);
      expect(onTip.map(({ clean }) => clean)).toEqual(onTip.map((_, at) => at === 0));
      expect(new Set(miner.jobs.items.map(({ jobId }) => jobId)).size).toBe(miner.jobs.items.length);
    }
  });

  test('one hundred devices of all kinds share it: blocks are found, and nothing is refused', async () => {
    await using line = await startLine(site, { aggregate });
    const rejected = sharesOf(site.pool).rejected;
    const before = sharesOf(site.pool).accepted;
    const devices = await Promise.all(Array.from({ length: 100 }, (_, index) => line.miner(deviceOf(index))));
    const answers = await Promise.all(
      devices.map(async (device) => [
        await device.mine({ wanted: 'share' }),
        await device.mine({ wanted: 'share' }),
        await device.mine({ wanted: 'share' }),
      ]),
    );
    expect(new Set(answers.flat())).toEqual(new Set(['accepted']));
    for (let index = 0; index < 100; index += 14) await mineOn(site, devices[index] as TestV1Miner);
    expect(await acceptedBy(site.pool, before + 308)).toBe(before + 308);
    expect(sharesOf(site.pool).rejected).toEqual(rejected);
    await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()));
  });
});

/** Of families that mine below a difficulty of 1; some roll versions, some use a new difficulty before there is a job for it. */
const deviceOf = (index: number) => ({
  username: `alice.device-${index}`,
  manners: {
    userAgent: ['scenario/1.0', 'cpuminer/2.5.1', 'NerdMinerV2', '', 'ccminer/2.3'][index % 5] ?? '',
    versionMask: [0xffff_ffff, 0x1fff_e000, 0][index % 3] ?? 0,
    difficulty: index % 2 === 0 ? ('at-once' as const) : ('next-job' as const),
    takesExtranonce: index % 7 === 0,
  },
});

test('V1 devices find blocks with nobody to help, and are named behind them', async () => {
  await using line = await startLine(site);
  const url = `stratum+tcp://127.0.0.1:${line.translator.service.address.port}`;
  const device = await site.lab.device({
    channel: 'extended',
    upstreams: [url],
    user: 'alice.device',
    hashesPerShare: 3000,
  });
  const { fields } = await device.log.line('a share that is a block');
  expect(fields).toBeDefined();
  const found = await site.pool.log.line('block found', (each) => each['user'] === 'alice.device');
  await site.pool.log.line('block status', (each) => each['hash'] === found.fields['hash']);
  await device.close();
});

test('V2 devices on a translator to V1 on a translator to V2: their blocks are in the chain as well', async () => {
  const { lab } = site;
  await using line = await startLine(site);
  const url = `stratum+tcp://127.0.0.1:${line.translator.service.address.port}`;
  const toV1 = await lab.translatorToV1({ upstreams: [{ url, user: 'alice.farm' }] });
  await toV1.condition('pool', true);
  await using miner = await TestMiner.connect({
    port: toV1.service.address.port,
    authority: toV1.service.authorityPublicKey,
  });
  for (const kind of ['standard', 'extended'] as const) {
    const channel = await miner.open(kind, { minExtranonceSize: 2 });
    const height = await lab.node.height();
    await channel.workOn(await lab.node.bestHash());
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await lab.node.reach(height + 1);
    await channel.workOn(await lab.node.bestHash());
  }
  await toV1.close();
});

describe('one channel for all', () => {
  test('two miners make one OpenExtendedMiningChannel, and their extranonces differ', async () => {
    await using line = await startLine(site, { aggregate: true });
    await using one = await line.miner({ username: 'alice.one' });
    await using two = await line.miner({ username: 'alice.two' });
    expect(one.extranonce1).not.toEqual(two.extranonce1);
    expect(await one.mine({ wanted: 'share' })).toBe('accepted');
    expect(await two.mine({ wanted: 'share' })).toBe('accepted');
    expect(line.middle.seen.filter(({ message }) => message.type === 'OpenExtendedMiningChannel')).toHaveLength(1);
  });

  test('UpdateChannel tells what all miners do: not before the channel is open, 0 when none is left (§5.3.7)', async () => {
    await using line = await startLine(site, { aggregate: true });
    const { middle } = line;
    using held = middle.hold('OpenExtendedMiningChannelSuccess');
    const coming = [line.miner({ username: 'alice.one' }), line.miner({ username: 'alice.two' })];
    await held.caught();
    held.release();
    const miners = await Promise.all(coming);
    const opened = middle.seen.findIndex(({ message }) => message.type === 'OpenExtendedMiningChannelSuccess');
    const firstUpdate = middle.seen.findIndex(({ message }) => message.type === 'UpdateChannel');
    expect(firstUpdate === -1 || firstUpdate > opened).toBe(true);
    for (const miner of miners) await miner[Symbol.asyncDispose]();
    const none = middle.message('UpdateChannel', ({ message }) => message['nominalHashRate'] === 0);
    await site.lab.clock.until(SECOND, none);
  });

  test('a miner that comes while a job waits for its tip gets the present one, and the next when it is due', async () => {
    await using line = await startLine(site, { aggregate: true });
    await using one = await line.miner({ username: 'alice.one' });
    const present = await site.lab.node.bestHash();
    await one.jobOn(present);
    using held = line.middle.hold('SetNewPrevHash');
    await site.lab.node.mineEmpty();
    await held.caught();
    await using two = await line.miner({ username: 'alice.two' });
    await two.jobOn(present);
    expect(await two.mine({ wanted: 'share' })).toBe('accepted');
    held.release();
    await two.jobOn(await site.lab.node.bestHash());
    await mineOn(site, two);
  });
});

describe('a channel for each miner', () => {
  test('bears the account and the name of its worker, and is closed when the miner leaves (§5.3.9)', async () => {
    await using line = await startLine(site);
    const { middle } = line;
    const miner = await line.miner({ username: 'whoever.rig7' });
    const { message: open } = await middle.message('OpenExtendedMiningChannel');
    expect(fromUtf8(open['userIdentity'] as Uint8Array)).toBe('alice.rig7');
    const { message: opened } = await middle.message('OpenExtendedMiningChannelSuccess');
    await miner[Symbol.asyncDispose]();
    const { message: closed } = await middle.message('CloseChannel');
    expect(closed['channelId']).toBe(opened['channelId']);
    // What the pool sends for it nevertheless disturbs nobody.
    middle.inject('server', { type: 'CloseChannel', channelId: opened['channelId'], reasonCode: 'late' });
    await using other = await line.miner();
    expect(await other.mine({ wanted: 'share' })).toBe('accepted');
    expect(middle.connections).toBe(1);
  });

  test('a miner that says no name gets one, and one whose account is not ours is its own where none is configured', async () => {
    const { lab, pool } = site;
    await using line = await startLine(site, { upstreams: [{ url: lab.url(pool) }] });
    await using anonymous = await line.miner({ username: 'bob.rig' });
    expect(await anonymous.mine({ wanted: 'share' })).toBe('accepted');
    const { channelList } = pool.status() as { channelList: readonly { readonly user: string }[] };
    expect(channelList.map(({ user }) => user)).toContain('bob.rig');
  });
});

test('two translators at one pool do not disturb each other', async () => {
  await using one = await startLine(site);
  await using two = await startLine(site, { aggregate: true });
  await using first = await one.miner();
  await using second = await two.miner();
  expect(await Promise.all([first.mine({ wanted: 'share' }), second.mine({ wanted: 'share' })])).toEqual([
    'accepted',
    'accepted',
  ]);
  await mineOn(site, first);
  await second.jobOn(await site.lab.node.bestHash());
  await mineOn(site, second);
});

test('the account of a list may mine, another is told so by mining.authorize (§5.3.6)', async () => {
  const { lab, templateProvider } = site;
  const choosy = await lab.workingPool({
    templateProviders: [templateProvider],
    dataDir: `${lab.folder}/choosy`,
    more: '[users]\npolicy = "list"\nallow = ["alice"]',
  });
  const translator = await lab.translator({ upstreams: [{ url: lab.url(choosy) }] });
  await using alice = await minerOf(translator, { username: 'alice.rig' });
  expect(await alice.mine()).toBe('accepted');
  await expect(minerOf(translator, { username: 'mallory.rig' })).rejects.toThrow(/not authorised.*24/);
  expect(await alice.mine()).toBe('accepted');
});
