import {
  addressFromScript,
  encodeOutputs,
  outputSigops,
  scriptFromAddress,
  targetFromDifficulty,
  type TxOut,
} from '@sv2kit/bitcoin';
import { parseConfig } from '@sv2kit/daemon';
import type { Distribution } from '@sv2kit/ledger';
import { decodeSplit, parseUser, Split } from '@sv2kit/payout';
import { describe, expect, test } from 'vitest';
import { poolConfig } from '../src/index.ts';
import { openPayouts } from '../src/payout/open-payouts.ts';
import { TermsRecord } from '../src/payout/terms-record.ts';
import { userPolicy } from '../src/users.ts';
import { payoutsDeps, type PayoutsWorld } from './payouts-support.ts';

const POOL = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const ALICE = 'bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6';
const BOB = '2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm';
const script = (address: string) => scriptFromAddress(address, 'regtest');
const POOL_SCRIPT = script(POOL);
const TIP = { target: targetFromDifficulty(4) };

function open(toml: string, world: PayoutsWorld = payoutsDeps()) {
  const lines = `chain = "regtest"
[[template_providers]]
url = "stratum2+tcp://127.0.0.1:8442/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh"
[coinbase]
address = "${POOL}"
[payout]
${toml}`;
  return openPayouts(parseConfig(poolConfig, lines, { name: 'pool' }), world);
}

const outputsOf = (payouts: ReturnType<typeof open>, identity: string, value: bigint): readonly TxOut[] | undefined =>
  payouts.payoutOf(parseUser(identity, 'regtest'))?.outputs(value);

const found = (...weights: readonly (readonly [string, bigint])[]): Distribution => ({
  position: 77,
  weights: weights.map(([account, work]) => ({ account, donation: 0, work })),
  work: weights.reduce((sum, [, work]) => sum + work, 0n),
  full: true,
});

/** Lets questions be answered. */
const answered = () => new Promise((resolve) => setImmediate(resolve));

describe('terms', () => {
  test('are in the journal before anything else, and again every day', () => {
    const world = payoutsDeps();
    const { terms } = open('mode = "pplns"\nfee = 1.5\nwindow = 8\nconfirmations = 6', world);
    const record = new TermsRecord(terms, world);
    const recorded = {
      type: 'PayoutTerms',
      timeMs: world.nowMs,
      mode: 'pplns',
      feePpm: 15_000,
      window: 8,
      confirmations: 6,
      poolScript: POOL_SCRIPT,
      chain: 'regtest',
    };
    expect(world.records).toEqual([recorded]);
    record.tick();
    world.nowMs += 86_400_000;
    record.tick();
    expect(world.records).toEqual([recorded, { ...recorded, timeMs: world.nowMs }]);
  });

  test('are written once the journal takes them', () => {
    const world = payoutsDeps();
    world.journalTakes = false;
    new TermsRecord(open('mode = "solo"', world).terms, world);
    world.journalWorksAgain();
    world.journalWorksAgain();
    expect(world.records.map(({ type }) => type)).toEqual(['PayoutTerms']);
  });
});

