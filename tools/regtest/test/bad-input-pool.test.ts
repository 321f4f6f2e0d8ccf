import { MAX_TARGET } from '@sv2kit/bitcoin';
import {
  encodeFrame,
  mining,
  MINING_PROTOCOL,
  NewMiningJob,
  OpenExtendedMiningChannel,
  OpenStandardMiningChannel,
  RequestExtensions,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
  SetCustomMiningJob,
  SubmitSharesExtended,
  SubmitSharesStandard,
  UpdateChannel,
} from '@sv2kit/codec';
import type { MiningDevice } from '@sv2kit/mining-device';
import type { Pool } from '@sv2kit/pool';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, type RoleHere, TestMiner, type TestChannel } from '../src/index.ts';
import { rawFrame, reshaped, setupFrame } from './frames.ts';
import { commonMisdeeds, type Misdeed, SUCCESS, testMisdeeds, testSilentMisdeeds } from './misdeeds.ts';

const NOWHERE = 4242;
/** Half of all hashes meet the network's target; with this the other half are shares. */
const EVERY_HASH = { nominalHashRate: 1, maxTarget: MAX_TARGET };
const SETUP = setupFrame();
/** Longer than half a frame may take. */
const FIRST_CHANNEL_S = 300;

let lab: Lab;
let pool: RoleHere<Pool>;
let neighbour: TestMiner;
let channel: TestChannel;
beforeAll(async () => {
  lab = await Lab.open('regtest');
  const provider = await lab.templateProvider();
  pool = await lab.workingPool({
    templateProviders: [lab.url(provider)],
    minDifficulty: 1e-12,
    sharesPerMinute: 1e6,
    more: `[limits]\nfirst_channel = ${FIRST_CHANNEL_S}`,
  });
  neighbour = await connect();
  channel = await neighbour.open('standard', EVERY_HASH);
});
afterAll(async () => {
  await neighbour?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

const connect = (): Promise<TestMiner> =>
  TestMiner.connect({ port: pool.service.address.port, authority: pool.service.authorityPublicKey });

const update = (channelId: number, nominalHashRate = 1, maximumTarget = MAX_TARGET): Uint8Array =>
  encodeFrame(UpdateChannel, { type: 'UpdateChannel', channelId, nominalHashRate, maximumTarget });
const probe = {
  frame: update(NOWHERE),
  answer: { type: 'UpdateChannelError', channelId: NOWHERE, errorCode: 'invalid-channel-id' },
};

/** Shares of a miner beside go on being accepted; a block of the device may come between one and its answer. */
async function bystander(): Promise<void> {
  const answer = await channel.mine({ wanted: 'share' });
  if (typeof answer === 'object') expect(answer).toEqual({ errorCode: 'stale-share' });
  expect(answer === 'accepted' || (await channel.mine({ wanted: 'share' }))).toSatisfy(
    (each) => each === true || each === 'accepted',
  );
}
const scene = () => ({
  lab,
  role: pool,
  port: pool.service.address.port,
  protocol: mining,
  closedTotal: 'sv2_pool_connections_closed_total',
  first: standard({}),
  probe,
  bystander,
});

const open = { requestId: 5, userIdentity: Buffer.from('bad'), nominalHashRate: 1, maxTarget: MAX_TARGET };
const standard = (overrides: Partial<typeof open>): Uint8Array =>
  encodeFrame(OpenStandardMiningChannel, { type: 'OpenStandardMiningChannel', ...open, ...overrides });
const extended = (minExtranonceSize: number): Uint8Array =>
  encodeFrame(OpenExtendedMiningChannel, { type: 'OpenExtendedMiningChannel', ...open, minExtranonceSize });
const refusedOpen = (errorCode: string) => [SUCCESS, { type: 'OpenMiningChannelError', requestId: 5, errorCode }];
const point = { channelId: NOWHERE, sequenceNumber: 3, jobId: 1, nonce: 1, ntime: 1, version: 1 };
const refusedShare = (errorCode: string) => [
  SUCCESS,
  { type: 'SubmitSharesError', channelId: NOWHERE, sequenceNumber: 3, errorCode },
];
const extendedShare = { type: 'SubmitSharesExtended', ...point, extranonce: new Uint8Array(4) } as const;
const askForWorkers = encodeFrame(RequestExtensions, {
  type: 'RequestExtensions',
  requestId: 1,
  requestedExtensions: [2],
});
const AGREED = { type: 'RequestExtensionsSuccess', requestId: 1, supportedExtensions: [2] };

const MISDEEDS: readonly Misdeed[] = [
  ...commonMisdeeds(
    MINING_PROTOCOL,
    REQUIRES_STANDARD_JOBS | REQUIRES_WORK_SELECTION | REQUIRES_VERSION_ROLLING,
    encodeFrame(NewMiningJob, {
      type: 'NewMiningJob',
      channelId: 1,
      jobId: 1,
      minNtime: 1,
      version: 1,
      merkleRoot: new Uint8Array(32),
    }),
  ),
  {
    name: 'templates from a pool (§3.6.3)',
    frames: [setupFrame({ protocol: 2 })],
    hears: [{ type: 'SetupConnectionError', errorCode: 'unsupported-protocol', flags: 0 }],
    ends: 'unsupported-protocol',
  },
  {
    name: 'a standard share for a channel that is not there (§5.3.14)',
    frames: [SETUP, encodeFrame(SubmitSharesStandard, { type: 'SubmitSharesStandard', ...point })],
    hears: refusedShare('invalid-channel-id'),
  },
  {
    name: 'an extended share for a channel that is not there (§5.3.14)',
    frames: [SETUP, encodeFrame(SubmitSharesExtended, extendedShare)],
    hears: refusedShare('invalid-channel-id'),
  },
  {
    name: 'a custom job for a channel that is not there (§5.3.20)',
    frames: [
      SETUP,
      encodeFrame(SetCustomMiningJob, {
        type: 'SetCustomMiningJob',
        channelId: NOWHERE,
        requestId: 8,
        miningJobToken: new Uint8Array(1),
        version: 1,
        prevHash: new Uint8Array(32),
        minNtime: 1,
        nbits: 1,
        coinbaseTxVersion: 2,
        coinbasePrefix: new Uint8Array(),
        coinbaseTxInputNSequence: 0,
        coinbaseTxOutputs: new Uint8Array(),
        coinbaseTxLocktime: 0,
        merklePath: [],
      }),
    ],
    hears: [
      SUCCESS,
      { type: 'SetCustomMiningJobError', channelId: NOWHERE, requestId: 8, errorCode: 'invalid-channel-id' },
    ],
  },
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1].map((nominalHashRate) => ({
    name: `a channel at ${nominalHashRate} hashes per second (§5.3.2)`,
    frames: [SETUP, standard({ nominalHashRate })],
    hears: refusedOpen('invalid-nominal-hashrate'),
  })),
  {
    name: 'a maximum target harder than any that is assigned (§5.3.2)',
    frames: [SETUP, standard({ maxTarget: Uint8Array.of(1, ...new Uint8Array(31)) })],
    hears: refusedOpen('max-target-out-of-range'),
  },
  {
    name: 'more extranonce than a coinbase has room for (§5.3.4)',
    frames: [SETUP, extended(33)],
    hears: refusedOpen('min-extranonce-size-too-large'),
  },
  {
    name: 'an extended channel where standard jobs are required (§5.3.1)',
    frames: [setupFrame({ flags: REQUIRES_STANDARD_JOBS }), extended(4)],
    hears: refusedOpen('extended-channels-not-supported-for-standard-jobs'),
  },
  {
    name: 'a share that ends before its fields do (§3.1)',
    frames: [SETUP, reshaped(SubmitSharesStandard, { type: 'SubmitSharesStandard', ...point }, { cut: 1 })],
    hears: [SUCCESS],
    ends: 'message-too-short',
  },
  {
    name: 'a share over the cap of its message, announced (§3.2)',
    frames: [SETUP, rawFrame({ messageType: 0x1a, channelMsg: true }, new Uint8Array(), 0xffff)],
    hears: [SUCCESS],
    ends: 'frame-too-large',
  },
  {
    name: 'a share with an extension field that was not agreed on: as if it were not there (§3.4.3)',
    frames: [SETUP, reshaped(SubmitSharesExtended, extendedShare, { tail: Uint8Array.of(2, 0, 1, 1, 0, 97) })],
    hears: refusedShare('invalid-channel-id'),
  },
  {
    name: 'a share with bytes behind its fields that are no extension field (§3.4.3)',
    frames: [SETUP, reshaped(SubmitSharesExtended, extendedShare, { tail: Uint8Array.of(2, 0, 1) })],
    hears: [SUCCESS],
    ends: 'malformed-tlv',
  },
  {
    name: 'an extension field that says it is longer than the message (§3.4.3)',
    frames: [
      SETUP,
      askForWorkers,
      reshaped(SubmitSharesExtended, extendedShare, { tail: Uint8Array.of(2, 0, 1, 9, 0, 97) }),
    ],
    hears: [SUCCESS, AGREED],
    ends: 'malformed-tlv',
  },
];

describe('a pool meets', () => {
  test('a share for a job long gone, for one that never was, and the same share twice: each has its code (§5.3.14)', async () => {
    await using miner = await connect();
    const own = await miner.open('extended', EVERY_HASH);
    const work = await own.work();
    const first = await own.solve({ wanted: 'share' });
    expect(await own.submit(first)).toBe('accepted');
    expect(await own.submit({ ...first, sequenceNumber: 90 })).toEqual({ errorCode: 'duplicate-share' });
    const unheardOf = { ...first, sequenceNumber: 91, jobId: 0xffff_ffff };
    expect(await own.submit(unheardOf)).toEqual({ errorCode: 'invalid-job-id' });
    await lab.node.mineEmpty();
    await own.works.first('work on the next tip', ({ prevHash }) => Buffer.compare(prevHash, work.prevHash) !== 0);
    expect(await own.mine({ work, wanted: 'share', nonce: 1_000_000 })).toEqual({ errorCode: 'stale-share' });
    await bystander();
  });

  test('a share that bends the header, or is too easy: each has its code (§5.3.11, §5.3.14)', async () => {
    await using miner = await connect();
    const easy = await miner.open('extended', EVERY_HASH);
    const work = await easy.work();
    const TOO_LATE = Math.floor(lab.clock.now() / 1000) + 7300;
    const codes: Record<string, object | string> = {};
    codes['early'] = await easy.mine({ wanted: 'share', ntime: work.minNtime - 1 });
    codes['late'] = await easy.mine({ wanted: 'share', ntime: TOO_LATE });
    codes['fixed bits'] = await easy.mine({ wanted: 'share', version: (work.version ^ 1) >>> 0 });
    codes['free bits'] = await easy.mine({ wanted: 'share', version: (work.version ^ 0x0000_2020) >>> 0 });
    const short = { ...(await easy.solve({ wanted: 'share' })), extranonce: new Uint8Array(3) };
    codes['short extranonce'] = await easy.submit(short);
    const hard = await miner.open('standard', { maxTarget: MAX_TARGET.map((byte, index) => (index > 29 ? 0 : byte)) });
    codes['easy'] = await hard.mine({ wanted: 'miss' });
    codes['other kind'] = await hard.submit({ ...short, channelId: hard.opened.channelId, sequenceNumber: 77 });
    expect(codes).toEqual({
      early: { errorCode: 'invalid-ntime' },
      late: { errorCode: 'invalid-ntime' },
      'fixed bits': { errorCode: 'invalid-version-bits' },
      'free bits': 'accepted',
      'short extranonce': { errorCode: 'bad-extranonce-size' },
      easy: { errorCode: 'difficulty-too-low' },
      'other kind': { errorCode: 'invalid-channel-type' },
    });
    await bystander();
  });

  test('UpdateChannel with numbers that are none: an error, and the channel stays as it was (§5.3.8)', async () => {
    await using miner = await connect();
    const own = await miner.open('standard', EVERY_HASH);
    const { channelId, target } = own.opened;
    for (const nominalHashRate of [Number.NaN, Number.POSITIVE_INFINITY, -0.5]) {
      miner.send({ type: 'UpdateChannel', channelId, nominalHashRate, maximumTarget: MAX_TARGET });
      const answer = await miner.next('UpdateChannelError');
      expect(answer).toEqual({ type: 'UpdateChannelError', channelId, errorCode: 'invalid-nominal-hashrate' });
    }
    expect(own.opened.target).toEqual(target);
    expect(await own.mine({ wanted: 'share' })).toBe('accepted');
  });

  test('a channel at 0 hashes per second, which an empty proxy may state: welcome (§5.3.2)', async () => {
    await using miner = await connect();
    const own = await miner.open('extended', { nominalHashRate: 0 });
    expect(own.opened.channelId).toBeGreaterThan(0);
  });
});

describe('a pool with a device at work beside meets', () => {
  let device: RoleHere<MiningDevice>;
  beforeAll(async () => {
    device = await lab.device({
      channel: 'extended',
      upstreams: [lab.url(pool)],
      throttle: 2000,
      hashesPerShare: 4000,
    });
    await device.log.line('a share that is a block');
  });

  testSilentMisdeeds(scene);
  testMisdeeds(MISDEEDS, scene);

  test('a peer that sets up and opens no channel: ended when its time is up', async () => {
    const idle = await connect();
    expect(await lab.clock.until(FIRST_CHANNEL_S * 1000, idle.closed())).toEqual({ code: 'peer-closed' });
    expect(idle.messages.items).toEqual([]);
    await bystander();
  });

  test('none of them by a mistake of its own, and the device kept its one connection and goes on', async () => {
    device.log.skip();
    await device.log.nextLine('a share that is a block');
    expect(device.status()).toMatchObject({ phase: 'mining' });
    expect(device.log.items.filter(({ message }) => message === 'upstream connected')).toHaveLength(1);
    expect(await pool.counters()).toMatchObject({ sv2_pool_connection_bugs_total: 0 });
    expect(pool.failures).toEqual([]);
  });
});
