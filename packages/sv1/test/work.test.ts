import {
  difficultyFromTarget,
  displayHash,
  encodeHeader,
  fromDisplayHash,
  hashHeader,
  MAX_TARGET,
  targetFromDifficulty,
  compareTargets,
} from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  floorPowerOfTwo,
  headerOf,
  minerDifficulty,
  type Notify,
  readLine,
  readMinerRequest,
  readPoolMessage,
  rolledVersion,
  rolledVersionByDifference,
  type ShareReading,
  shareOf,
  type Submit,
  submitOf,
  Sv1JobIds,
  swapWords,
  writeDifficulty,
} from '../src/index.ts';
import { bytesOf, JOB, line, textOf } from './builders.ts';

/** A share that a pool took in September 2012, as its protocol's first description prints it. */
const SLUSH = {
  notify:
    '{"params": ["bf", "4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000", "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff20020862062f503253482f04b8864e5008", "072f736c7573682f000000000100f2052a010000001976a914d23fcdf86f7e756a64a7a9688ef9903327048ed988ac00000000", [], "00000002", "1c2ac4af", "504e86b9", false], "id": null, "method": "mining.notify"}',
  submit: '{"params": ["slush.miner1", "bf", "00000001", "504e86ed", "b2957c02"], "id": 4, "method": "mining.submit"}',
  extranonce1: Uint8Array.of(8, 0, 0, 2),
  prevHash: '00000000440b921e1b77c6c0487ae5616de67f788f44ae2a5af6e2194d16b6f8',
  hash: '000000002076870fe65a2b6eeed84fa892c0db924f1482243a6247d931dcab32',
};

function notify(text: string): Notify {
  const read = readLine(bytesOf(text));
  const job = read.kind === 'request' ? readPoolMessage(read.id, read.method, read.params) : undefined;
  if (job?.type !== 'notify') throw new Error('no notify');
  return job;
}
function submit(text: string): Submit {
  const read = readLine(bytesOf(text));
  const request = read.kind === 'request' ? readMinerRequest(read.id, read.method, read.params) : undefined;
  if (request?.type !== 'submit') throw new Error('no submit');
  return request;
}
function share(reading: ShareReading) {
  if (reading.kind !== 'share') throw new Error(reading.error.message);
  return reading.share;
}

describe('a share of 2012', () => {
  const job = notify(SLUSH.notify);
  const taken = share(shareOf(submit(SLUSH.submit), { version: job.version, versionMask: 0, extranonce2Size: 4 }));

  test('has the hash that its difficulty 1 asks for', () => {
    expect(job.prevHash).toEqual(fromDisplayHash(SLUSH.prevHash));
    const header = headerOf(job, SLUSH.extranonce1, taken);
    expect(displayHash(hashHeader(encodeHeader(header)))).toBe(SLUSH.hash);
  });

  test('is written as it came', () => {
    const again = submitOf(taken, { versionMask: 0 }, { id: '4', username: 'slush.miner1', jobId: 'bf' });
    expect(again).toEqual(submit(SLUSH.submit));
  });
});

describe('a job', () => {
  test("has its prev hash's words turned round on the wire, and back", () => {
    expect(swapWords(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toEqual(Uint8Array.of(4, 3, 2, 1, 8, 7, 6, 5));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
        expect(swapWords(swapWords(hash))).toEqual(hash);
      }),
    );
  });

  test('ids are decimal numbers of 32 bits that go on where they ended, and begin anew after the last', () => {
    const ids = new Sv1JobIds(999);
    expect([ids.next(), ids.next(), ids.next()]).toEqual(['1000', '1001', '1002']);
    const late = new Sv1JobIds(2 ** 32 - 2);
    expect([late.next(), late.next(), late.next()]).toEqual(['4294967295', '0', '1']);
    expect(new Sv1JobIds(2 ** 34 + 7).next()).toBe('8');
  });

  test('is encoded once for all who get it, clean or not', () => {
    const shared = line(JOB);
    expect(shared.bytes(false)).toBe(shared.bytes(false));
    expect(notify(textOf(shared.bytes(false)))).toEqual(JOB);
    expect(notify(textOf(shared.bytes(true)))).toEqual({ ...JOB, cleanJobs: true });
  });
});

