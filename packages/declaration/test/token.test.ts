import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitTo, openToken, sealToken, tokenVerifier, userDigest } from '../src/index.ts';
import {
  ALICE,
  allocatedToken,
  BOB,
  customJob,
  declaredToken,
  KEY,
  MIN_NTIME,
  NOW,
  OTHER_HASH,
  VALUE,
  VERSION,
} from './support.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const commitment = fc
  .record({
    version: u32,
    prevHash: hash,
    nbits: u32,
    minNtime: u32,
    coinbaseTxVersion: u32,
    sequence: u32,
    locktime: u32,
    coinbasePrefix: fc.uint8Array({ maxLength: 100 }),
    countedOutputs: fc.uint8Array({ maxLength: 200 }),
    merklePath: fc.array(hash, { maxLength: 14 }),
    value: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  })
  .map(commitTo);
const claims = fc.oneof(
  fc.record({
    id,
    mode: fc.constantFrom('full-template' as const, 'coinbase-only' as const),
    user: id,
    expires: u32,
    commitment: fc.constant(undefined),
  }),
  fc.record({ id, mode: fc.constant('full-template' as const), user: id, expires: u32, commitment }),
);

describe('tokens (§6.4.3, §6.4.5)', () => {
  test('say what they were made to say, in at most 255 bytes', () => {
    fc.assert(
      fc.property(claims, (said) => {
        const token = sealToken(KEY, said);
        expect(token.length).toBeLessThanOrEqual(255);
        expect(openToken(KEY, token)).toEqual(said);
      }),
    );
  });

  test('say nothing once a bit of them is changed, a byte is missing or added, or with another key', () => {
    fc.assert(
      fc.property(claims, fc.nat(), fc.nat({ max: 7 }), (said, at, bit) => {
        const token = sealToken(KEY, said);
        const changed = token.slice();
        const index = at % token.length;
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        expect(openToken(KEY, changed)).toBeUndefined();
        expect(openToken(KEY, token.subarray(1))).toBeUndefined();
        expect(openToken(KEY, Uint8Array.of(...token, 0))).toBeUndefined();
        expect(openToken(new Uint8Array(32), token)).toBeUndefined();
      }),
    );
  });

  test('keep their form: what one process wrote another reads (vector)', () => {
    const token = sealToken(new Uint8Array(32).fill(7), {
      id: new Uint8Array(16).fill(1),
      mode: 'coinbase-only',
      user: new Uint8Array(16).fill(2),
      expires: 0x01020304,
      commitment: undefined,
    });
    const text = Array.from(token, (byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(text.slice(0, 74)).toBe(`10${'01'.repeat(16)}${'02'.repeat(16)}04030201`);
    expect(token).toHaveLength(69);
    expect(declaredToken()).toHaveLength(229);
  });

  test('are for a user, whatever the worker', () => {
    const text = (value: string) => new TextEncoder().encode(value);
    expect(userDigest(text('alice.rig1'))).toEqual(userDigest(text('alice')));
    expect(userDigest(text('alice'))).not.toEqual(userDigest(text('alicf')));
  });
});

describe('a verifier that shares the key (§6.4.5)', () => {
  const verifier = tokenVerifier(KEY);
  const verdict = (overrides = {}, user = ALICE, now = NOW) => verifier.verify(customJob(overrides), user, now);

  test('vouches for the job that was declared, with its verified value', () => {
    expect(verdict()).toEqual({
      kind: 'verified',
      mode: 'full-template',
      tokenId: new Uint8Array(16).fill(9),
      expires: NOW + 60,
      value: VALUE,
      minNtime: MIN_NTIME,
    });
  });

  test('vouches for a coinbase-only token, and for no value', () => {
    expect(verdict({ miningJobToken: allocatedToken('coinbase-only') })).toMatchObject({
      kind: 'verified',
      mode: 'coinbase-only',
      value: undefined,
      minNtime: undefined,
    });
  });

  test.each([
    { name: 'the version differs in bits that BIP323 frees', change: { version: VERSION | 0x1fffffe0 } },
    { name: 'the ntime starts later', change: { minNtime: MIN_NTIME + 600 } },
  ])('still vouches when $name', ({ change }) => {
    expect(verdict(change).kind).toBe('verified');
  });

  test.each([
    { code: 'stale-chain-tip', change: { prevHash: OTHER_HASH } },
    { code: 'invalid-version', change: { version: VERSION + 1 } },
    { code: 'invalid-nbits', change: { nbits: 0x1d00ffff } },
    { code: 'invalid-min-ntime', change: { minNtime: MIN_NTIME - 1 } },
    { code: 'invalid-coinbase-tx-version', change: { coinbaseTxVersion: 1 } },
    { code: 'invalid-coinbase-prefix', change: { coinbasePrefix: Uint8Array.of(1, 20) } },
    { code: 'invalid-coinbase-tx-input-n-sequence', change: { coinbaseTxInputNSequence: 0 } },
    { code: 'invalid-coinbase-tx-outputs', change: { coinbaseTxOutputs: Uint8Array.of(0) } },
    { code: 'invalid-coinbase-tx-locktime', change: { coinbaseTxLocktime: 0 } },
    { code: 'invalid-merkle-path', change: { merklePath: [] } },
  ])('names each disagreement with what was declared: $code', ({ code, change }) => {
    expect(verdict(change)).toEqual({ kind: 'refused', code });
  });

  test.each([
    { name: 'of another user', token: declaredToken(), user: BOB, now: NOW },
    { name: 'that has just expired', token: declaredToken(), user: ALICE, now: NOW + 60 },
    { name: 'that nobody made', token: new Uint8Array(229), user: ALICE, now: NOW },
    { name: 'of no bytes', token: new Uint8Array(0), user: ALICE, now: NOW },
  ])('refuses a token $name', ({ token, user, now }) => {
    expect(verdict({ miningJobToken: token }, user, now)).toEqual({
      kind: 'refused',
      code: 'invalid-mining-job-token',
    });
  });

  test('refuses a job that was to be declared and was not (§6.3.2)', () => {
    const miningJobToken = allocatedToken('full-template');
    expect(verdict({ miningJobToken })).toEqual({ kind: 'refused', code: 'job-not-yet-validated' });
  });
});
