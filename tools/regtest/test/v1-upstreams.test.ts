// What V1 miners notice of what happens to their translator's upstreams: as little as can be.
import { fromUtf8 } from '@sv2kit/codec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AnyMessage, eventually, type ManInTheMiddle, PAYOUT_SCRIPT, type V1Job } from '../src/index.ts';
import {
  acceptedBy,
  minerOf,
  minesBy,
  mineOn,
  nextJob,
  openSite,
  sharesOf,
  type Site,
  startLine,
} from './translating.ts';

const SECOND = 1000;
/** After so long a pool makes new jobs of what it has. */
const POOL_REFRESH_MS = 31 * SECOND;
const KEEP_WORKING = 60;
const CHANNELS = [
  { name: 'a channel for each miner', aggregate: false },
  { name: 'one channel for all', aggregate: true },
] as const;

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.[Symbol.asyncDispose]());

/** Two ways to the same pool, told apart by the account, the preferred one first. */
async function twoUpstreams(aggregate: boolean, wishes: { readonly probe?: number } = {}) {
  const { lab, pool } = site;
  const first = await lab.beforePool(pool.service.address.port);
  const second = await lab.beforePool(pool.service.address.port);
  const upstreams = [
    { url: lab.url(first), user: 'first' },
    { url: lab.url(second), user: 'second' },
  ];
  return { first, second, start: () => lab.translator({ upstreams, aggregate, ...wishes }) };
}

const accountOf = ({ message }: { readonly message: AnyMessage }): string =>
  fromUtf8(message['userIdentity'] as Uint8Array).split('.', 1)[0] ?? '';

const opening = (middle: ManInTheMiddle) => site.lab.clock.until(SECOND, middle.message('OpenExtendedMiningChannel'));

