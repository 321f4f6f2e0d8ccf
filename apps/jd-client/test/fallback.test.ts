import { displayHash, encodeCountedOutputs } from '@sv2kit/bitcoin';
import { describe, expect, test } from 'vitest';
import { MARKER, PAYOUT } from './neighbours.ts';
import { isBlock, Miner, nameOf, Site, startPair } from './site.ts';
import { transactions } from './templates.ts';

const SOLO = { value: 625_000_001n, script: Uint8Array.of(0x51) };

describe('solo mining', () => {
  test('is what a client without any pool does, from the first template on', async () => {
    const site = await Site.start([]);
    const miner = await Miner.connect(site);
    expect(site.status).toMatchObject({ work: { kind: 'solo', reason: 'no-upstreams' }, reason: 'no-upstreams' });
    expect(miner.outputs[0]).toEqual(SOLO);
    const { hash } = miner.find(isBlock);
    await site.until(() => site.provider.solutions.length === 1);
    expect(site.status.blocks).toMatchObject([{ path: 'solo', hash: displayHash(hash) }]);
    expect(site.health.report().conditions.map(({ name }) => name)).not.toContain('pool');
  });

  test('begins when the first pool is not there in time, and ends when it comes (§6.2)', async () => {
    const pair = await startPair();
    await pair.declarator.away();
    const site = await Site.start([pair], { fallback: ['start_wait = 1'] });
    const miner = await Miner.connect(site);
    expect(site.status.work).toMatchObject({ kind: 'solo', reason: 'jds-away' });
    expect(miner.outputs[0]).toEqual(SOLO);
    expect(site.health.report().reason).toContain('mining solo');
    await pair.declarator.listen();
    await site.pooled();
    await site.until(() => miner.prefix[0] === 0xaa);
    expect(miner.outputs.slice(0, 2)).toEqual([{ ...PAYOUT, value: 625_000_001n }, MARKER]);
    miner.find();
    await site.until(() => pair.pool.shares.length === 1);
    expect(miner.closed).toBe(false);
    expect(site.health.report().conditions.find(({ name }) => name === 'pool')).toMatchObject({ ok: true });
  });
});

