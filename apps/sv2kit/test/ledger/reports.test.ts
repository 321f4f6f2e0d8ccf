import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal, type JournalRecord } from '@sv2kit/ledger';
import { beforeEach, describe, expect, test } from 'vitest';
import { call, NOW_MS, temporaryDirectory } from '../scene.ts';

const silent = { info() {}, warn() {}, error() {} };
const ALICE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const TXID = '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b';
const POOL_SCRIPT = Uint8Array.of(0x51, 0x20, ...new Uint8Array(32).fill(9));
const HASH = 'cd'.repeat(32);
const timeMs = NOW_MS - 120_000;

let dataDir: string;
beforeEach(async () => {
  dataDir = temporaryDirectory();
  const journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
  for (const record of history()) journal.append(record);
  await journal.close();
  expect(await ledger('rebuild')).toMatchObject({ code: 0, error: '' });
});
const ledger = (word: string, ...argv: readonly string[]) => call(['ledger', word, '--data-dir', dataDir, ...argv]);

/** Alice finds a block in a solo pool with a fee of 2 %, and it matures; Mallory's name would steer a terminal. */
function history(): readonly JournalRecord[] {
  const hash = new Uint8Array(32).fill(0xcd);
  return [
    {
      type: 'PayoutTerms',
      timeMs,
      mode: 'solo',
      feePpm: 20_000,
      window: 1,
      confirmations: 1,
      poolScript: POOL_SCRIPT,
      chain: 'regtest',
    },
    opened(1, `${ALICE}.rig`),
    opened(2, '\u001b[2Jmallory'),
    shared(1, 1),
    shared(1, 2),
    { ...refused(2), code: 'stale-share' },
    {
      type: 'BlockFound',
      timeMs,
      channelKey: 1,
      height: 101,
      hash,
      header: header(),
      coinbase: coinbase(5_000_000_000n),
      via: 'sv2-extended',
      path: 'pool-template',
      userIdentity: new TextEncoder().encode(`${ALICE}.rig`),
    },
    { type: 'BlockStatus', timeMs, hash, status: 'matured', by: 'node', reason: '100 confirmations' },
  ];
}

test('ledger show is calm, complete, and does what a terminal is told by no miner', async () => {
  const { code, out } = await ledger('show');
  expect(code).toBe(0);
  expect(out).toContain('shares      2 accepted, 1 rejected\nrejected    1 stale-share\n');
  expect(out).toMatch(/bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080 +rig +2.048 k +2 +0 .* 2 min ago/);
  expect(out).toMatch(new RegExp(`101 +${HASH} +matured +50.00000000 BTC`));
  expect(out).toMatch(new RegExp(`${ALICE} +49.00000000 BTC`));
  expect(out).not.toContain('\u001b');
  const { out: json } = await ledger('show', '--json', '--workers', '--blocks', '--dues', '--user', ALICE);
  expect(JSON.parse(json)).toMatchObject({
    totals: { accepted: 2, rejected: 1 },
    workers: { total: 1, items: [{ user: ALICE, worker: 'rig', accepted: 2, work: String(2048n << 96n) }] },
    blocks: { total: 1, items: [{ hash: HASH, user: ALICE, worker: 'rig' }] },
    owed: { total: 1, items: [{ account: ALICE, balance: 4_900_000_000 }] },
  });
});

test('ledger show knows users by their names alone, and says so of one that it has no share of', async () => {
  expect(await ledger('show', '--user', 'nobody')).toMatchObject({
    code: 1,
    error: expect.stringContaining('the ledger has no share of a user nobody'),
  });
  expect((await ledger('show', '--user', `${ALICE}.rig`)).error).toContain('before the first dot');
});

