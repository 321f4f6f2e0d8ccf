import { join } from 'node:path';
import {
  encodeHeader,
  hashHeader,
  merkleRoot,
  nbitsFromTarget,
  parseTransaction,
  targetFromBigint,
} from '@sv2kit/bitcoin';
import { mining } from '@sv2kit/codec';
import type { NodeHealth } from '@sv2kit/bitcoin-node';
import { readJournal } from '@sv2kit/ledger';
import { connect, ConnectError } from '@sv2kit/net';
import type { BlockNode } from '@sv2kit/template-source';
import { expect, onTestFinished, test } from 'vitest';
import { Miner } from './miner.ts';
import { dataDir, eventually, FakeTemplateProvider, startPool, startProvider } from './support.ts';
import { newTemplate, prevHash } from './templates.ts';

test('a share becomes a record and a Success, a block becomes a SubmitSolution and a line in the status', async () => {
  const { provider: from, url } = await startProvider();
  const directory = dataDir('first');
  const pool = await startPool(url, directory);
  const miner = await Miner.connect(pool, 'standard');
  miner.says(miner.solve('share'));
  expect(await miner.answer('SubmitSharesSuccess')).toMatchObject({
    lastSequenceNumber: 1,
    newSubmitsAcceptedCount: 1,
  });
  const block = miner.solve('block');
  miner.says(block);
  expect(await miner.answer('SubmitSharesSuccess')).toMatchObject({ lastSequenceNumber: 2 });
  await eventually(() => from.solutions).toHaveLength(1);
  const [solution] = from.solutions;
  expect(solution).toMatchObject({
    templateId: 1n,
    version: block.version,
    headerTimestamp: block.ntime,
    headerNonce: block.nonce,
  });

  const work = miner.client.findWork(block.jobId);
  const root = work?.space.kind === 'standard' ? work.space.merkleRoot : undefined;
  expect(merkleRoot(parseTransaction(solution?.coinbaseTx ?? new Uint8Array(0)).txid, [])).toEqual(root);
  const header = encodeHeader({
    version: block.version,
    prevHash: work?.prevHash ?? new Uint8Array(32),
    merkleRoot: root ?? new Uint8Array(32),
    ntime: block.ntime,
    nbits: work?.nbits ?? 0,
    nonce: block.nonce,
  });
  const next = prevHash(2, 100);
  from.says(newTemplate(2, 101, true));
  from.says({ ...next, prevHash: hashHeader(header) });
  await eventually(() => pool.status?.()).toMatchObject({
    channels: 1,
    shares: { accepted: 2, rejected: {} },
    blocksFound: 1,
    blocks: [
      {
        height: 100,
        path: 'pool-template',
        via: 'sv2-standard',
        device: 'Maker X1',
        userIdentity: 'alice.rig',
        state: 'confirmed',
      },
    ],
    templateProvider: { state: 'connected', primary: true },
    journal: { kind: 'ok' },
  });
  await eventually(() => pool.health.report().conditions.every(({ ok }) => ok)).toBe(true);
  await pool.close();
  const records: string[] = [];
  for await (const { record } of readJournal(join(directory, 'journal'))) records.push(record.type);
  expect(records).toEqual([
    'Start',
    'PayoutTerms',
    'ChannelOpened',
    'ShareAccepted',
    'BlockStatus',
    'BlockFound',
    'ShareAccepted',
    'BlockStatus',
    'ChannelClosed',
  ]);
});