describe('a pool or server that goes away', () => {
  test.each(['pool', 'declarator'] as const)(
    'is left at once when it is the %s, for the next pair, and returned to when it is back; miners stay (§6.2)',
    async (which) => {
      const [first, second] = [await startPair(), await startPair()];
      second.pool.prefix = Uint8Array.of(0x22, 0x22, 0x22);
      const site = await Site.start([first, second]);
      const miner = await Miner.connect(site);
      await site.pooled(nameOf(first));
      await site.until(() => miner.prefix[0] === 0xaa);
      await first[which].away();
      await site.pooled(nameOf(second));
      await site.until(() => miner.prefix[0] === 0x22);
      miner.find();
      await site.until(() => second.pool.shares.length === 1);
      expect(site.health.report().reason).toContain(`instead of ${nameOf(first)}`);
      await first[which].listen();
      await site.pooled(nameOf(first));
      await site.until(() => miner.prefix[0] === 0xaa);
      const before = first.pool.shares.length;
      miner.find();
      await site.until(() => first.pool.shares.length === before + 1);
      expect(miner.closed).toBe(false);
      expect(site.status.shares.lost).toBe(0);
      // What is worse than the pair in use is not kept busy.
      await site.until(() => site.status.upstreams[1]?.state === 'idle');
    },
  );

  test('is mined for by declared jobs again when a better one comes back for a moment only', async () => {
    const [first, second] = [await startPair(), await startPair()];
    second.pool.prefix = Uint8Array.of(0x22, 0x22, 0x22);
    const site = await Site.start([first, second]);
    const miner = await Miner.connect(site);
    await site.pooled(nameOf(first));
    await first.pool.away();
    await site.pooled(nameOf(second));
    await first.pool.listen();
    await site.pooled(nameOf(first));
    await first.pool.away();
    await site.pooled(nameOf(second));
    site.provider.newTip(2, 101);
    await site.until(() => miner.prefix[0] === 0x22 && miner.outputs[0]?.value === 625_000_002n);
    miner.find();
    await site.until(() => second.pool.shares.length === 1);
    expect(site.status.shares.lost).toBe(0);
    expect(miner.closed).toBe(false);
  });

  test('leaves devices mining solo when it was the last one, until it is back', async () => {
    const pair = await startPair();
    const site = await Site.start([pair]);
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => miner.prefix[0] === 0xaa);
    await Promise.all([pair.pool.away(), pair.declarator.away()]);
    await site.solo();
    await site.until(() => miner.outputs[0]?.script[0] === 0x51);
    const { hash } = miner.find(isBlock);
    await site.until(() => site.status.blocks.length === 1);
    expect(site.status.blocks).toMatchObject([{ path: 'solo', hash: displayHash(hash) }]);
    await Promise.all([pair.pool.listen(), pair.declarator.listen()]);
    await site.pooled();
    await site.until(() => miner.prefix[0] === 0xaa);
    expect(miner.closed).toBe(false);
  });

  test('is not passed over when it closed its channels first, as a pool that is restarted does (§5.3.9)', async () => {
    const pair = await startPair();
    const site = await Site.start([pair]);
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => miner.prefix[0] === 0xaa);
    pair.pool.says({ type: 'CloseChannel', channelId: 7, reasonCode: 'shutdown' });
    await site.solo();
    expect(site.status.work).toMatchObject({ kind: 'solo', reason: 'pool-away' });
    const leftMs = site.clock.now();
    await site.pooled();
    expect(site.clock.now() - leftMs).toBeLessThan(5_000);
    expect(miner.closed).toBe(false);
  });

  test('takes shares with it that it had not answered: they are counted, with their work and why', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair]);
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    pool.shareAnswer = 'silent';
    miner.find();
    await site.until(() => pool.shares.length === 1);
    pool.jobAnswer = 'silent';
    site.provider.newTip(2, 101);
    await site.until(() => miner.outputs[0]?.value === 625_000_002n);
    miner.find((hash) => (hash[31] ?? 0) < 0x80);
    await site.until(() => site.status.shares.waiting === 1);
    await pool.away();
    await site.solo();
    expect(site.status.shares.lostBy).toMatchObject({ unanswered: { count: 1 }, abandoned: { count: 1 } });
    expect(site.status.shares.lostBy['unanswered']?.work).toBeGreaterThan(0);
    expect(site.status.shares.accepted).toBe(2);
  });
});

describe('a refusal', () => {
  test.each([
    ['declarator', 'declaration-refused', 'stale-chain-tip'],
    ['declarator', 'declaration-refused', 'invalid-job'],
    ['pool', 'custom-job-refused', 'anything'],
  ] as const)(
    'by the %s while the tip stands is a reason to leave: %s, whatever the code (%s)',
    async (by, reason, code) => {
      const pair = await startPair();
      const site = await Site.start([pair]);
      await site.pooled();
      await site.until(() => pair.pool.jobs.length === 1);
      if (by === 'declarator') pair.declarator.declareAnswer = { code };
      else pair.pool.jobAnswer = { code };
      site.provider.newTip(2, 101);
      await site.solo();
      expect(site.status.work).toMatchObject({ kind: 'solo', reason, detail: code });
      expect(site.status.upstreams[0]).toMatchObject({ state: 'passed-over' });
      expect(Object.keys(site.status.declarations.refused)).toEqual([`${by === 'pool' ? 'pool' : 'jds'}: ${code}`]);
    },
  );

  test('is forgiven when a new tip comes: the job is dropped, and the pair stays (§6.2)', async () => {
    const pair = await startPair();
    const { declarator, pool } = pair;
    const site = await Site.start([pair]);
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    declarator.declareAnswer = { code: 'invalid-mining-job-token' };
    site.provider.newTip(2, 101);
    await site.until(() => declarator.declared.length === 2 && miner.outputs[0]?.value === 625_000_002n);
    miner.find((hash) => (hash[31] ?? 0) < 0x80);
    await site.until(() => site.status.shares.waiting === 1);
    declarator.declareAnswer = 'yes';
    site.provider.newTip(3, 102);
    await site.until(() => site.status.declarations.acknowledged === 2);
    site.clock.advance(60_000);
    expect(site.status).toMatchObject({
      work: { kind: 'pooled' },
      declarations: { dropped: { 'tip-moved': 1 }, refused: {} },
    });
    expect(site.status.shares.lostBy).toMatchObject({ 'tip-moved': { count: 1 } });
  });

  test('to open a channel is a reason to go on to the next pair', async () => {
    const [first, second] = [await startPair(), await startPair()];
    first.pool.openAnswer = { code: 'unknown-user' };
    const site = await Site.start([first, second]);
    await site.pooled(nameOf(second));
    expect(site.status.upstreams[0]).toMatchObject({
      state: 'passed-over',
      failure: { reason: 'channel-refused', detail: 'unknown-user' },
    });
  });
});

