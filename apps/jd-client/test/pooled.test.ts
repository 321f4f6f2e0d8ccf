import {
  decodeCountedOutputs,
  difficultyFromTarget,
  displayHash,
  encodeCountedOutputs,
  sha256d,
  targetFromBigint,
} from '@sv2kit/bitcoin';
import { DECLARE_TX_DATA } from '@sv2kit/codec';
import { expect, test } from 'vitest';
import { MARKER, PAYOUT, POOL_TARGET } from './neighbours.ts';
import { hashAtDeclarator, hashAtPool } from './proof.ts';
import { isBlock, Miner, Site, startPair } from './site.ts';
import { newTemplate, transactions } from './templates.ts';

test('declares a template with its transactions, and relays what devices find on it (§6.3.2)', async () => {
  const pair = await startPair();
  const { pool, declarator } = pair;
  const site = await Site.start([pair]);
  const miner = await Miner.connect(site);
  await site.pooled();
  const content = transactions(5);
  site.provider.newTip(2, 101, content);
  await site.until(() => pool.jobs.some(({ prevHash }) => prevHash[0] === 100));
  expect(declarator.flags).toEqual([DECLARE_TX_DATA]);
  expect(declarator.declared.at(-1)).toMatchObject({
    wtxidList: content.map((each) => sha256d(each)),
    excessData: Uint8Array.of(0xe0),
  });
  await site.until(() => miner.outputs[0]?.value === 625_000_002n);

  const { hash } = miner.find();
  await site.until(() => pool.shares.length === 1);
  const [job, share] = [pool.jobs.at(-1), pool.shares[0]];
  if (job === undefined || share === undefined) throw new Error('no job or share');
  expect(hashAtPool(job, pool.prefix, share)).toEqual(hash);
  expect(share.jobId).toBe(pool.nextJobId - 1);
  const [payout, marker] = decodeCountedOutputs(job.coinbaseTxOutputs);
  expect([payout, marker]).toEqual([{ ...PAYOUT, value: 625_000_002n }, MARKER]);
  await site.until(() => site.status.shares.credited.count === 1);
  expect(site.status.shares.credited).toEqual({ count: 1, work: difficultyFromTarget(POOL_TARGET) });
  expect(site.status.shares).toMatchObject({ accepted: 1, relayed: 1, lost: 0, waiting: 0 });
  expect(site.status.work).toMatchObject({ kind: 'pooled', mode: 'full-template' });
});

test('sets custom jobs by their coinbase alone in coinbase-only mode, and shows no transaction (§6.3.1)', async () => {
  const pair = await startPair();
  const { pool, declarator } = pair;
  const site = await Site.start([pair], { mode: 'coinbase-only' });
  const miner = await Miner.connect(site);
  await site.pooled();
  site.provider.newTip(2, 101, transactions(5));
  await site.until(() => miner.outputs[0]?.value === 625_000_002n);
  const { hash } = miner.find(isBlock);
  await site.until(() => pool.shares.length === 1);
  const [job, share] = [pool.jobs.at(-1), pool.shares[0]];
  if (job === undefined || share === undefined) throw new Error('no job or share');
  expect(hashAtPool(job, pool.prefix, share)).toEqual(hash);
  expect(declarator.flags).toEqual([0]);
  expect(declarator.of('DeclareMiningJob')).toEqual([]);
  expect(declarator.of('PushSolution')).toEqual([]);
  await site.until(() => site.status.blocks.length === 1);
  expect(site.status.blocks).toMatchObject([{ path: 'coinbase-only', hash: displayHash(hash) }]);
});

