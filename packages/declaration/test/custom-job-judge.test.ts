import { BIP323_MASK, encodeCountedOutputs, type TxOut } from '@sv2kit/bitcoin';
import type { SetCustomMiningJob } from '@sv2kit/codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CustomJobJudge, tokenVerifier } from '../src/index.ts';
import {
  ALICE,
  allocatedToken,
  BOB,
  COMMITMENT_OUTPUT,
  customJob,
  declaredToken,
  EXTRANONCE,
  HEIGHT,
  honestOutputs,
  KEY,
  MARK,
  MIN_NTIME,
  MINER,
  NBITS,
  NOW,
  NOW_MS,
  OTHER_HASH,
  PAYOUT,
  PREV_HASH,
  scriptFor,
  SUBSIDY,
  TERMS,
  tip,
  VALUE,
} from './support.ts';

function judge(): CustomJobJudge {
  const judge = new CustomJobJudge({ ...TERMS, verifier: tokenVerifier(KEY), network: 'regtest' });
  judge.tip(tip());
  return judge;
}
const request = (message: SetCustomMiningJob, channelKeys = [1], userIdentity = ALICE) => ({
  message,
  userIdentity,
  channelKeys,
  fullExtranonceSize: EXTRANONCE,
  nowMs: NOW_MS,
});
const refused = (code: string) => ({ kind: 'refused', code });

/** A job whose token commits to these very outputs. */
const paying = (outputs: readonly TxOut[], value = VALUE) =>
  customJob({ miningJobToken: declaredToken({ outputs, value }), coinbaseTxOutputs: encodeCountedOutputs(outputs) });
const blind = (overrides: Partial<SetCustomMiningJob> = {}) =>
  customJob({ miningJobToken: allocatedToken('coinbase-only'), ...overrides });
const blindPaying = (outputs: readonly TxOut[]) => blind({ coinbaseTxOutputs: encodeCountedOutputs(outputs) });

describe('a pool that is asked to pay for a custom job (§5.3.18)', () => {
  test('accepts a declared job on its tip', () => {
    expect(judge().judge(request(customJob({ minNtime: MIN_NTIME + 5 })))).toEqual({
      kind: 'accepted',
      mode: 'full-template',
      tokenId: new Uint8Array(16).fill(9),
      tip: { prevHash: PREV_HASH, nbits: NBITS, minNtime: MIN_NTIME + 5, target: tip().target },
      credit: 1,
      payout: VALUE,
      value: VALUE,
      height: HEIGHT,
    });
  });

  test('accepts a job of which it sees the coinbase alone (§6.3.1)', () => {
    expect(judge().judge(request(blind()))).toMatchObject({ kind: 'accepted', mode: 'coinbase-only', credit: 1 });
  });

  test.each([
    { name: 'a version of before BIP65', change: { version: 3 }, code: 'invalid-version' },
    { name: 'a negative version', change: { version: 0x80000000 }, code: 'invalid-version' },
    { name: 'another difficulty', change: { nbits: 0x1d00ffff }, code: 'invalid-nbits' },
    { name: 'a time below the median', change: { minNtime: MIN_NTIME - 1 }, code: 'invalid-min-ntime' },
    { name: 'a time hours ahead', change: { minNtime: NOW + 7141 }, code: 'invalid-min-ntime' },
    { name: 'the height after', change: { coinbasePrefix: scriptFor(HEIGHT + 1) }, code: 'invalid-coinbase-prefix' },
    { name: 'no height', change: { coinbasePrefix: Uint8Array.of(EXTRANONCE) }, code: 'invalid-coinbase-prefix' },
    {
      name: 'an extranonce under no push opcode of its own',
      change: { coinbasePrefix: scriptFor().subarray(0, -1) },
      code: 'invalid-coinbase-prefix',
    },
    {
      name: 'a scriptSig that is too long and well formed',
      change: { coinbasePrefix: Uint8Array.of(2, 44, 1, 75, ...new Uint8Array(75), 1, 9, EXTRANONCE) },
      code: 'invalid-coinbase-tx',
    },
    {
      name: 'a lock time that is not over',
      change: { coinbaseTxLocktime: HEIGHT },
      code: 'invalid-coinbase-tx-locktime',
    },
    {
      name: 'a path of more transactions than a block holds',
      change: { merklePath: Array.from({ length: 17 }, () => PREV_HASH) },
      code: 'invalid-merkle-path',
    },
    { name: 'outputs that end early', change: { coinbaseTxOutputs: Uint8Array.of(1, 2) }, code: 'invalid-coinbase-tx' },
  ])('refuses $name: $code', ({ change, code }) => {
    expect(judge().judge(request(blind(change)))).toEqual(refused(code));
  });

  test('refuses sigops that no block may have', () => {
    const script = new Uint8Array(20_001).fill(0xac);
    expect(judge().judge(request(blindPaying([...honestOutputs(), { value: 0n, script }])))).toEqual(
      refused('invalid-coinbase-tx'),
    );
  });

  test('uses a token once per channel, and only by a job that it accepts', () => {
    const pool = judge();
    expect(pool.judge(request(customJob({ nbits: 1 })))).toEqual(refused('invalid-nbits'));
    expect(pool.judge(request(customJob(), [1, 2])).kind).toBe('accepted');
    expect(pool.judge(request(customJob(), [2, 3]))).toEqual(refused('invalid-mining-job-token'));
    expect(pool.judge(request(customJob(), [3])).kind).toBe('accepted');
  });

  test("refuses another user's token", () => {
    expect(judge().judge(request(customJob(), [1], BOB))).toEqual(refused('invalid-mining-job-token'));
  });
});