describe('a submit', () => {
  const terms = { version: 0x20800000, versionMask: 0x1fffe000, extranonce2Size: 4 };
  const sent = (change: Partial<Submit>): Submit => ({ ...submit(SLUSH.submit), ...change });

  test.each([
    ['no bits', undefined, 0x20800000],
    ['no bits set', 0, 0x20000000],
    ['bits under the mask', 0x00c0e000, 0x20c0e000],
    ['all bits of the mask', 0x1fffe000, 0x3fffe000],
    ['the whole version', 0x20c0e000, 0x20c0e000],
    ['a bit outside the mask', 0x00001000, undefined],
    ['another whole version', 0x30c0e001, undefined],
  ])('with %s has the version that they make', (_, versionBits, version) => {
    const reading = shareOf(sent({ versionBits }), terms);
    expect(reading.kind === 'share' ? reading.share.version : undefined).toBe(version);
  });

  test.each([3, 5, 0, 8])('with an extranonce2 of %i bytes where 4 are right is refused', (length) => {
    expect(shareOf(sent({ extranonce2: new Uint8Array(length) }), terms)).toEqual({
      kind: 'refused',
      error: { code: 20, message: `extranonce2 has ${length} bytes, not 4` },
    });
  });

  test('is one share in whatever case and with however few leading zeros it is written', () => {
    const written = (...params: readonly string[]) =>
      share(shareOf(submit(JSON.stringify({ id: 1, method: 'mining.submit', params: ['a', 'bf', ...params] })), terms));
    const one = written('0000000a', '504e86ed', '00957c02', '00c0e000');
    for (const other of [
      written('0000000A', '504E86ED', '00957C02', '00C0E000'),
      written('0000000a', '504e86ed', '957c02', 'c0e000'),
      written('0000000a', '0x504e86ed', '0x957c02', '20c0e000'),
    ]) {
      expect(other).toEqual(one);
    }
  });

  test('is read back from any share, with version bits where a mask is settled', () => {
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    const shares = fc.record({
      extranonce2: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      bits: u32,
      ntime: u32,
      nonce: u32,
    });
    fc.assert(
      fc.property(shares, u32, u32, ({ bits, ...rest }, version, versionMask) => {
        const rolled = { ...rest, version: ((version & ~versionMask) | (bits & versionMask)) >>> 0 };
        const again = submitOf(rolled, { versionMask }, { id: '1', username: 'a', jobId: 'b' });
        expect(shareOf(again, { version, versionMask, extranonce2Size: 4 })).toEqual({ kind: 'share', share: rolled });
      }),
    );
  });
});

describe('version bits by difference from the job', () => {
  const MASK = 0x1fffe000;
  test.each([
    ['none sent', 0x20800000, undefined, undefined],
    ['a job without bits under the mask: both readings are one', 0x20000000, 0x00c0e000, undefined],
    ["ESP-Miner: the bits that it has set beside the job's", 0x20800000, 0x0040e000, 0x20c0e000],
    ["a counter that clears one of the job's", 0x20800000, 0x00800000, 0x20000000],
    ['nothing rolled', 0x20800000, 0, 0x20800000],
    ['bits outside the mask', 0x20800000, 0x20, undefined],
    ['the whole version', 0x20800000, 0x20c0e000, undefined],
  ])('%s', (_, version, bits, other) => {
    expect(rolledVersionByDifference(version, MASK, bits)).toBe(other);
  });

  test('are another version than BIP310 reads, and one that firmware may have hashed', () => {
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(u32, u32, u32, (version, mask, rolled) => {
        const hashed = ((version & ~mask) | (rolled & mask)) >>> 0;
        const bits = (hashed ^ version) >>> 0;
        const readings = [rolledVersion(version, mask, bits), rolledVersionByDifference(version, mask, bits)];
        expect(readings).toContain(hashed);
      }),
    );
  });
});

describe('a difficulty', () => {
  test.each([
    [1, 1],
    [1.999, 1],
    [2887, 2048],
    [4096, 4096],
    [0.3, 0.25],
    [0.001, 2 ** -10],
    [1e-30, 2 ** -40],
    [0, 2 ** -40],
    [Number.NaN, 2 ** -40],
    [1e30, 2 ** 60],
  ])('of %f becomes %f', (difficulty, power) => {
    expect(floorPowerOfTwo(difficulty)).toBe(power);
  });

  test('for a miner is a power of two whose target is no harder than the upstream one, and not half as hard', () => {
    const bytes = fc.uint8Array({ minLength: 26, maxLength: 32 }).filter((target) => target.at(-1) !== 0);
    const targets = fc.oneof(
      fc.double({ min: 1e-8, max: 1e15, noNaN: true }).map(targetFromDifficulty),
      bytes.map((target) => Uint8Array.from({ length: 32 }, (_, i) => target[i] ?? 0)),
      fc.constant(MAX_TARGET),
    );
    fc.assert(
      fc.property(targets, (target) => {
        const difficulty = minerDifficulty(target);
        expect(Number.isInteger(Math.log2(difficulty))).toBe(true);
        expect(compareTargets(targetFromDifficulty(difficulty), target)).toBeGreaterThanOrEqual(0);
        expect(difficultyFromTarget(target) / difficulty).toBeLessThanOrEqual(2);
      }),
    );
  });

  test('of a power of two stays what it is', () => {
    for (let exponent = -26; exponent <= 60; exponent += 1) {
      expect(minerDifficulty(targetFromDifficulty(2 ** exponent))).toBe(2 ** exponent);
    }
  });

  test('is written without an exponent and reads back the same', () => {
    expect(writeDifficulty(0.0001)).toBe('0.0001');
    expect(writeDifficulty(2 ** -20)).toBe('0.00000095367431640625');
    for (let exponent = -40; exponent <= 60; exponent += 1) {
      const text = writeDifficulty(2 ** exponent);
      expect(text).toMatch(/^\d+(\.\d+)?$/);
      expect(Number(text)).toBe(2 ** exponent);
    }
  });
});
