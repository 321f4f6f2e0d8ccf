// What each role makes of messages that come late, changed, or not at all.
import { displayHash, MAX_TARGET } from '@sv2kit/bitcoin';
import { type NewExtendedMiningJob, type TemplateSetNewPrevHash } from '@sv2kit/codec';
import type { Work } from '@sv2kit/mining';
import type { Pool } from '@sv2kit/pool';
import type { TemplateProvider } from '@sv2kit/template-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Lab,
  type ManInTheMiddle,
  type RoleHere,
  search,
  type Share,
  type TestChannel,
  TestMiner,
} from '../src/index.ts';

const SECOND = 1000;
const EVERY_HASH = { nominalHashRate: 1, maxTarget: MAX_TARGET };
/** One of 2^16 hashes and more: no other hash meets it by chance. */
const HARD = MAX_TARGET.map((byte, index) => (index > 29 ? 0 : byte));

let lab: Lab;
let provider: RoleHere<TemplateProvider>;
beforeAll(async () => {
  lab = await Lab.open('regtest');
  provider = await lab.templateProvider();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

let pools = 0;
async function poolOn(templateProvider: string, submitsToNode = true): Promise<RoleHere<Pool>> {
  return await lab.workingPool({
    templateProviders: [templateProvider],
    dataDir: `${lab.folder}/pool-${++pools}`,
    minDifficulty: 1e-12,
    sharesPerMinute: 1e6,
    submitsToNode,
  });
}

async function connect(server: RoleHere<Pool> | ManInTheMiddle): Promise<TestMiner> {
  const port = 'service' in server ? server.service.address.port : server.port;
  return await TestMiner.connect({ port, authority: lab.authority.publicKey });
}

const otherTip = (channel: TestChannel) => {
  const before = channel.client.currentWork()?.prevHash ?? new Uint8Array();
  return channel.works.first('work on another tip', ({ prevHash }) => Buffer.compare(prevHash, before) !== 0, {
    from: channel.works.items.length - 1,
  });
};

/** Future jobs whose SetNewPrevHash has not come. */
function waiting({ messages: { items } }: TestMiner): readonly NewExtendedMiningJob[] {
  const activated = new Set(items.flatMap((each) => (each.type === 'SetNewPrevHash' ? [each.jobId] : [])));
  return items.filter(
    (each): each is NewExtendedMiningJob =>
      each.type === 'NewExtendedMiningJob' && each.minNtime === undefined && !activated.has(each.jobId),
  );
}

/** The future job that is made of the template that a tip names: jobs come in the order of their templates. */
async function jobOf(miner: TestMiner, { seen }: ManInTheMiddle, tip: TemplateSetNewPrevHash) {
  const templates = seen.map(({ message }) => message).filter(({ type }) => /NewTemplate|SetNewPrevHash/.test(type));
  const last = templates.findLastIndex(
    (each) => each.type === 'SetNewPrevHash' && each['templateId'] !== tip.templateId,
  );
  const futures = templates.slice(last + 1).filter((each) => each['futureTemplate'] === true);
  const index = futures.findIndex((each) => each['templateId'] === tip.templateId);
  await miner.messages.first(`future job ${index + 1}`, () => waiting(miner).length > index);
  return waiting(miner)[index] as NewExtendedMiningJob;
}

/** A share of a job with a false merkle path that is neither share nor, by chance, block of the true one. */
function wrongOnly(work: Work, from: number) {
  const truth: Work = { ...work, space: { ...work.space, merklePath: [] } as Work['space'] };
  for (let nonce = from; ; nonce += 1) {
    const found = search(work, { nonce });
    if (search(truth, { wanted: 'miss', nonce: found.nonce }).nonce === found.nonce) return found;
    nonce = found.nonce;
  }
}

/** The answer that names this very share: it is settled behind later ones. */
const answerAlone = (miner: TestMiner, { sequenceNumber }: Share) =>
  miner.messages.first(
    `the answer for share ${sequenceNumber}`,
    (message) =>
      (message.type === 'SubmitSharesSuccess' && message.lastSequenceNumber === sequenceNumber) ||
      (message.type === 'SubmitSharesError' && message.sequenceNumber === sequenceNumber),
  );

describe('between a template provider and its pool', () => {
  test('SetNewPrevHash comes late: a share on the new tip is held, and judged when it comes (§5.3.14)', async () => {
    const middle = await lab.beforeTemplateProvider(provider.service.address.port);
    const pool = await poolOn(lab.url(middle));
    await using miner = await connect(pool);
    const channel = await miner.open('extended', EVERY_HASH);
    const current = await channel.work();
    using held = middle.hold('SetNewPrevHash');
    await lab.node.mineEmpty();
    const tip = (await held.caught()).message as TemplateSetNewPrevHash;
    const { prevHash, headerTimestamp, nbits } = tip;
    expect(displayHash(prevHash)).toBe(await lab.node.bestHash());
    // The template came ahead, as a job that waits for its tip; of that the miner hears elsewhere.
    const future = await jobOf(miner, middle, tip);
    const { coinbaseTxPrefix: coinbasePrefix, coinbaseTxSuffix: coinbaseSuffix, merklePath, jobId, version } = future;
    const { extranoncePrefix, extranonceSize, target } = channel.opened;
    const early = search(
      {
        ...current,
        jobId,
        version,
        prevHash,
        nbits,
        minNtime: headerTimestamp,
        target,
        space: { kind: 'extended', coinbasePrefix, coinbaseSuffix, extranoncePrefix, extranonceSize, merklePath },
      },
      { wanted: 'block' },
    );
    const share = channel.client.share(early);
    miner.send(share);
    expect(await channel.mine({ work: current, wanted: 'share' })).toBe('accepted');
    expect(miner.messages.items.filter((each) => 'sequenceNumber' in each)).toEqual([]);

    const height = await lab.node.height();
    held.release();
    expect(await answerAlone(miner, share)).toMatchObject({ newSubmitsAcceptedCount: 1 });
    await lab.node.reach(height + 1);
  });

  test('SetNewPrevHash never comes: the early share is refused in the end, and the miner goes on (§5.3.14)', async () => {
    const middle = await lab.beforeTemplateProvider(provider.service.address.port);
    const pool = await poolOn(lab.url(middle));
    await using miner = await connect(pool);
    const channel = await miner.open('extended', EVERY_HASH);
    await miner.messages.first('a job ahead of its tip', () => waiting(miner).length > 0);
    const jobId = waiting(miner).at(-1)?.jobId ?? 0;
    const share = { ...(await channel.solve({ wanted: 'share' })), jobId };
    miner.send(share);
    expect(await lab.clock.until(2 * SECOND, answerAlone(miner, share))).toMatchObject({ errorCode: 'job-not-active' });
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
  });

  test('the connection is cut: shares are accepted meanwhile, and new tips come again', async () => {
    const middle = await lab.beforeTemplateProvider(provider.service.address.port);
    const pool = await poolOn(lab.url(middle));
    await using miner = await connect(pool);
    const channel = await miner.open('extended', EVERY_HASH);
    middle.open = false;
    middle.cut();
    await pool.log.line('upstream lost');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    const next = otherTip(channel);
    await lab.node.mineEmpty();
    middle.open = true;
    await lab.clock.until(SECOND, next);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
  });

  test('SubmitSolution never comes: the block reaches the node past the template provider', async () => {
    const middle = await lab.beforeTemplateProvider(provider.service.address.port);
    using _dropped = middle.intercept(({ message }) => (message.type === 'SubmitSolution' ? 'drop' : undefined));
    const pool = await poolOn(lab.url(middle));
    await using miner = await connect(pool);
    const channel = await miner.open('extended', EVERY_HASH);
    const height = await lab.node.height();
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await middle.message('SubmitSolution');
    await lab.node.reach(height + 1);
  });

  test('a template is changed into one that breaks a rule: its provider is left, and miners go on (§7.2)', async () => {
    const middle = await lab.beforeTemplateProvider(provider.service.address.port);
    const pool = await poolOn(lab.url(middle));
    await using miner = await connect(pool);
    const channel = await miner.open('extended', EVERY_HASH);
    {
      using _changed = middle.intercept(({ message }) =>
        message.type === 'NewTemplate' ? { ...message, coinbasePrefix: new Uint8Array(100).fill(1) } : undefined,
      );
      await lab.node.mineEmpty();
      expect((await pool.log.line('upstream lost')).fields['code']).toBe('coinbase-prefix-too-long');
      expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    }
    const next = otherTip(channel);
    await lab.node.mineEmpty();
    await lab.clock.until(10 * SECOND, next);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
  });
});

describe('between a pool and its miners', () => {
  test('connections are cut: devices come back by themselves and find blocks', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    const device = await lab.device({ channel: 'extended', upstreams: [lab.url(middle)], hashesPerShare: 2000 });
    for (let cuts = 0; cuts < 3; cuts += 1) {
      await device.log.nextLine('a share that is a block');
      middle.cut();
      await device.log.nextLine('upstream lost');
      await lab.clock.until(SECOND, device.log.nextLine('upstream connected'));
    }
    await device.log.nextLine('a share that is a block');
    expect(middle.connections).toBeGreaterThanOrEqual(4);
    expect(pool.status()).toMatchObject({ connections: 1, channels: 1 });
    await device.close();
  });

  test('SetTarget never comes: shares of the old target are refused until a later one binds, and nothing worse (§5.3.21)', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    await using miner = await connect(middle);
    const channel = await miner.open('extended', EVERY_HASH);
    const { channelId } = channel.opened;
    const update = (maximumTarget: Uint8Array) =>
      miner.send({ type: 'UpdateChannel', channelId, nominalHashRate: 1, maximumTarget });
    {
      using _dropped = middle.intercept(({ message }) => (message.type === 'SetTarget' ? 'drop' : undefined));
      update(HARD);
      await middle.message('SetTarget');
      const next = otherTip(channel);
      await lab.node.mineEmpty();
      await next;
      expect(await channel.mine({ wanted: 'share' })).toEqual({ errorCode: 'difficulty-too-low' });
    }
    update(MAX_TARGET);
    await miner.next('SetTarget');
    const next = otherTip(channel);
    await lab.node.mineEmpty();
    await next;
    expect(await channel.mine()).toBe('accepted');
    expect(channel.violations).toEqual([]);
    expect(pool.status()).toMatchObject({ connections: 1, channels: 1 });
  });

  test('a job comes with another merkle path: its shares are refused, and nothing worse (§5.3.16)', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    await using miner = await connect(middle);
    await using other = await connect(middle);
    const channel = await miner.open('extended', { ...EVERY_HASH, maxTarget: HARD });
    const neighbour = await other.open('extended', EVERY_HASH);
    {
      using _changed = middle.intercept(({ connection, message }) =>
        connection === 0 && message.type === 'NewExtendedMiningJob'
          ? { ...message, merklePath: [new Uint8Array(32).fill(1)] }
          : undefined,
      );
      const next = otherTip(channel);
      // Twice: the miner has the right job for the next tip already.
      await lab.node.mineEmpty();
      await next;
      const later = otherTip(channel);
      await lab.node.mineEmpty();
      await later;
      for (let shares = 0; shares < 3; shares += 1) {
        const share = channel.client.share(wrongOnly(await channel.work(), shares * 1e6));
        expect(await channel.submit(share)).toEqual({ errorCode: 'difficulty-too-low' });
      }
      expect(await neighbour.mine({ wanted: 'share' })).toBe('accepted');
    }
    const right = otherTip(channel);
    await lab.node.mineEmpty();
    await right;
    const last = otherTip(channel);
    await lab.node.mineEmpty();
    await last;
    expect(await channel.mine()).toBe('accepted');
    expect(pool.status()).toMatchObject({ connections: 2, channels: 2 });
  });

  test('a share comes twice: the second is refused, and its miner loses nothing (§5.3.14)', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    await using miner = await connect(middle);
    const channel = await miner.open('standard', EVERY_HASH);
    const share = await channel.solve({ wanted: 'share' });
    expect(await channel.submit(share)).toBe('accepted');
    middle.inject('client', { ...share, sequenceNumber: 1000 });
    expect(await channel.answer({ ...share, sequenceNumber: 1000 })).toEqual({ errorCode: 'duplicate-share' });
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
  });

  test('Reconnect leads a device elsewhere, to the same authority; it goes on there (§3.6.5)', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    const elsewhere = await lab.beforePool(pool.service.address.port);
    const device = await lab.device({ channel: 'standard', upstreams: [lab.url(middle)], hashesPerShare: 4000 });
    await middle.message('SubmitSharesStandard');
    middle.inject('server', { type: 'Reconnect', newHost: '', newPort: elsewhere.port });
    await elsewhere.message('SubmitSharesStandard');
    expect(pool.status()).toMatchObject({ connections: 1 });
    await device.close();
  });

  test('CloseChannel: a device asks for another channel on the same connection (§5.3.9)', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    const device = await lab.device({ channel: 'extended', upstreams: [lab.url(middle)], hashesPerShare: 4000 });
    const { message } = await middle.message('OpenExtendedMiningChannelSuccess');
    await middle.message('SubmitSharesExtended');
    middle.inject('server', {
      type: 'CloseChannel',
      channelId: message['channelId'],
      reasonCode: 'made-up',
    });
    await device.log.line('the server has closed the channel; it is asked for again');
    middle.skip();
    const reopened = middle.next('OpenExtendedMiningChannelSuccess');
    await lab.clock.until(SECOND, reopened);
    expect(middle.connections).toBe(1);
    await device.close();
  });

  test('error codes that nobody knows change nothing: behaviour follows state, never a text (§5.3.14)', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    const device = await lab.device({ channel: 'standard', upstreams: [lab.url(middle)], hashesPerShare: 4000 });
    const { message } = await middle.message('OpenStandardMiningChannelSuccess');
    const { channelId } = message;
    const errorCode = 'stop-mining-and-reboot';
    middle.inject('server', { type: 'SubmitSharesError', channelId, sequenceNumber: 0, errorCode });
    middle.inject('server', { type: 'UpdateChannelError', channelId, errorCode });
    await device.log.line('the server refuses a change of the channel', (fields) => fields['code'] === errorCode);
    middle.skip();
    await middle.next('SubmitSharesStandard');
    expect(middle.connections).toBe(1);
    await device.close();
  });

  test('what only a client says comes from the server: the device leaves and comes back (§8)', async () => {
    const pool = await poolOn(lab.url(provider));
    const middle = await lab.beforePool(pool.service.address.port);
    const device = await lab.device({ channel: 'standard', upstreams: [lab.url(middle)], hashesPerShare: 4000 });
    const { frame } = await middle.message('SubmitSharesStandard');
    middle.injectFrame('server', frame);
    expect((await device.log.line('upstream lost')).fields['code']).toBe('wrong-direction');
    await lab.clock.until(SECOND, device.log.nextLine('upstream connected'));
    await device.close();
  });
});