describe('the tip of a custom job (§5.3.18)', () => {
  test('that nobody has named is waited for', () => {
    const pool = new CustomJobJudge({ ...TERMS, verifier: tokenVerifier(KEY), network: 'regtest' });
    expect(pool.judge(request(customJob()))).toEqual({ kind: 'unseen-tip' });
    pool.tip(tip());
    expect(pool.judge(request(customJob())).kind).toBe('accepted');
  });

  test('that is waited for is looked at again, and its token only when there is a tip for it', () => {
    const verifier = tokenVerifier(KEY);
    let verified = 0;
    const counting: typeof verifier = { verify: (...all) => ((verified += 1), verifier.verify(...all)) };
    const pool = new CustomJobJudge({ ...TERMS, verifier: counting, network: 'regtest' });
    const waiting = request(customJob());
    for (let i = 0; i < 5; i += 1) expect(pool.judge(waiting)).toEqual({ kind: 'unseen-tip' });
    pool.tip(tip(OTHER_HASH));
    expect(pool.judge(waiting)).toEqual({ kind: 'unseen-tip' });
    expect(verified).toBe(1);
    pool.tip(tip());
    expect(pool.judge({ ...waiting, userIdentity: BOB })).toEqual(refused('invalid-mining-job-token'));
    expect(pool.judge(waiting).kind).toBe('accepted');
  });

  test('that has passed is stale, verbatim', () => {
    const pool = judge();
    pool.tip(tip(OTHER_HASH, HEIGHT + 1));
    expect(pool.judge(request(customJob()))).toEqual(refused('stale-chain-tip'));
  });

  test('that is unknown and of a lower height is stale, not waited for', () => {
    const pool = new CustomJobJudge({ ...TERMS, verifier: tokenVerifier(KEY), network: 'regtest' });
    pool.tip(tip(OTHER_HASH, HEIGHT + 1));
    expect(pool.judge(request(customJob()))).toEqual(refused('stale-chain-tip'));
  });

  test('may be either of two of one height, and a source that is behind changes nothing', () => {
    const pool = judge();
    pool.tip(tip(OTHER_HASH));
    pool.tip(tip(new Uint8Array(32), HEIGHT - 1));
    expect(pool.judge(request(customJob())).kind).toBe('accepted');
    expect(pool.judge(request(blind({ prevHash: OTHER_HASH }))).kind).toBe('accepted');
  });

  test('is live when it is the one named last, although the chain was higher before it was reorganised', () => {
    const pool = judge();
    pool.tip(tip(OTHER_HASH, HEIGHT + 1));
    expect(pool.judge(request(customJob()))).toEqual(refused('stale-chain-tip'));
    pool.tip(tip());
    expect(pool.judge(request(customJob())).kind).toBe('accepted');
    const rival = blind({ prevHash: new Uint8Array(32).fill(3), coinbasePrefix: scriptFor(HEIGHT) });
    expect(pool.judge(request(rival))).toEqual({ kind: 'unseen-tip' });
  });

  test('keeps its median time when a source without one names it again', () => {
    const pool = judge();
    pool.tip({ ...tip(), minNtime: undefined });
    expect(pool.judge(request(blind({ minNtime: MIN_NTIME - 1 })))).toEqual(refused('invalid-min-ntime'));
  });
});