test('provides the transactions that the server does not know, in the order asked (§6.4.8)', async () => {
  const pair = await startPair();
  const { pool, declarator } = pair;
  const site = await Site.start([pair]);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1);
  declarator.declareAnswer = 'silent';
  const content = transactions(6);
  site.provider.newTip(2, 101, content);
  const declared = await site.until(() => declarator.declared.find(({ wtxidList }) => wtxidList.length === 6));
  if (declared === undefined) throw new Error('nothing declared');
  const { requestId } = declared;
  declarator.says({ type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: [4, 1] });
  await site.until(() => declarator.of('ProvideMissingTransactionsSuccess').length === 1);
  const [provided] = declarator.of('ProvideMissingTransactionsSuccess');
  expect(provided).toMatchObject({ requestId, transactionList: [content[4], content[1]] });
  // Neither what is not there nor the same one over and over.
  declarator.says({ type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: [6] });
  declarator.says({ type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: [1, 1] });
  declarator.accept(declared);
  await site.until(() => pool.jobs.length === 2);
  expect(declarator.of('ProvideMissingTransactionsSuccess')).toHaveLength(1);
});

test('keeps shares until the pool acknowledges their job, and relays them in order (§6.3.1, optimistic mining)', async () => {
  const pair = await startPair();
  const { pool } = pair;
  const site = await Site.start([pair]);
  const miner = await Miner.connect(site);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1);
  pool.jobAnswer = 'silent';
  site.provider.newTip(2, 101);
  await site.until(() => miner.outputs[0]?.value === 625_000_002n);
  const found = [miner.find(), miner.find(isBlock), miner.find()];
  await site.until(() => site.status.shares.waiting === 3);
  expect(site.status.shares.accepted).toBe(3);
  expect(pool.shares).toEqual([]);
  const job = await site.until(() => pool.jobs[1]);
  if (job === undefined) throw new Error('no job');
  pool.accept(job);
  await site.until(() => pool.shares.length === 3);
  expect(pool.shares.map((share) => hashAtPool(job, pool.prefix, share))).toEqual(found.map(({ hash }) => hash));
  expect(pool.shares.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 2, 3]);
});

test('sends a block to template provider, declarator and pool, acknowledged or not (§6.4.9)', async () => {
  const pair = await startPair();
  const { pool, declarator } = pair;
  const site = await Site.start([pair]);
  const miner = await Miner.connect(site);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1);
  pool.jobAnswer = 'silent';
  declarator.declareAnswer = 'silent';
  const content = transactions(3);
  site.provider.newTip(2, 101, content);
  await site.until(() => miner.outputs[0]?.value === 625_000_002n);
  const declared = await site.until(() => declarator.declared.find(({ wtxidList }) => wtxidList.length === 3));
  const { hash } = miner.find(isBlock);
  await site.until(() => site.provider.solutions.length === 1 && declarator.of('PushSolution').length === 1);
  const [pushed] = declarator.of('PushSolution');
  if (declared === undefined || pushed === undefined) throw new Error('nothing declared or pushed');
  expect(hashAtDeclarator(declared, newTemplate(2, 101, true, content).merklePath, pushed)).toEqual(hash);
  expect(site.provider.solutions[0]?.templateId).toBe(2n);
  await site.until(() => site.status.blocks.length === 1);
  expect(site.status.blocks).toMatchObject([{ path: 'declared-full-template', hash: displayHash(hash) }]);
  declarator.accept(declared);
  const job = await site.until(() => pool.jobs[1]);
  if (job === undefined) throw new Error('no job');
  pool.accept(job);
  await site.until(() => pool.shares.length === 1);
});

test('obeys SetExtranoncePrefix: devices move, and their job is declared anew (§5.3.10)', async () => {
  const pair = await startPair();
  const { pool } = pair;
  const site = await Site.start([pair]);
  const miner = await Miner.connect(site);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
  const old = miner.prefix;
  pool.prefix = Uint8Array.of(0x11, 0x22, 0x33, 0x44);
  pool.says({ type: 'SetExtranoncePrefix', channelId: 7, extranoncePrefix: pool.prefix });
  await site.until(() => pool.jobs.length === 2 && miner.prefix[0] === 0x11);
  expect(miner.prefix.length).toBe(old.length);
  const { hash } = miner.find();
  await site.until(() => pool.shares.length === 1);
  const [job, share] = [pool.jobs[1], pool.shares[0]];
  if (job === undefined || share === undefined) throw new Error('no job or share');
  expect(hashAtPool(job, pool.prefix, share)).toEqual(hash);
  expect(miner.closed).toBe(false);
});