describe.each(CHANNELS)('with $name', ({ aggregate }) => {
  test('the upstream is lost for a moment: miners keep connection and work, and go on with a clean job', async () => {
    await using line = await startLine(site, { aggregate });
    await using miner = await line.miner();
    expect(await miner.mine()).toBe('accepted');
    line.middle.open = false;
    line.middle.cut();
    await line.translator.condition('upstream', false);
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
    const next = nextJob(miner, ({ clean }) => clean);
    line.middle.open = true;
    await site.lab.clock.until(SECOND, next);
    const before = sharesOf(site.pool).accepted;
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
    await acceptedBy(site.pool, before + 1);
    await mineOn(site, miner);
    expect(miner.lines.heard.items.filter(({ method }) => method === 'mining.set_extranonce')).toEqual([]);
  });

  test('the upstream is lost for long: miners are let go, nobody is let in, and they come back when it is', async () => {
    await using line = await startLine(site, { aggregate, keepWorking: KEEP_WORKING });
    await using miner = await line.miner();
    line.middle.open = false;
    line.middle.cut();
    await line.translator.condition('upstream', false);
    site.lab.clock.skip((KEEP_WORKING - 5) * SECOND);
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
    await site.lab.clock.until(SECOND, miner.ended());
    await expect(line.miner()).rejects.toThrow(/cut off|ended/);
    line.middle.open = true;
    await site.lab.clock.until(SECOND, line.translator.condition('upstream', true));
    await using again = await line.miner();
    await mineOn(site, again);
  });

  test.each([
    {
      name: 'refuses the set-up',
      type: 'SetupConnectionSuccess',
      becomes: { type: 'SetupConnectionError', flags: 0, errorCode: 'unsupported-protocol' },
    },
    {
      name: 'refuses such channels',
      type: 'OpenExtendedMiningChannelSuccess',
      becomes: { type: 'OpenMiningChannelError', requestId: 1, errorCode: 'min-extranonce-size-too-large' },
    },
    {
      name: 'grants too few bytes of extranonce',
      type: 'OpenExtendedMiningChannelSuccess',
      becomes: { extranonceSize: 3 },
    },
  ])('an upstream that $name is left for the next, with the account there (§3.3)', async ({ type, becomes }) => {
    const { first, second, start } = await twoUpstreams(aggregate);
    using _changed = first.intercept(({ message }) =>
      message.type === type
        ? {
            ...message,
            ...becomes,
            ...keep(message),
          }
        : undefined,
    );
    await using translator = await start();
    const coming = minerOf(translator);
    expect(accountOf(await opening(second))).toBe('second');
    await using miner = await site.lab.clock.until(SECOND, coming);
    await mineOn(site, miner);
  });

  test('an upstream that is cut off is left for the next, and taken up again when it is back', async () => {
    const { first, second, start } = await twoUpstreams(aggregate, { probe: 10 });
    await using translator = await start();
    await using miner = await minerOf(translator);
    expect(accountOf(await opening(first))).toBe('first');
    first.open = false;
    first.cut();
    expect(accountOf(await opening(second))).toBe('second');
    await minesBy(miner, second);
    await mineOn(site, miner);
    first.open = true;
    await site.lab.clock.until(5 * SECOND, minesBy(miner, first));
    await mineOn(site, miner);
    expect(translator.status()).toMatchObject({ upstream: { state: 'connected' } });
  });

  test('SetExtranoncePrefix comes in the middle of a job: the next job has it, earlier shares count on (§5.3.10)', async () => {
    await using line = await startLine(site, { aggregate });
    await using miner = await line.miner({ manners: { takesExtranonce: true } });
    const { message: opened } = await line.middle.message('OpenExtendedMiningChannelSuccess');
    const before = opened['extranoncePrefix'] as Uint8Array;
    const job = await miner.job();
    const after = before.map((byte, index) => (index === 0 ? byte ^ 0xff : byte));
    line.middle.inject('server', {
      type: 'SetExtranoncePrefix',
      channelId: opened['channelId'],
      extranoncePrefix: after,
    });
    expect(await miner.mine({ job, wanted: 'share' })).toBe('accepted');
    const following = nextJob(miner);
    site.lab.clock.skip(POOL_REFRESH_MS);
    const next = await following;
    expect([job, next].map((each) => prefixIn(each, before.length))).toEqual([hex(before), hex(after)]);
    expect(next).toMatchObject({ extranonce1: job.extranonce1, extranonce2Size: job.extranonce2Size });
    expect(await miner.mine({ job: next, wanted: 'share' })).toBe('accepted');
    expect(miner.lines.heard.items.filter(({ method }) => method === 'mining.set_extranonce')).toEqual([]);
  });

  test('SetGroupChannel moves the channel: jobs of the new group are for its miners (§5.3.20)', async () => {
    await using line = await startLine(site, { aggregate });
    await using miner = await line.miner();
    const { middle } = line;
    const { message: opened } = await middle.message('OpenExtendedMiningChannelSuccess');
    const channelId = opened['channelId'] as number;
    const groupChannelId = 4_000_000;
    middle.inject('server', { type: 'SetGroupChannel', groupChannelId, channelIds: [channelId] });
    using _moved = middle.intercept(({ message, from }) =>
      from === 'server' && 'channelId' in message && message['channelId'] === opened['groupChannelId']
        ? { ...message, channelId: groupChannelId }
        : undefined,
    );
    await site.lab.node.mineEmpty();
    await mineOn(site, miner);
    await mineOn(site, miner);
  });

  test('Reconnect leads the translator elsewhere, to the same authority; miners stay (§3.6.5)', async () => {
    await using line = await startLine(site, { aggregate });
    await using miner = await line.miner();
    const elsewhere = await site.lab.beforePool(site.pool.service.address.port);
    line.middle.inject('server', { type: 'Reconnect', newHost: '', newPort: elsewhere.port });
    await site.lab.clock.until(SECOND, minesBy(miner, elsewhere));
    await mineOn(site, miner);
  });

  test('the upstream rejects a share: seen by miner and by reason, and no word of it to the miner', async () => {
    await using line = await startLine(site, { aggregate });
    await using blamed = await line.miner({ username: 'alice.blamed' });
    await using other = await line.miner({ username: 'alice.other' });
    using _rejected = line.middle.intercept(({ message }) =>
      message.type === 'SubmitSharesSuccess'
        ? {
            type: 'SubmitSharesError',
            channelId: message['channelId'],
            sequenceNumber: message['lastSequenceNumber'],
            errorCode: 'made-up',
          }
        : undefined,
    );
    expect(await blamed.mine({ wanted: 'share' })).toBe('accepted');
    const rejected = (): true | undefined => {
      const { miners, upstreamShares } = line.translator.status() as unknown as {
        readonly miners: readonly { readonly name: string; readonly rejected: object }[];
        readonly upstreamShares: { readonly rejectedBy: Readonly<Record<string, number>> };
      };
      if (upstreamShares.rejectedBy['made-up'] !== 1) return undefined;
      expect(miners.map(({ name, rejected }) => [name, rejected])).toEqual([
        ['alice.blamed', { 'made-up': 1 }],
        ['alice.other', {}],
      ]);
      return true;
    };
    await eventually('the rejection in the status', rejected, () => JSON.stringify(line.translator.status()));
    expect(other.lines.open).toBe(true);
  });

  test('an upstream whose coinbase does not pay what it must is left, one whose does is mined for', async () => {
    const { lab, pool } = site;
    const first = await lab.beforePool(pool.service.address.port);
    const upstreams = [{ url: lab.url(first) }, { url: lab.url(pool) }];
    const payout = { script: PAYOUT_SCRIPT, share: 1 };
    using _robbed = first.intercept(({ message }) =>
      message.type === 'NewExtendedMiningJob'
        ? { ...message, coinbaseTxSuffix: robbed(message['coinbaseTxSuffix'] as Uint8Array) }
        : undefined,
    );
    await using translator = await lab.translator({ upstreams, aggregate, payout });
    await using miner = await lab.clock.until(SECOND, minerOf(translator));
    await mineOn(site, miner);
    expect(first.connections).toBeGreaterThan(0);
    expect(first.seen.filter(({ message }) => message.type === 'SubmitSharesExtended')).toEqual([]);
  });
});