test('a share from before a restart earns nothing after it: the boot epoch in its prefix is kept on disk', async () => {
  const { provider: from, url } = await startProvider();
  const unreachable = targetFromBigint(1n);
  from.templates = [
    newTemplate(1, 100, true),
    { ...prevHash(1, 99), nbits: nbitsFromTarget(unreachable), target: unreachable },
  ];
  const directory = dataDir('restarted');
  const before = await startPool(url, directory);
  const early = await Miner.connect(before, 'standard', 1_000);
  const share = early.solve('share', unreachable);
  early.says(share);
  await early.answer('SubmitSharesSuccess');
  await before.close();

  const after = await startPool(url, directory);
  onTestFinished(() => after.close());
  const late = await Miner.connect(after, 'standard', 1_000);
  const [old, fresh] = [early, late].map(({ client }) => client.channel?.extranoncePrefix);
  expect(fresh).not.toEqual(old);
  const { channelId = 0 } = late.client.channel ?? {};
  late.says({ ...share, channelId, jobId: late.client.currentWork()?.jobId ?? 0 });
  expect(await late.answer('SubmitSharesError')).toMatchObject({ errorCode: 'difficulty-too-low' });
});

test('a node that is away is a condition of health of its own until it is back, and the pool serves on', async () => {
  const { url } = await startProvider();
  let state: NodeHealth = { state: 'connecting', reason: 'no answer from the node yet' };
  const node: BlockNode = {
    name: 'ours',
    takesBlocks: true,
    submitBlock: () => Promise.resolve({ kind: 'accepted' }),
    confirm: () => Promise.resolve({ inBestChain: true, confirmations: 1, height: 100 }),
    health: () => state,
    close: () => Promise.resolve(),
  };
  const toml = ['[[nodes]]', 'url = "http://127.0.0.1:1"', 'user = "u"', 'password = "p"'];
  const pool = await startPool(url, dataDir('nodes'), { toml, deps: { connectNode: () => node } });
  onTestFinished(() => pool.close());
  const condition = () => pool.health.report().conditions.find(({ name }) => name === 'node ours');
  expect(condition()).toMatchObject({ ok: false, reason: 'no answer from the node yet' });
  state = { state: 'ok' };
  await eventually(condition).toMatchObject({ ok: true });
  state = { state: 'away', reason: 'connect ECONNREFUSED' };
  await eventually(condition).toMatchObject({ ok: false, serving: true, reason: 'connect ECONNREFUSED' });
});

test('a node that takes no whole blocks is said to lack that, and the pool serves on', async () => {
  const { url } = await startProvider();
  let health: NodeHealth = { state: 'connecting' };
  const node: BlockNode = {
    name: 'ours',
    takesBlocks: false,
    submitBlock: () => Promise.resolve({ kind: 'unable', reason: 'over IPC alone' }),
    confirm: () => Promise.resolve({ inBestChain: false, confirmations: 0 }),
    health: () => health,
    close: () => Promise.resolve(),
  };
  const toml = ['[[nodes]]', 'ipc = "/run/node.sock"'];
  const pool = await startPool(url, dataDir('ipc-node'), { toml, deps: { connectNode: () => node } });
  onTestFinished(() => pool.close());
  const condition = () => pool.health.report().conditions.find(({ name }) => name === 'node ours');
  expect(condition()).toMatchObject({ ok: false, reason: 'connecting' });
  health = { state: 'ok' };
  await eventually(condition).toMatchObject({
    ok: false,
    serving: true,
    reason: expect.stringMatching(/^takes no whole blocks over its IPC, .*: give the url of its RPC too$/),
  });
  health = { state: 'ok', reason: 'its IPC is away: templates come by RPC' };
  await eventually(condition).toMatchObject({ serving: true, reason: 'its IPC is away: templates come by RPC' });
});

test('a miner that comes before there is work is told so, with the right key', async () => {
  const made = new FakeTemplateProvider();
  made.templates = [];
  onTestFinished(() => made.close());
  const pool = await startPool(await made.listen(), dataDir('idle'));
  onTestFinished(() => pool.close());
  const attempt = connect({
    ...pool.address,
    authority: pool.authorityPublicKey,
    protocol: mining,
    handler: () => ({ onMessage() {}, onClose() {} }),
  });
  await expect(attempt).rejects.toThrow(ConnectError);
  await expect(attempt).rejects.toThrow('no-work-available');
  expect(pool.health.report().conditions).toContainEqual(
    expect.objectContaining({ name: 'templates', ok: false, reason: 'no template yet' }),
  );
});
