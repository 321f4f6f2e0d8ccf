import {
  CoinbaseOutputConstraints,
  encodeFrame,
  RequestTransactionData,
  SubmitSolution,
  TEMPLATE_DISTRIBUTION_PROTOCOL,
  templateDistribution,
  TemplateSetNewPrevHash,
} from '@sv2kit/codec';
import type { Pool } from '@sv2kit/pool';
import type { TemplateProvider } from '@sv2kit/template-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, RawPeer, type RoleHere, type TestChannel, TestMiner } from '../src/index.ts';
import { rawFrame, setupFrame } from './frames.ts';
import { commonMisdeeds, type Misdeed, SUCCESS, testMisdeeds, testSilentMisdeeds } from './misdeeds.ts';

let lab: Lab;
let provider: RoleHere<TemplateProvider>;
let pool: RoleHere<Pool>;
let miner: TestMiner;
let channel: TestChannel;
beforeAll(async () => {
  lab = await Lab.open('regtest');
  provider = await lab.templateProvider();
  // The node hears of blocks from the template provider alone.
  pool = await lab.workingPool({ templateProviders: [lab.url(provider)], minDifficulty: 1e-8, submitsToNode: false });
  const { address, authorityPublicKey: authority } = pool.service;
  miner = await TestMiner.connect({ port: address.port, authority });
  channel = await miner.open('extended');
});
afterAll(async () => {
  await miner?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

const SETUP = setupFrame({ protocol: TEMPLATE_DISTRIBUTION_PROTOCOL });
const constraints = (coinbaseOutputMaxAdditionalSize: number): Uint8Array =>
  encodeFrame(CoinbaseOutputConstraints, {
    type: 'CoinbaseOutputConstraints',
    coinbaseOutputMaxAdditionalSize,
    coinbaseOutputMaxAdditionalSigops: 1,
  });
const transactions = (templateId: bigint): Uint8Array =>
  encodeFrame(RequestTransactionData, { type: 'RequestTransactionData', templateId });
const solution = (templateId: bigint): Uint8Array =>
  encodeFrame(SubmitSolution, {
    type: 'SubmitSolution',
    templateId,
    version: 1,
    headerTimestamp: 1,
    headerNonce: 1,
    coinbaseTx: Buffer.from('not a transaction'),
  });
const probe = {
  frame: transactions(4242n),
  answer: { type: 'RequestTransactionDataError', templateId: 4242n, errorCode: 'template-id-not-found' },
};

/** A block of the pool's miner goes all the way through the template provider, and its next tip comes back. */
async function bystander(): Promise<void> {
  const height = await lab.node.height();
  const { prevHash } = await channel.work();
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  await lab.node.reach(height + 1);
  await channel.works.next('work on the next tip', (work) => Buffer.compare(work.prevHash, prevHash) !== 0);
}
const scene = () => ({
  lab,
  role: provider,
  port: provider.service.address.port,
  protocol: templateDistribution,
  closedTotal: 'sv2_template_provider_connections_closed_total',
  first: constraints(100),
  probe,
  bystander,
});

const MISDEEDS: readonly Misdeed[] = [
  ...commonMisdeeds(
    TEMPLATE_DISTRIBUTION_PROTOCOL,
    0,
    encodeFrame(TemplateSetNewPrevHash, {
      type: 'SetNewPrevHash',
      templateId: 1n,
      prevHash: new Uint8Array(32),
      headerTimestamp: 1,
      nbits: 1,
      target: new Uint8Array(32),
    }),
  ),
  {
    name: 'a message of the mining protocol (§8)',
    frames: [SETUP, rawFrame({ messageType: 0x10 }, new Uint8Array(60))],
    hears: [SUCCESS],
    ends: 'unknown-message',
  },
  {
    name: 'coinbase outputs that no block has room for (§7.1)',
    frames: [SETUP, constraints(4_000_000)],
    hears: [SUCCESS],
    ends: 'coinbase-space-too-large',
  },
  {
    name: 'constraints over and over (§7.1)',
    frames: [SETUP, ...Array.from({ length: 60 }, (_, index) => constraints(100 + index))],
    hears: [SUCCESS],
    chatty: true,
    ends: 'too-many-constraints',
  },
  {
    name: 'a request for transactions of a template that never was (§7.6)',
    frames: [SETUP, transactions(7n)],
    hears: [SUCCESS, { type: 'RequestTransactionDataError', templateId: 7n, errorCode: 'template-id-not-found' }],
  },
  {
    name: 'requests for transactions over and over (§7.4)',
    frames: [SETUP, ...Array.from({ length: 120 }, () => transactions(7n))],
    hears: [SUCCESS],
    chatty: true,
    ends: 'too-many-transaction-requests',
  },
  { name: 'a solution of a template that never was (§7.7)', frames: [SETUP, solution(7n)], hears: [SUCCESS] },
  {
    name: 'solutions of nothing over and over (§7.7)',
    frames: [SETUP, ...Array.from({ length: 40 }, (_, index) => solution(BigInt(index)))],
    hears: [SUCCESS],
    ends: 'too-many-refused-solutions',
  },
  {
    name: 'a solution that ends before its fields do (§3.1)',
    frames: [SETUP, rawFrame({ messageType: 0x76 }, solution(1n).subarray(6, -2))],
    hears: [SUCCESS],
    ends: 'truncated',
  },
];

describe('a template provider with a pool at work beside meets', () => {
  testSilentMisdeeds(scene);
  testMisdeeds(MISDEEDS, scene);

  test('a peer that never says how much room its coinbase needs: ended when its time is up (§7)', async () => {
    using peer = await RawPeer.sealed(scene().port, templateDistribution);
    peer.send(SETUP);
    await peer.heard.first('Success', ({ type }) => type === SUCCESS.type);
    await lab.clock.until(11_000, peer.ended());
    expect(peer.heard.items).toHaveLength(1);
    await bystander();
  });

  test('none of them by a mistake of its own, and the pool kept its one connection', async () => {
    expect(pool.log.items.filter(({ message }) => message === 'upstream connected')).toHaveLength(1);
    expect(await provider.counters()).toMatchObject({ sv2_template_provider_connection_bugs_total: 0 });
    expect(provider.failures).toEqual([]);
  });
});