test('ledger show says what is not counted yet, and what to do about a damaged database', async () => {
  const journal = await openJournal({ directory: join(dataDir, 'journal'), log: silent });
  journal.append(opened(3, 'carol'));
  await journal.close();
  const { code, out } = await ledger('show');
  expect([code, out]).toEqual([0, expect.stringContaining('behind      2 records of the journal are not counted yet')]);
  writeFileSync(join(dataDir, 'ledger.sqlite'), 'x'.repeat(9000));
  const { code: failed, error } = await ledger('show');
  expect([failed, error]).toEqual([1, expect.stringContaining('is damaged')]);
  expect(error).toContain('sv2kit ledger rebuild');
});

describe('ledger audit', () => {
  test('shows how what a block pays comes from the record', async () => {
    const { code, out } = await ledger('audit');
    expect(code).toBe(0);
    expect(out).toContain('shared by  solo');
    expect(out).toMatch(new RegExp(`${ALICE} +49.00000000 BTC`));
    expect(out).toContain('agrees with the database');
    expect(out).toContain('All 1 blocks agree.');
    const { out: json } = await ledger('audit', '--block', HASH, '--json');
    expect(JSON.parse(json)).toMatchObject({ block: HASH, differences: [], recomputed: { owedBy: 'solo' } });
  });

  test('ends with 1 and a line when there is no such block', async () => {
    const { code, error } = await ledger('audit', '--block', TXID);
    expect([code, error]).toEqual([1, expect.stringContaining('has no payouts of block')]);
    expect(await ledger('audit', '--block', 'x')).toMatchObject({ code: 2 });
  });
});

describe('ledger paid', () => {
  test('records what was paid, and no more than is due', async () => {
    expect(await ledger('paid', '--txid', TXID, ALICE, '4900000001')).toMatchObject({
      code: 1,
      error: expect.stringContaining('is more than the 49.00000000 BTC due; --anyway records it'),
    });
    expect(await ledger('paid', '--txid', TXID, ALICE, '1000000000', '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringContaining('would be recorded'),
    });
    expect(await ledger('paid', '--txid', TXID, ALICE, '1000000000', '--note', 'August')).toMatchObject({ code: 0 });
    const again = await ledger('paid', '--txid', TXID, ALICE, '1000000000');
    expect([again.code, again.error]).toEqual([
      1,
      expect.stringContaining('recorded as paid by that transaction already'),
    ]);
    await ledger('rebuild');
    expect((await ledger('show')).out).toMatch(new RegExp(`${ALICE} +39.00000000 BTC +0 sat +10.00000000 BTC`));
    expect((await ledger('export', '--csv', 'payouts')).out).toMatch(
      /\r\npayment,.*,1000000000,,,4a5e1e4b.*,August\r\n$/,
    );
  });

  test('counts payments that the database has not heard of yet: what is due is recorded as paid once', async () => {
    const [other, third] = ['aa'.repeat(32), 'bb'.repeat(32)];
    expect(await ledger('paid', '--txid', TXID, ALICE, '4900000000')).toMatchObject({ code: 0 });
    for (const dryRun of [[], ['--dry-run']]) {
      expect(await ledger('paid', '--txid', other, ALICE, '4900000000', ...dryRun)).toMatchObject({
        code: 1,
        error: expect.stringContaining('is more than the 0 sat due'),
      });
    }
    expect(await ledger('paid', '--txid', other, ALICE, '1', '--anyway')).toMatchObject({ code: 0 });
    await ledger('rebuild');
    expect(await ledger('paid', '--txid', third, ALICE, '1')).toMatchObject({ code: 1 });
  });

  test('takes the list of what is owed, which is empty from then on', async () => {
    const list = join(dataDir, 'owed.csv');
    await ledger('paid', '--txid', 'aa'.repeat(32), ALICE, '900000000');
    await ledger('export', '--csv', 'owed', '--out', list);
    expect(readFileSync(list, 'utf8')).toBe(`account,amount_satoshis\r\n${ALICE},4000000000\r\n`);
    expect(await ledger('paid', '--txid', TXID, '--from', list)).toMatchObject({
      code: 0,
      out: expect.stringContaining(ALICE),
    });
    expect((await ledger('export', '--csv', 'owed')).out).toBe('account,amount_satoshis\r\n');
    await ledger('rebuild');
    expect((await ledger('export', '--csv', 'owed')).out).toBe('account,amount_satoshis\r\n');
    expect((await ledger('export', '--csv', 'dues')).out).toContain(`${ALICE},4900000000,0,paid`);
  });

  test.each([
    [[], 2, '--txid TXID is wanted'],
    [['--txid', TXID], 2, 'ACCOUNT SATOSHIS or --from FILE is wanted'],
    [['--txid', TXID, ALICE], 2, 'SATOSHIS is wanted'],
    [['--txid', TXID, ALICE, '1.5'], 2, 'SATOSHIS is wanted'],
    [['--txid', TXID, ALICE, '-1'], 2, '-1'],
    [['--txid', TXID, ALICE, '2100000000000001', '--anyway'], 2, 'is more than there are'],
    [['--txid', TXID, '--from', '/no/file'], 1, '/no/file: cannot be read'],
  ])('%j ends with %i', async (argv, code, message) => {
    const result = await ledger('paid', ...argv);
    expect([result.code, result.error]).toEqual([code, expect.stringContaining(message)]);
  });

  test.each([
    ['account\nalice\n', 'does not name the columns'],
    ['account,amount_satoshis\n', 'there are no payments in it'],
    ['account,amount_satoshis\r\nalice,-5\r\n', 'line 2 names no account'],
  ])('refuses the list %j', async (text, message) => {
    const list = join(dataDir, 'list.csv');
    writeFileSync(list, text);
    const { code, error } = await ledger('paid', '--txid', TXID, '--from', list);
    expect([code, error]).toEqual([1, expect.stringContaining(message)]);
  });
});