describe('what a custom job pays the pool (§6.4.3)', () => {
  test.each([
    { name: 'no payout output', outputs: [{ value: VALUE, script: MINER }, MARK], code: 'missing-pool-payout' },
    { name: 'a payout output of zero', outputs: honestOutputs(0n), code: 'missing-pool-payout' },
    { name: 'a required output missing', outputs: [{ value: VALUE, script: PAYOUT }], code: 'missing-pool-outputs' },
    {
      name: 'a required output with a value',
      outputs: [
        { value: VALUE - 1n, script: PAYOUT },
        { value: 1n, script: MARK.script },
      ],
      code: 'missing-pool-outputs',
    },
    {
      name: 'less than half of the verified value',
      outputs: honestOutputs(VALUE / 2n - 1n),
      code: 'pool-payout-too-low',
    },
  ])('$name: $code', ({ outputs, code }) => {
    expect(judge().judge(request(paying(outputs)))).toEqual(refused(code));
  });

  test('may stand anywhere among the outputs (example A)', () => {
    const outputs = [
      { value: 0n, script: Uint8Array.of(0x6a) },
      MARK,
      { value: VALUE, script: PAYOUT },
      COMMITMENT_OUTPUT,
    ];
    expect(judge().judge(request(paying(outputs)))).toMatchObject({ kind: 'accepted', credit: 1 });
  });

  test('is credited in proportion (example B)', () => {
    const outputs = [{ value: VALUE / 4n, script: MINER }, ...honestOutputs((VALUE * 3n) / 4n)];
    const verdict = judge().judge(request(paying(outputs)));
    expect(verdict).toMatchObject({ kind: 'accepted', credit: 0.75 });
  });

  test('is held to the fees that were verified, not to those that the coinbase claims', () => {
    const half = honestOutputs(SUBSIDY);
    expect(judge().judge(request(paying(half, SUBSIDY * 2n)))).toMatchObject({ kind: 'accepted', credit: 0.5 });
    expect(judge().judge(request(paying(half, SUBSIDY * 2n + 1n)))).toEqual(refused('pool-payout-too-low'));
  });

  test('is held to the subsidy where the fees are not known', () => {
    expect(judge().judge(request(blindPaying(honestOutputs(SUBSIDY / 2n))))).toMatchObject({ credit: 0.5 });
    expect(judge().judge(request(blindPaying(honestOutputs(SUBSIDY / 2n - 1n))))).toEqual(
      refused('pool-payout-too-low'),
    );
  });

  test('is never credited for anything but what was declared, whatever field a liar changes', () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    const change = fc.oneof(
      fc.record({ version: u32 }),
      fc.record({ prevHash: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
      fc.record({ minNtime: u32 }),
      fc.record({ nbits: u32 }),
      fc.record({ coinbaseTxVersion: u32 }),
      fc.record({ coinbasePrefix: bytes(100) }),
      fc.record({ coinbaseTxInputNSequence: u32 }),
      fc.record({ coinbaseTxOutputs: bytes(200) }),
      fc.record({ coinbaseTxLocktime: u32 }),
      fc.record({ merklePath: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 3 }) }),
      fc.record({ miningJobToken: bytes(255) }),
    );
    fc.assert(
      fc.property(change, (lie) => {
        const declared = customJob();
        const verdict = judge().judge(request({ ...declared, ...lie }));
        if (verdict.kind !== 'accepted') return;
        const {
          version = declared.version,
          minNtime = declared.minNtime,
          ...rest
        } = lie as Partial<SetCustomMiningJob>;
        expect((version ^ declared.version) & ~BIP323_MASK).toBe(0);
        expect(minNtime).toBeGreaterThanOrEqual(MIN_NTIME);
        expect({ ...declared, ...rest }).toEqual(declared);
      }),
      { numRuns: 1000 },
    );
  });

  test('never yields a credit above its share of what the coinbase pays out, in any order', () => {
    const amount = fc.bigInt({ min: 0n, max: SUBSIDY * 2n });
    fc.assert(
      fc.property(amount, fc.array(amount, { maxLength: 4 }), fc.nat({ max: 100 }), (payout, others, turn) => {
        const all = [
          ...honestOutputs(payout),
          ...others.map((value, index) => ({ value, script: Uint8Array.of(0x51, index) })),
        ];
        const outputs = [...all.slice(turn % all.length), ...all.slice(0, turn % all.length)];
        const verdict = judge().judge(request(blindPaying(outputs)));
        const total = outputs.reduce((sum, { value }) => sum + value, 0n);
        const worth = total > SUBSIDY ? total : SUBSIDY;
        if (verdict.kind !== 'accepted') {
          expect(payout * 2n < worth).toBe(true);
          return;
        }
        expect(verdict.credit).toBeLessThanOrEqual(1);
        expect(verdict.credit).toBeCloseTo(Number(payout) / Number(worth), 9);
      }),
    );
  });
});
