// Ten thousand misbehaving peers at a running pool and its template provider, all in this process: nothing of them stays.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MAX_TARGET } from '@sv2kit/bitcoin';
import {
  CoinbaseOutputConstraints,
  encodeFrame,
  mining,
  OpenExtendedMiningChannel,
  SubmitSharesStandard,
  templateDistribution,
} from '@sv2kit/codec';
import type { Pool } from '@sv2kit/pool';
import type { TemplateProvider } from '@sv2kit/template-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab, RawPeer, type RoleHere, TestMiner, type TestChannel } from '../src/index.ts';
import { rawFrame, setupFrame } from './frames.ts';

const PEERS = 10_000;
const AT_ONCE = 500;
/** Rounds before memory is first looked at: caches and compiled code have grown by then. */
const WARM_UP = 0.25;
const TIME_UP_MS = 61_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let lab: Lab;
let provider: RoleHere<TemplateProvider>;
let pool: RoleHere<Pool>;
let miner: TestMiner;
let channel: TestChannel;
beforeAll(async () => {
  lab = await Lab.open('regtest');
  provider = await lab.templateProvider({ maxClients: 1000 });
  pool = await lab.workingPool({
    templateProviders: [lab.url(provider)],
    minDifficulty: 1e-12,
    sharesPerMinute: 1e6,
    more: '[limits]\nsilence = 0',
  });
  const { address, authorityPublicKey: authority } = pool.service;
  miner = await TestMiner.connect({ port: address.port, authority });
  channel = await miner.open('standard', { maxTarget: MAX_TARGET });
});
afterAll(async () => {
  await miner?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

const openChannel = encodeFrame(OpenExtendedMiningChannel, {
  type: 'OpenExtendedMiningChannel',
  requestId: 1,
  userIdentity: Buffer.from('bad'),
  nominalHashRate: 1,
  maxTarget: MAX_TARGET,
  minExtranonceSize: 2,
});
const strayShare = encodeFrame(SubmitSharesStandard, {
  type: 'SubmitSharesStandard',
  channelId: 77,
  sequenceNumber: 1,
  jobId: 1,
  nonce: 1,
  ntime: 1,
  version: 1,
});
const room = encodeFrame(CoinbaseOutputConstraints, {
  type: 'CoinbaseOutputConstraints',
  coinbaseOutputMaxAdditionalSize: 100,
  coinbaseOutputMaxAdditionalSigops: 1,
});
const unknownMessage = rawFrame({ messageType: 0xee }, new Uint8Array(9));
const largeExtension = rawFrame(
  { messageType: 1, extensionType: 0x4242, channelMsg: true },
  new Uint8Array(20_000),
  60_000,
);

/** What plain peers write; all but the last leave it to the server to end the connection. */
const PLAIN: readonly Uint8Array[] = [
  Buffer.from('GET / HTTP/1.1\r\nHost: pool\r\n\r\n'),
  new Uint8Array(0),
  new Uint8Array(63),
  new Uint8Array(65),
];
/** What sealed peers of a protocol say. */
const sealedBy = (protocol: number, first: Uint8Array): readonly (readonly Uint8Array[])[] => [
  [setupFrame({ protocol: 9 })],
  [setupFrame({ protocol, flags: 0xffff_ffff })],
  [setupFrame({ protocol }), setupFrame({ protocol })],
  [setupFrame({ protocol }), first, unknownMessage],
  [setupFrame({ protocol }), first, largeExtension],
  [strayShare],
];
const SEALED = [
  { protocol: mining, port: () => pool.service.address.port, says: sealedBy(0, openChannel) },
  { protocol: templateDistribution, port: () => provider.service.address.port, says: sealedBy(2, room) },
] as const;

type Visit = () => Promise<RawPeer>;

const visits: readonly Visit[] = [
  ...SEALED.flatMap(({ port }) =>
    PLAIN.map((bytes) => async () => {
      const peer = await RawPeer.plain(port());
      peer.write(bytes);
      return peer;
    }),
  ),
  ...SEALED.flatMap(({ protocol, port, says }) =>
    says.map((frames) => async () => {
      const peer = await RawPeer.sealed(port(), protocol);
      peer.send(...frames);
      return peer;
    }),
  ),
];

/** A batch of peers comes, and time passes until the servers have ended all of them. */
async function round(from: number): Promise<void> {
  const batch = Array.from({ length: AT_ONCE }, (_, index) => visits[(from + index) % visits.length] as Visit);
  const peers = await Promise.all(batch.map((visit) => visit()));
  await lab.clock.until(TIME_UP_MS, Promise.all(peers.map((peer) => peer.ended())));
  for (const peer of peers) peer[Symbol.dispose]();
}

/** Bytes in use once all that is garbage has been taken away, and all that only tests keep. */
async function heapUsed(): Promise<number> {
  for (const log of [provider.log, pool.log, miner.messages, channel.works]) log.forget();
  for (let i = 0; i < 4; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

test('10,000 misbehaving peers, plain and sealed, leave the heap within 5 % and others alone', async () => {
  const rounds = PEERS / AT_ONCE;
  for (let warm = 0; warm < rounds * WARM_UP; warm += 1) await round(warm * AT_ONCE);
  const before = await heapUsed();
  for (let count = 0; count < rounds; count += 1) await round(count * AT_ONCE);
  const after = await heapUsed();

  expect(after / before).toBeLessThan(1.05);
  expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
  expect(pool.status()).toMatchObject({ connections: 1, channels: 1 });
  expect(provider.status()).toMatchObject({ clients: 1 });
  expect(await pool.counters()).toMatchObject({ sv2_pool_connection_bugs_total: 0, sv2_pool_connections: 1 });
  expect(await provider.counters()).toMatchObject({ sv2_template_provider_connection_bugs_total: 0 });
});