describe('a pool that rejects shares', () => {
  test('loses the hashrate when they were valid, and too many (§6.2)', async () => {
    const [first, second] = [await startPair(), await startPair()];
    const site = await Site.start([first, second], { fallback: ['rejected_shares = 3', 'of_last = 5'] });
    const miner = await Miner.connect(site);
    await site.pooled(nameOf(first));
    await site.until(() => first.pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    first.pool.shareAnswer = { code: 'stale-share' };
    for (let n = 0; n < 3; n += 1) miner.find();
    await site.pooled(nameOf(second));
    expect(site.status.upstreams[0]).toMatchObject({ state: 'passed-over', failure: { reason: 'shares-rejected' } });
    expect(miner.closed).toBe(false);
  });

  test('may do so when it was the first to see a new tip', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair], { fallback: ['rejected_shares = 3', 'of_last = 5', 'tip_grace = 20'] });
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    pool.shareAnswer = { code: 'stale-share' };
    for (let n = 0; n < 4; n += 1) miner.find();
    await site.until(() => pool.shares.length === 4);
    pool.shareAnswer = 'yes';
    site.provider.newTip(2, 101);
    await site.until(() => site.status.declarations.acknowledged === 2);
    site.clock.advance(30_000);
    expect(site.status.work.kind).toBe('pooled');
  });
});

describe('silence', () => {
  test('instead of tokens is a reason to leave (§6.2)', async () => {
    const pair = await startPair();
    pair.declarator.tokens = 1;
    const site = await Site.start([pair]);
    await site.pooled();
    await site.until(() => site.status.work.reason === 'token-timeout');
  });

  test('after a declaration is a reason to leave', async () => {
    const pair = await startPair();
    pair.declarator.declareAnswer = 'silent';
    const site = await Site.start([pair]);
    await site.pooled();
    await site.until(() => site.status.work.reason === 'declare-timeout');
  });

  test('after a custom job is a reason to leave', async () => {
    const pair = await startPair();
    pair.pool.jobAnswer = 'silent';
    const site = await Site.start([pair]);
    await site.pooled();
    await site.until(() => site.status.work.reason === 'set-timeout');
  });

  test('after shares is a reason to leave', async () => {
    const pair = await startPair();
    const { pool } = pair;
    const site = await Site.start([pair], { fallback: ['share_acknowledgement = 5'] });
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
    pool.shareAnswer = 'silent';
    miner.find();
    await site.until(() => pool.shares.length === 1);
    await site.until(() => site.status.work.reason === 'share-timeout');
    expect(site.status.shares.lostBy).toMatchObject({ unanswered: { count: 1 } });
  });
});

