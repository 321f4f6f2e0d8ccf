import {
  AllocateMiningJobToken,
  DECLARE_TX_DATA,
  DeclareMiningJob,
  DeclareMiningJobSuccess,
  encodeFrame,
  JOB_DECLARATION_PROTOCOL,
  jobDeclaration,
  ProvideMissingTransactionsSuccess,
  PushSolution,
  utf8,
} from '@sv2kit/codec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RawPeer, TestDeclarator } from '../src/index.ts';
import { openScene, type Pair, type Scene as TwoNodes, startPair } from './declaring.ts';
import { rawFrame, setupFrame } from './frames.ts';
import { commonMisdeeds, type Misdeed, SUCCESS, testMisdeeds, testSilentMisdeeds } from './misdeeds.ts';

const SECOND = 1_000;
const FIRST_USE_MS = 61_000;

let scene: TwoNodes;
let pair: Pair;
let honest: TestDeclarator;
beforeAll(async () => {
  scene = await openScene();
  pair = await startPair(scene, { name: 'beset' });
  honest = await TestDeclarator.connect({
    pool: pair.pool.service.address.port,
    jds: pair.jds.service.address.port,
    authority: scene.lab.authority.publicKey,
    node: scene.miners,
  });
});
afterAll(async () => {
  await honest?.[Symbol.asyncDispose]();
  await scene?.[Symbol.asyncDispose]();
});

/** A job of a client beside is declared, acknowledged and credited. */
async function bystander(): Promise<void> {
  const job = await scene.lab.clock.until(SECOND, honest.job());
  expect(await honest.mine(job, { wanted: 'share' })).toBe('accepted');
}

const SETUP = setupFrame({ protocol: JOB_DECLARATION_PROTOCOL, flags: DECLARE_TX_DATA });
const allocate = (requestId: number): Uint8Array =>
  encodeFrame(AllocateMiningJobToken, {
    type: 'AllocateMiningJobToken',
    userIdentifier: utf8('stranger'),
    requestId,
  });
const declare = (requestId: number, token = Uint8Array.of(1, 2, 3)): Uint8Array =>
  encodeFrame(DeclareMiningJob, {
    type: 'DeclareMiningJob',
    requestId,
    miningJobToken: token,
    version: 1,
    coinbaseTxPrefix: utf8('no coinbase'),
    coinbaseTxSuffix: utf8('at all'),
    wtxidList: [],
    excessData: new Uint8Array(),
  });
const solution = (nonce: number): Uint8Array =>
  encodeFrame(PushSolution, {
    type: 'PushSolution',
    extranonce: new Uint8Array(20),
    prevHash: new Uint8Array(32),
    nonce,
    ntime: 1,
    nbits: 0x207f_ffff,
    version: 1,
  });
const refused = (requestId: number, errorCode: string) => ({ type: 'DeclareMiningJobError', requestId, errorCode });

const sceneOf = () => ({
  lab: scene.lab,
  role: pair.jds,
  port: pair.jds.service.address.port,
  protocol: jobDeclaration,
  closedTotal: 'sv2_jd_server_connections_closed_total',
  first: allocate(1),
  probe: { frame: allocate(7), answer: { type: 'AllocateMiningJobTokenSuccess', requestId: 7 } },
  bystander,
});

const MISDEEDS: readonly Misdeed[] = [
  ...commonMisdeeds(
    JOB_DECLARATION_PROTOCOL,
    DECLARE_TX_DATA,
    encodeFrame(DeclareMiningJobSuccess, {
      type: 'DeclareMiningJobSuccess',
      requestId: 1,
      newMiningJobToken: new Uint8Array(),
    }),
  ),
  {
    name: 'a message of the mining protocol (§8)',
    frames: [SETUP, rawFrame({ messageType: 0x10 }, new Uint8Array(60))],
    hears: [SUCCESS],
    ends: 'unknown-message',
  },
  {
    name: 'a declaration with a token of nobody (§6.4.6)',
    frames: [SETUP, declare(3)],
    hears: [SUCCESS, refused(3, 'invalid-mining-job-token')],
  },
  {
    name: 'a declaration where none was negotiated (§6.4.1)',
    frames: [setupFrame({ protocol: JOB_DECLARATION_PROTOCOL }), declare(3)],
    hears: [SUCCESS, refused(3, 'declare-not-negotiated')],
  },
  {
    name: 'declarations over and over',
    frames: [SETUP, ...Array.from({ length: 200 }, (_, index) => declare(index))],
    hears: [SUCCESS, refused(20, 'too-many-declarations')],
    chatty: true,
    ends: 'declaration-flood',
  },
  {
    name: 'requests for tokens over and over (§6.4.2)',
    frames: [SETUP, ...Array.from({ length: 60 }, (_, index) => allocate(100 + index))],
    hears: [SUCCESS],
    chatty: true,
    ends: 'too-many-token-requests',
  },
  {
    name: 'transactions that nobody has asked for (§6.4.8)',
    frames: [
      SETUP,
      encodeFrame(ProvideMissingTransactionsSuccess, {
        type: 'ProvideMissingTransactionsSuccess',
        requestId: 9,
        transactionList: [new Uint8Array(500_000)],
      }),
    ],
    hears: [SUCCESS],
  },
  { name: 'a solution of nothing (§6.4.9)', frames: [SETUP, solution(1)], hears: [SUCCESS] },
  {
    name: 'solutions of nothing over and over (§6.4.9)',
    frames: [SETUP, ...Array.from({ length: 300 }, (_, index) => solution(index))],
    hears: [SUCCESS],
    ends: 'too-many-solutions',
  },
  {
    name: 'a declaration that ends before its fields do (§3.1)',
    frames: [SETUP, rawFrame({ messageType: 0x57 }, declare(1).subarray(6, -3))],
    hears: [SUCCESS],
    ends: 'truncated',
  },
];

describe('a job declarator server with a client at work beside meets', () => {
  testSilentMisdeeds(sceneOf);
  testMisdeeds(MISDEEDS, sceneOf);

  test('a peer that never asks for a token: ended when its time is up (§6.4.2)', async () => {
    using peer = await RawPeer.sealed(sceneOf().port, jobDeclaration);
    peer.send(SETUP);
    await peer.heard.first('Success', ({ type }) => type === SUCCESS.type);
    await scene.lab.clock.until(FIRST_USE_MS, peer.ended());
    expect(peer.heard.items).toHaveLength(1);
    await bystander();
  });

  test('none of them by a mistake of its own', async () => {
    expect(await pair.jds.counters()).toMatchObject({ sv2_jd_server_connection_bugs_total: 0 });
    expect(pair.jds.failures).toEqual([]);
  });
});