describe('solo', () => {
  test('pays each channel’s own address, less fee and donation', () => {
    const payouts = open('mode = "solo"\nfee = 1');
    expect(outputsOf(payouts, `${ALICE}.rig`, 100_000n)).toEqual([
      { value: 1_000n, script: POOL_SCRIPT },
      { value: 99_000n, script: script(ALICE) },
    ]);
    expect(outputsOf(payouts, `sri/donate/10/${BOB}/rig`, 100_000n)).toEqual([
      { value: 10_900n, script: POOL_SCRIPT },
      { value: 89_100n, script: script(BOB) },
    ]);
    expect(outputsOf(payouts, 'sri/donate/rig', 100_000n)).toEqual([{ value: 100_000n, script: POOL_SCRIPT }]);
  });

  test('without a fee pays all of it to sri/solo, as translators of the reference implementation check', () => {
    const payouts = open('mode = "solo"');
    expect(outputsOf(payouts, `sri/solo/${ALICE}/rig`, 5_000_000_000n)).toEqual([
      { value: 5_000_000_000n, script: script(ALICE) },
    ]);
  });

  test('channels of one address share their jobs, others do not', () => {
    const payouts = open('mode = "solo"');
    const id = (identity: string) => payouts.payoutOf(parseUser(identity, 'regtest'))?.id;
    expect(id(`${ALICE}.one`)).toBe(id(`sri/solo/${ALICE}/two`));
    expect(new Set([id(ALICE), id(BOB), id('sri/donate'), id(`sri/donate/1/${ALICE}`)]).size).toBe(4);
  });

  test.each(['alice', 'sri/solo/alice/rig', 'sri/donate/50', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'])(
    '%s can have no channel (§5.3.2)',
    (identity) => {
      const payouts = open('mode = "solo"');
      const admit = userPolicy({ policy: 'open', allow: [] }, 'regtest', (user) => payouts.payoutOf(user));
      const request = { userIdentity: new TextEncoder().encode(identity) } as Parameters<typeof admit>[0];
      expect(admit(request)).toEqual({ kind: 'refused', code: 'invalid-user-identity' });
    },
  );

  test('any address fits the room that was asked for (§7.1)', () => {
    const payouts = open('mode = "solo"\nfee = 1');
    const longest = addressFromScript(Uint8Array.of(0x60, 0x28, ...new Uint8Array(40)), 'regtest') ?? '';
    for (const address of [ALICE, BOB, longest, 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn']) {
      const outputs = outputsOf(payouts, address, 100_000n) ?? [];
      expect(outputs).toHaveLength(2);
      expect(encodeOutputs(outputs).length).toBeLessThanOrEqual(payouts.constraints.coinbaseOutputMaxAdditionalSize);
      expect(outputSigops(outputs)).toBeLessThanOrEqual(payouts.constraints.coinbaseOutputMaxAdditionalSigops);
    }
  });
});

describe('PPLNS', () => {
  test('before there is any work everything goes to the pool', async () => {
    const world = payoutsDeps();
    const payouts = open('mode = "pplns"', world);
    payouts.tip(TIP);
    await answered();
    expect(outputsOf(payouts, ALICE, 100n)).toEqual([{ value: 100n, script: POOL_SCRIPT }]);
    expect(world.renewals).toBe(0);
    expect(world.said.at(-1)).toBe('ok');
  });

  test('pays by the work of the window at every tip; the split is in the journal before jobs carry it', async () => {
    const world = payoutsDeps();
    const payouts = open('mode = "pplns"\nfee = 2', world);
    const order: string[] = [];
    const { append } = world.journal;
    world.journal.append = (record) => {
      order.push(record.type);
      return append(record);
    };
    const pool = { ...world, renew: () => void order.push('renew') };
    world.answer = async () => found([ALICE, 3n], [BOB, 1n]);
    const renewing = open('mode = "pplns"\nfee = 2', pool);
    payouts.tip(TIP);
    renewing.tip(TIP);
    await answered();
    expect(order).toEqual(['PayoutSplit', 'PayoutSplit', 'renew']);
    expect(world.asked[0]).toEqual({ window: 2, networkDifficulty: 4 });
    expect(outputsOf(renewing, 'carol', 1_000_000n)).toEqual([
      { value: 20_000n, script: POOL_SCRIPT },
      { value: 735_000n, script: script(ALICE) },
      { value: 245_000n, script: script(BOB) },
    ]);
  });

  test('the recorded split makes the same outputs', async () => {
    const world = payoutsDeps();
    world.answer = async () => found([ALICE, 3n ** 90n], ['carol', 2n ** 100n], [BOB, 1n]);
    const payouts = open('mode = "pplns"\nfee = 0.3333', world);
    payouts.tip(TIP);
    await answered();
    const record = world.records.at(-1);
    if (record?.type !== 'PayoutSplit') throw new Error('no split was recorded');
    expect(record).toMatchObject({ splitId: 1, position: 77 });
    const split = new Split({ ...decodeSplit(record.entries, 'regtest'), terms: payouts.terms });
    expect(outputsOf(payouts, ALICE, 312_512_345n)).toEqual(split.of(312_512_345n).outputs);
  });

  test('is looked up anew every 30 seconds; the same again is no news', async () => {
    const world = payoutsDeps();
    world.answer = async () => found([ALICE, 1n]);
    const payouts = open('mode = "pplns"', world);
    payouts.tip(TIP);
    await answered();
    payouts.tick();
    world.nowMs += 30_000;
    payouts.tick();
    await answered();
    expect(world.asked.length).toBe(2);
    expect(world.renewals).toBe(1);
  });

  test('is renewed less often between tips where there are many accounts: each split is a record of all of them', async () => {
    const world = payoutsDeps();
    const many = Array.from({ length: 10_000 }, (_, n) => [`miner${n}`, 1n] as const);
    world.answer = async () => found([ALICE, 20_000n], ...many);
    const payouts = open('mode = "pplns"', world);
    payouts.tip(TIP);
    await answered();
    world.nowMs += 45_000;
    payouts.tick();
    await answered();
    expect(world.asked.length).toBe(1);
    world.nowMs += 15_000;
    payouts.tick();
    payouts.tip(TIP);
    await answered();
    expect(world.asked.length).toBe(3);
  });

  test('a tip while a question is under way is asked about behind it', async () => {
    const world = payoutsDeps();
    const first = Promise.withResolvers<Distribution>();
    world.answer = () => first.promise;
    const payouts = open('mode = "pplns"', world);
    payouts.tip(TIP);
    payouts.tip(TIP);
    payouts.tip({ target: targetFromDifficulty(8) });
    world.answer = async () => found([BOB, 1n]);
    first.resolve(found([ALICE, 1n]));
    await answered();
    expect(world.asked.map(({ networkDifficulty }) => networkDifficulty)).toEqual([4, 8]);
    expect(outputsOf(payouts, ALICE, 100_000n)).toEqual([{ value: 100_000n, script: script(BOB) }]);
  });

  test('a start without a split is no news unless the database takes a while', async () => {
    const world = payoutsDeps();
    world.state = 'behind';
    const payouts = open('mode = "pplns"', world);
    payouts.tip(TIP);
    await answered();
    expect(world.said).toEqual(['ok']);
    world.nowMs += 2_000;
    payouts.tick();
    await answered();
    expect(world.said.at(-1)).toBe('coinbases pay the pool alone, no split is known yet: the database is behind');
  });

  test.each(['away', 'behind', 'throws'] as const)('while the database is %s the last split stays', async (how) => {
    const world = payoutsDeps();
    world.answer = async () => found([ALICE, 1n]);
    const payouts = open('mode = "pplns"', world);
    payouts.tip(TIP);
    await answered();
    world.answer = async () => (how === 'throws' ? Promise.reject(new Error('no answer')) : found([BOB, 1n]));
    if (how !== 'throws') world.state = how;
    payouts.tip(TIP);
    await answered();
    expect(outputsOf(payouts, ALICE, 100_000n)).toEqual([{ value: 100_000n, script: script(ALICE) }]);
    expect(world.said.at(-1)).toMatch(/^coinbases keep their last split/);
    world.state = 'ok';
    world.answer = async () => found([BOB, 1n]);
    payouts.tick();
    world.nowMs += 2_000;
    payouts.tick();
    await answered();
    expect(outputsOf(payouts, ALICE, 100_000n)).toEqual([{ value: 100_000n, script: script(BOB) }]);
    expect(world.said.at(-1)).toBe('ok');
  });

  test('a split that the journal does not take is not paid by', async () => {
    const world = payoutsDeps();
    const payouts = open('mode = "pplns"', world);
    world.answer = async () => found([ALICE, 1n]);
    world.journalTakes = false;
    payouts.tip(TIP);
    await answered();
    expect(outputsOf(payouts, ALICE, 100_000n)).toEqual([{ value: 100_000n, script: POOL_SCRIPT }]);
    expect(world.renewals).toBe(0);
  });

  test('where nobody can be paid directly, jobs stay what they are', async () => {
    const world = payoutsDeps();
    world.answer = async () => found(['carol', 1n]);
    const payouts = open('mode = "pplns"', world);
    payouts.tip(TIP);
    await answered();
    expect(world.records).toEqual([]);
    expect(world.renewals).toBe(0);
  });

  test('asks for room for most_outputs (§7.1)', () => {
    const payouts = open('mode = "pplns"\nmost_outputs = 13');
    expect(payouts.constraints).toEqual({
      coinbaseOutputMaxAdditionalSize: 31 + 12 * 43,
      coinbaseOutputMaxAdditionalSigops: 48,
    });
  });

  test('outside the coinbase everything is owed by the pool’s output', async () => {
    const world = payoutsDeps();
    world.answer = async () => found([ALICE, 1n]);
    const payouts = open('mode = "pplns"\nin_coinbase = false', world);
    payouts.tip(TIP);
    await answered();
    expect(outputsOf(payouts, ALICE, 100_000n)).toEqual([{ value: 100_000n, script: POOL_SCRIPT }]);
    expect(outputsOf(payouts, 'sri/solo/alice', 1n)).toBeUndefined();
    expect(world.asked).toEqual([]);
  });
});