describe("a pool's outputs", () => {
  test.each([
    ['malformed-outputs', Uint8Array.of(1, 2, 3), []],
    ['outputs-not-zero', encodeCountedOutputs([PAYOUT, { ...MARKER, value: 7n }]), []],
    [
      'unexpected-payout',
      encodeCountedOutputs([MARKER, PAYOUT]),
      ['payout_script = "00140707070707070707070707070707070707070707"'],
    ],
  ])('that are not as agreed are said and not mined for: %s (§6.4.3)', async (reason, outputs, upstream) => {
    const pair = await startPair();
    pair.declarator.outputs = outputs;
    const site = await Site.start([pair], { upstream });
    await site.solo();
    expect(site.status.work).toMatchObject({ kind: 'solo', reason });
    expect(site.health.report().reason).toContain('mining solo');
  });

  test('that are as agreed are mined for', async () => {
    const pair = await startPair();
    const site = await Site.start([pair], {
      upstream: ['payout_script = "00140707070707070707070707070707070707070707"'],
    });
    await site.pooled();
  });

  test('that change are paid from the next job on, which comes at once', async () => {
    const pair = await startPair();
    const { pool, declarator } = pair;
    declarator.tokens = 2;
    const site = await Site.start([pair]);
    const miner = await Miner.connect(site);
    await site.pooled();
    await site.until(() => miner.prefix[0] === 0xaa);
    const other = { value: 0n, script: Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(9)) };
    declarator.outputs = encodeCountedOutputs([other, MARKER]);
    declarator.allow(3);
    await site.until(() => miner.outputs[0]?.script[2] === 9);
    await site.until(() => pool.jobs.length === 2);
    expect(miner.outputs.slice(0, 2)).toEqual([{ ...other, value: 625_000_001n }, MARKER]);
    expect(site.status.work.kind).toBe('pooled');
  });

  test('that templates have no room for yet wait for one that has', async () => {
    const [first, second] = [await startPair(), await startPair()];
    await first.pool.away();
    const site = await Site.start([first, second]);
    await site.pooled(nameOf(second));
    const before = site.provider.constraints.length;
    first.declarator.outputs = encodeCountedOutputs([PAYOUT, { value: 0n, script: new Uint8Array(150).fill(0x51) }]);
    await first.declarator.away();
    await first.declarator.listen();
    // The provider answers larger constraints with templates anew, and only then is the pool used.
    await first.pool.listen();
    await site.pooled(nameOf(first));
    expect(site.provider.constraints.length).toBeGreaterThan(before);
  });
});

test('a template whose transactions never come is not declared, and said so', async () => {
  const pair = await startPair();
  const site = await Site.start([pair]);
  const miner = await Miner.connect(site);
  await site.pooled();
  await site.until(() => pair.pool.jobs.length === 1 && miner.prefix[0] === 0xaa);
  site.provider.refuses = true;
  site.provider.better(2, 100, transactions(3));
  await site.until(() => site.status.declarations.dropped['no-transactions'] === 1);
  expect(site.status.work.kind).toBe('pooled');
});

describe('a pool or server that means no good', () => {
  test('cannot make a coinbase impossible with its extranonce', { timeout: 30_000 }, async () => {
    const pair = await startPair();
    pair.pool.prefix = new Uint8Array(20);
    pair.pool.extranonceSize = 60_000;
    const site = await Site.start([pair]);
    await site.solo();
    expect(site.status.work).toMatchObject({ reason: 'channel-refused', detail: 'extranonce-too-large' });
    pair.pool.extranonceSize = 12;
    await site.pooled();
    const extranoncePrefix = new Uint8Array(21);
    pair.pool.says({ type: 'SetExtranoncePrefix', channelId: 7, extranoncePrefix });
    await site.solo();
    expect(site.status.work).toMatchObject({ reason: 'channel-refused' });
  });

  test('cannot empty the blocks of the miner with huge outputs', async () => {
    const pair = await startPair();
    const huge = { value: 0n, script: new Uint8Array(20_000).fill(0x51) };
    pair.declarator.outputs = encodeCountedOutputs([PAYOUT, huge]);
    const site = await Site.start([pair]);
    await site.solo();
    expect(site.status.work).toMatchObject({ reason: 'outputs-too-large' });
    expect(site.provider.constraints.map((each) => each.coinbaseOutputMaxAdditionalSize)).toEqual([10]);
  });

  test('does not get the same transactions again and again', async () => {
    const pair = await startPair();
    const { declarator } = pair;
    const site = await Site.start([pair]);
    await site.pooled();
    declarator.declareAnswer = 'silent';
    site.provider.newTip(2, 101, transactions(4));
    const declared = await site.until(() => declarator.declared.find(({ wtxidList }) => wtxidList.length === 4));
    const requestId = declared?.requestId ?? 0;
    for (let n = 0; n < 20; n += 1) {
      declarator.says({ type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: [0, 1] });
    }
    if (declared !== undefined) declarator.accept(declared);
    await site.until(() => pair.pool.jobs.some(({ prevHash }) => prevHash[0] === 100));
    expect(declarator.of('ProvideMissingTransactionsSuccess')).toHaveLength(4);
  });
});
