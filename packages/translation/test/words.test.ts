import { fromUtf8, utf8 } from '@sv2kit/codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  channelIdentity,
  coinbaseFits,
  extranonce2Fits,
  FIRMWARE_PROFILES,
  profileOf,
  TranslatedJob,
  workerOf,
} from '../src/index.ts';
import { coinbase, NOW, spaceOf, workOf } from './support.ts';

describe("a share's worker (extension 0x0002)", () => {
  test.each([
    ['account.rig1', 'rig1'],
    ['account.rig1.left', 'rig1.left'],
    ['account_rig1', 'rig1'],
    ['.rig1', 'rig1'],
    ['account%2Erig1', 'rig1'],
    ['account', 'account'],
    ['account.', 'account'],
    ['', 'miner7'],
    ['.', 'miner7'],
    [`a.${'x'.repeat(40)}`, 'x'.repeat(32)],
    [`a.${'x'.repeat(31)}é`, 'x'.repeat(31)],
    [`a.${'x'.repeat(30)}é`, `${'x'.repeat(30)}é`],
    [`a.${'🐳'.repeat(9)}`, '🐳'.repeat(8)],
  ])('of %j is %j', (username, worker) => {
    expect(fromUtf8(workerOf(username, 7))).toBe(worker);
  });

  test('is UTF-8 of at most 32 bytes, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'é', '🐳', '\ud800', '.', '_', '%', '\u0000'), maxLength: 80 }),
        fc.nat(65_535),
        (username, number) => {
          const worker = workerOf(username, number);
          expect(worker.length).toBeLessThanOrEqual(32);
          expect(worker.length).toBeGreaterThan(0);
          expect(utf8(fromUtf8(worker))).toEqual(worker);
        },
      ),
    );
  });
});

describe("a miner's channel is opened (§5.3.4)", () => {
  test.each([
    ['alice', 'account.rig1', 'alice.rig1'],
    ['alice', 'account', 'alice.miner7'],
    ['alice', '', 'alice.miner7'],
    ['alice', `a.${'x'.repeat(40)}`, `alice.${'x'.repeat(32)}`],
    [undefined, 'account.rig1', 'account.rig1'],
    [undefined, '', ''],
  ])('under the account %j for the user %j as %j', (account, username, identity) => {
    expect(fromUtf8(channelIdentity(account, username, 7))).toBe(identity);
  });

  test('as at most 255 bytes of UTF-8', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 300 });
    fc.assert(
      fc.property(fc.option(name, { nil: undefined }), name, (account, username) => {
        const identity = channelIdentity(account, username, 65_535);
        expect(identity.length).toBeLessThanOrEqual(255);
        expect(utf8(fromUtf8(identity))).toEqual(identity);
      }),
    );
  });
});

describe('a user agent', () => {
  test.each([
    ['bitaxe/BM1370/v2.9.0', 'bitaxe'],
    ['NerdQAxe++/v1.0', 'bitaxe'],
    ['NerdMinerV2', 'nerdminer'],
    ['cpuminer/2.5.1', 'cpu'],
    ['sv2kit-mining-device/CPU', 'cpu'],
    ['Antminer S21/Thu', 'antminer-s21'],
    ['Antminer S19k Pro/Mon', 'antminer'],
    ['bmminer/2.0.0', 'antminer'],
    ['whatsminer/v1.1', 'whatsminer'],
    ['btminer', 'whatsminer'],
    ['some bosminer-plus-tuner 0.2', 'braiins'],
    ['xminer-1.2.3', 'vnish'],
    ['PowerPlay-BM/1.0', 'epic'],
    ['NiceHash/1.0.0', 'nicehash'],
    ['cgminer/4.11.1', 'cgminer'],
    ['', 'unknown'],
    ['\u0000', 'unknown'],
  ])('%j is taken for %s', (userAgent, family) => {
    expect(profileOf(userAgent).family).toBe(family);
  });

  test('has the Antminer form of coinbase where nothing is known', () => {
    const work = workOf();
    const size = TranslatedJob.of(work, '1', NOW).coinbaseSize(spaceOf());
    const { prefix, suffix } = coinbase();
    expect(size).toBe(prefix.length + 12 + suffix.length);
    expect(coinbaseFits(size, profileOf(''))).toBeUndefined();
    expect(coinbaseFits(751, profileOf(''))).toEqual({ kind: 'coinbase-too-large', size: 751, limit: 750 });
    expect(coinbaseFits(751, profileOf('Antminer S21/x'))).toBeUndefined();
  });

  test('may want an extranonce2 of another size', () => {
    expect(extranonce2Fits(9, profileOf('whatsminer/v1'))).toEqual({
      kind: 'extranonce2-size',
      size: 9,
      least: 1,
      most: 8,
    });
    expect(extranonce2Fits(4, profileOf('whatsminer/v1'))).toBeUndefined();
    expect(extranonce2Fits(4, profileOf('Braiins Hashpower'))).toMatchObject({ least: 7 });
  });

  test('starts every family where it says itself', () => {
    for (const profile of FIRMWARE_PROFILES) {
      expect(profile.startDifficulty).toBeGreaterThanOrEqual(profile.leastDifficulty);
      expect(Number.isInteger(Math.log2(profile.startDifficulty))).toBe(true);
      for (const agent of profile.agents) expect(agent).toBe(agent.toLowerCase());
    }
  });
});