test('ledger verify holds the database against the journal', async () => {
  const { code, out } = await ledger('verify');
  expect([code, out]).toEqual([0, expect.stringContaining('database  sqlite, up to record 9, 2 workers, 1 blocks')]);
});

function opened(channelKey: number, user: string): JournalRecord {
  return {
    type: 'ChannelOpened',
    timeMs,
    channelKey,
    connection: channelKey,
    channelId: 1,
    kind: 'extended',
    userIdentity: new TextEncoder().encode(user),
    extranoncePrefix: Uint8Array.of(0, 0, 1, 0, 0, 0, channelKey),
    remote: '192.0.2.1:50000',
    device: 'test',
  };
}
function refused(channelKey: number) {
  return {
    type: 'ShareRejected' as const,
    timeMs,
    channelKey,
    sequenceNumber: 1,
    jobId: 1,
    nonce: 1,
    ntime: 1,
    version: 1,
    extranonce: new Uint8Array(4),
    userIdentity: undefined,
  };
}
function shared(channelKey: number, sequenceNumber: number): JournalRecord {
  const hash = new Uint8Array(32).fill(sequenceNumber, 0, 20);
  const share = { ...refused(channelKey), type: 'ShareAccepted' as const, sequenceNumber };
  return { ...share, difficulty: 1024, hash, isBlock: false };
}
function header(): Uint8Array {
  const bytes = new Uint8Array(80);
  new DataView(bytes.buffer).setUint32(72, 0x207f_ffff, true);
  return bytes;
}

/** One input of height 101, one output to the pool. */
function coinbase(value: bigint): Uint8Array {
  const amount = new Uint8Array(8);
  new DataView(amount.buffer).setBigUint64(0, value, true);
  const script = POOL_SCRIPT;
  const input = [...new Uint8Array(32), 0xff, 0xff, 0xff, 0xff, 3, 1, 101, 0, 0xff, 0xff, 0xff, 0xff];
  return Uint8Array.of(2, 0, 0, 0, 1, ...input, 1, ...amount, script.length, ...script, 0, 0, 0, 0);
}