test('a template that no token is there for waits, and devices go on with the acknowledged job', async () => {
  const pair = await startPair();
  const { pool, declarator } = pair;
  declarator.tokens = 1;
  const site = await Site.start([pair], { fallback: ['token = 3600'] });
  const miner = await Miner.connect(site);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
  site.provider.better(2, 100, transactions(2));
  site.provider.better(3, 100, transactions(3));
  await site.until(() => site.status.declarations.dropped['superseded'] === 1);
  expect(miner.outputs[0]?.value).toBe(625_000_001n);
  declarator.allow(3);
  await site.until(() => miner.outputs[0]?.value === 625_000_003n);
  await site.until(() => pool.jobs.length === 2);
  expect(site.status.shares.lost).toBe(0);
});

test('asks templates for the largest outputs of all listed pools, and again when they grow (§7.1)', async () => {
  const [first, second] = [await startPair(), await startPair()];
  const large = { value: 0n, script: new Uint8Array(200).fill(0x51) };
  second.declarator.outputs = encodeCountedOutputs([PAYOUT, large]);
  const site = await Site.start([first, second]);
  await site.pooled();
  await site.until(() => site.provider.constraints.at(-1)?.coinbaseOutputMaxAdditionalSize === 31 + 8 + 1 + 200);
  expect(site.provider.constraints.map((each) => each.coinbaseOutputMaxAdditionalSize)).toEqual(
    expect.arrayContaining([10]),
  );
  expect(site.status.work.upstream).toBe(site.status.upstreams[0]?.name);
});

test('tells the pool of devices, and has a job bound by the target that they get (§5.3.7, §5.3.21)', {
  timeout: 30_000,
}, async () => {
  const pair = await startPair();
  const { pool } = pair;
  pool.target = targetFromBigint(1n << 230n);
  const site = await Site.start([pair]);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1);
  const miner = await Miner.connect(site);
  await site.until(() => pool.received.some(({ type }) => type === 'UpdateChannel'));
  expect(pool.received.find((message) => message.type === 'UpdateChannel')).toMatchObject({
    channelId: 7,
    nominalHashRate: expect.closeTo(0.15, 5),
  });
  miner.find();
  await site.until(() => site.status.shares.accepted === 1);
  pool.says({ type: 'SetTarget', channelId: 7, maximumTarget: POOL_TARGET });
  const work = miner.client.currentWork();
  await site.until(() => pool.jobs.length === 2 && miner.client.currentWork() !== work);
  // A pool holds all jobs of one search space to the target of the first.
  expect(pool.jobs[1]?.coinbasePrefix).not.toEqual(pool.jobs[0]?.coinbasePrefix);
  const { hash } = miner.find((each) => (each[31] ?? 0) < 0x80);
  await site.until(() => pool.shares.length === 1);
  const [, job] = pool.jobs;
  const [share] = pool.shares;
  if (job === undefined || share === undefined) throw new Error('no job or share');
  expect(hashAtPool(job, pool.prefix, share)).toEqual(hash);
  expect(pool.shares[0]?.jobId).toBe(pool.nextJobId - 1);
  site.clock.advance(20_000);
  expect(pool.jobs).toHaveLength(2);
});

test('a block on a declared job waits for a server that is away, and is pushed when it is back (§6.4.9)', async () => {
  const pair = await startPair();
  const { pool, declarator } = pair;
  const site = await Site.start([pair]);
  const miner = await Miner.connect(site);
  await site.pooled();
  await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
  const work = miner.client.currentWork();
  await declarator.away();
  await site.until(() => site.status.work.kind === 'solo' && miner.client.currentWork() !== work);
  const { hash } = miner.find(isBlock, work);
  await site.until(() => site.provider.solutions.length === 1 && pool.shares.length === 1);
  await declarator.listen();
  await site.until(() => declarator.of('PushSolution').length === 1);
  expect(site.status.blocks).toMatchObject([{ path: 'declared-full-template', hash: displayHash(hash) }]);
});