test('CloseChannel: a miner of its own channel gets another on the same connections, once (§5.3.9)', async () => {
  await using line = await startLine(site);
  await using miner = await line.miner({ username: 'alice.one' });
  await using other = await line.miner({ username: 'alice.two' });
  const { middle } = line;
  const channels = async () => (await middle.next('OpenExtendedMiningChannelSuccess')).message['channelId'] as number;
  const [first] = [await channels(), await channels()];
  const next = nextJob(miner, ({ clean }) => clean);
  middle.inject('server', { type: 'CloseChannel', channelId: first, reasonCode: 'made-up' });
  const second = await site.lab.clock.until(SECOND, channels());
  await next;
  await minesBy(miner, middle);
  await mineOn(site, miner);
  expect(middle.connections).toBe(1);
  middle.inject('server', { type: 'CloseChannel', channelId: second, reasonCode: 'made-up' });
  await miner.ended();
  await mineOn(site, other);
});

test('CloseChannel of the channel that all share: the next upstream is turned to, miners stay', async () => {
  const { first, second, start } = await twoUpstreams(true);
  await using translator = await start();
  await using miner = await minerOf(translator);
  const { message } = await first.message('OpenExtendedMiningChannelSuccess');
  first.inject('server', { type: 'CloseChannel', channelId: message['channelId'], reasonCode: 'made-up' });
  await site.lab.clock.until(SECOND, minesBy(miner, second));
  await mineOn(site, miner);
});

test('a channel with the id of another is taken for what it is: the upstream is left', async () => {
  const { first, second, start } = await twoUpstreams(false);
  let channelId: unknown;
  using _same = first.intercept(({ message }) => {
    if (message.type !== 'OpenExtendedMiningChannelSuccess') return undefined;
    channelId ??= message['channelId'];
    return { ...message, channelId };
  });
  await using translator = await start();
  await using one = await minerOf(translator, { username: 'x.one' });
  const coming = minerOf(translator, { username: 'x.two' });
  await opening(second);
  await using two = await site.lab.clock.until(SECOND, coming);
  await mineOn(site, one);
  await mineOn(site, two);
});

/** What a changed answer keeps: the request that it is for. */
function keep(message: AnyMessage): object {
  return 'requestId' in message ? { requestId: message['requestId'] } : {};
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The channel's prefix, which stands in coinb1 in front of padding; none is needed here. */
const prefixIn = ({ coinb1 }: V1Job, size: number): string => hex(coinb1.subarray(-size));

/** The first output pays somebody else. */
function robbed(suffix: Uint8Array): Uint8Array {
  const text = hex(suffix);
  if (!text.includes(PAYOUT_SCRIPT)) throw new Error('the coinbase does not pay the pool');
  return Uint8Array.from(Buffer.from(text.replace(PAYOUT_SCRIPT, `0014${'11'.repeat(20)}`), 'hex'));
}
