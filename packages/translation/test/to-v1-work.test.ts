import {
  BIP323_MASK,
  encodeHeader,
  hashHeader,
  MAX_TARGET,
  targetFromBigint,
  targetFromDifficulty,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import { ExtendedChannel, ExtranonceAllocator, JobIds, NOBODY, ShareBudget, WorkSource } from '@sv2kit/mining';
import { headerOf, rolledVersion, submitOf } from '@sv2kit/sv1';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deviceMask, extranonceRoom, isWorthSubmitting, poolShare, poolWork, type PoolWork } from '../src/index.ts';
import { coinb1, poolJob, type PoolJobOptions } from './to-v1-builders.ts';

const NOW_MS = 1_750_000_010_000;

function workOf(options?: PoolJobOptions): PoolWork {
  const work = poolWork(poolJob(options));
  if (work.kind !== 'work') throw new Error(work.reason);
  return work;
}

describe('a notify as V2 work', () => {
  test('keeps halves, path, version, tip and height; min_ntime is the ntime of the notify (§5.3.16, §5.3.17)', () => {
    const { poolJob: source, job, tip, shareTarget } = workOf({ difficulty: 1024 });
    expect(job).toEqual({
      coinbasePrefix: source.notify.coinb1,
      coinbaseSuffix: source.notify.coinb2,
      extranonceSize: 12,
      version: 0x20000000,
      versionMask: 0x1fffe000,
      merklePath: source.notify.merkleBranches,
      height: 850_000,
      minNtime: 1_750_000_000,
    });
    expect(tip).toEqual({
      prevHash: source.notify.prevHash,
      nbits: 0x1703a30c,
      minNtime: 1_750_000_000,
      target: targetFromNbits(0x1703a30c),
    });
    expect(shareTarget).toEqual(targetFromDifficulty(1024));
  });

  test.each([
    ['an empty half', 'bad-coinbase', { notify: { coinb1: new Uint8Array(0) } }],
    ['a witness', 'bad-coinbase', { notify: { coinb1: withByte(4, 0) } }],
    ['two inputs', 'bad-coinbase', { notify: { coinb1: withByte(4, 2) } }],
    ['an input that spends something', 'bad-coinbase', { notify: { coinb1: withByte(9, 1) } }],
    ['an outpoint with another index', 'bad-coinbase', { notify: { coinb1: withByte(40, 0) } }],
    ['64 KiB of outputs', 'coinbase-too-long', { notify: { coinb2: new Uint8Array(65_536) } }],
    ['no height', 'no-height', { notify: { coinb1: withByte(42, 0x4c) } }],
    ['a height that is cut off', 'no-height', { notify: { coinb1: coinb1(850_000, 12).subarray(0, 44) } }],
    ['a negative target', 'bad-nbits', { notify: { nbits: 0x1d80ffff } }],
    ['a target of zero', 'bad-nbits', { notify: { nbits: 0 } }],
    ['a time at the end of 32 bits', 'bad-ntime', { notify: { ntime: 0xffff_ffff } }],
    ['33 bytes of extranonce', 'extranonce-too-long', { extranonce1: new Uint8Array(25), extranonce2Size: 8 }],
  ] as const)('refuses %s as %s', (_, reason, options) => {
    expect(poolWork(poolJob(options))).toEqual({ kind: 'unusable', reason });
  });

  test('lets devices roll what the pool allows of BIP323, if that holds the bits of BIP320', () => {
    const masks = [0, 0x1fffe000, 0xffffffff, 0x1fffc000, 0x00ffe000, 0x3fffe000, 0x1fffe020];
    expect(masks.map(deviceMask)).toEqual([0, 0x1fffe000, 0x1fffffe0, 0, 0, 0x1fffe000, 0x1fffe020]);
  });
});

describe('the room of an extranonce2', () => {
  test.each([
    [1, undefined, 0, 1, 256, 0],
    [2, undefined, 0, 2, 65_536, 0],
    [2, undefined, 1, 1, 256, 1],
    [3, undefined, 2, 1, 256, 2],
    [4, undefined, 2, 2, 65_536, 2],
    [8, undefined, 2, 2, 65_536, 6],
    [8, 3, 2, 3, 16_777_216, 5],
    [8, 1, 7, 1, 256, 7],
  ])(
    'of %i bytes, index %s, room %i: index of %i, %i channels, %i bytes to roll',
    (size, index, rolled, indexBytes, channels, left) => {
      expect(extranonceRoom(size, { indexBytes: index, rolled })).toEqual({
        kind: 'room',
        indexBytes,
        channels,
        rolled: left,
      });
    },
  );

  test.each([
    [
      1,
      undefined,
      2,
      'extranonce2 has 1 byte where 3 are needed (1 to tell channels apart, 2 to roll): it holds 1 channel rolling 1 byte, or 256 standard channels alone',
    ],
    [
      2,
      undefined,
      2,
      'extranonce2 has 2 bytes where 3 are needed (1 to tell channels apart, 2 to roll): it holds 1 channel rolling 2 bytes, or 256 channels rolling 1 byte, or 65,536 standard channels alone',
    ],
    [
      3,
      2,
      2,
      'extranonce2 has 3 bytes where 4 are needed (2 to tell channels apart, 2 to roll): it holds 1 channel rolling 3 bytes, or 256 channels rolling 2 bytes, or 65,536 channels rolling 1 byte',
    ],
  ])('too small with %i bytes, index %s, room %i: says how many channels fit', (size, index, rolled, message) => {
    expect(extranonceRoom(size, { indexBytes: index, rolled })).toEqual({ kind: 'too-small', message });
  });
});

describe('a share on its way to the pool', () => {
  test('is worth it by the difficulty its job was given out with, exactly; a block always', () => {
    const work = workOf({ difficulty: 3 });
    const share = { extranonce: new Uint8Array(12), version: 0, ntime: 0, nonce: 0, isBlock: false };
    const just = work.shareTarget;
    const above = targetFromBigint(BigInt(`0x${Buffer.from(just).reverse().toString('hex')}`) + 1n);
    expect(isWorthSubmitting(work, { ...share, hash: just })).toBe(true);
    expect(isWorthSubmitting(work, { ...share, hash: above })).toBe(false);
    expect(isWorthSubmitting(work, { ...share, hash: above, isBlock: true })).toBe(true);
  });

  test('says nothing where the extranonce is not of the job: another size, another extranonce1', () => {
    const { poolJob: source } = workOf();
    const found = { version: 0x20000000, ntime: 1, nonce: 2, hash: new Uint8Array(32), isBlock: false };
    const right = Uint8Array.of(...source.extranonce1, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(poolShare(source, { ...found, extranonce: right })?.share.extranonce2).toEqual(right.subarray(4));
    expect(poolShare(source, { ...found, extranonce: right.subarray(1) })).toBeUndefined();
    expect(poolShare(source, { ...found, extranonce: right.with(3, 0) })).toBeUndefined();
  });

  test('of a block with bits outside the mask says those bits too', () => {
    const { poolJob: source } = workOf({ versionMask: 0 });
    const extranonce = Uint8Array.of(...source.extranonce1, ...new Uint8Array(8));
    const found = { extranonce, version: 0x20002000, ntime: 1, nonce: 2, hash: new Uint8Array(32), isBlock: true };
    expect(poolShare(source, found)?.versionMask).toBe(0x2000);
    expect(poolShare(source, { ...found, version: 0x20000000 })?.versionMask).toBe(0);
  });
});

test('what a pool makes of a submit is the header that the V2 channel judged, for any sizes, mask and share', () => {
  const masks = fc.constantFrom(0, 0x1fffe000, 0xffffffff, 0x00ffe000);
  const sizes = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 16 }));
  fc.assert(
    fc.property(
      sizes,
      masks,
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      ([size1, size2], mask, bits, nonce, index) => {
        const source = poolJob({
          extranonce1: new Uint8Array(size1).fill(0xe1),
          extranonce2Size: size2,
          versionMask: mask,
        });
        const work = poolWork(source);
        const room = extranonceRoom(size2, { indexBytes: undefined, rolled: 0 });
        if (work.kind !== 'work' || room.kind !== 'room') throw new Error('no room');
        const within = { prefix: source.extranonce1, extranonceSize: size2 };
        const allocator = new ExtranonceAllocator({ within, indexBytes: room.indexBytes });
        for (let lease = 0; lease < index % 7; lease += 1) allocator.lease();
        const lease = allocator.lease();
        const prefix = lease && allocator.prefixOf(lease, size1 + size2, room.rolled);
        if (prefix === undefined) throw new Error('no prefix');
        const channel = new ExtendedChannel({
          channelId: 1,
          extranoncePrefix: prefix,
          extranonceSize: room.rolled,
          target: MAX_TARGET,
          maxTarget: MAX_TARGET,
          budget: new ShareBudget(1_024),
        });
        const recipe = { payout: NOBODY, tag: new Uint8Array(0), extranonceSize: size1 + size2, numbered: false };
        const job = new WorkSource(work.job, new JobIds(), 1).job({ ...recipe, versionMask: BIP323_MASK });
        channel.addFutureJob(job);
        channel.setNewPrevHash(job.id, work.tip, work.tip.minNtime, NOW_MS);
        const { version: base, ntime } = source.notify;
        const version = (base ^ (bits & deviceMask(mask))) >>> 0;
        const extranonce = new Uint8Array(room.rolled).fill(index);
        const message = { type: 'SubmitSharesExtended', channelId: 1, sequenceNumber: 1, jobId: job.id } as const;
        const share = { ...message, nonce, ntime: ntime + 5, version, extranonce };
        const outcome = channel.submit(share, NOW_MS);
        if (outcome.kind !== 'accepted') throw new Error(outcome.kind);
        const point = channel.point(share);
        if (point === undefined) throw new Error('no point');
        const found = { ...share, extranonce: point.extranonce, hash: outcome.hash, isBlock: false };
        const said = poolShare(source, found);
        if (said === undefined) throw new Error('not said');
        const submit = submitOf(said.share, said, { id: '1', username: 'a', jobId: said.jobId });
        const understood = rolledVersion(base, mask, submit.versionBits);
        if (understood === undefined) throw new Error('bits outside the mask');
        const header = headerOf(source.notify, source.extranonce1, {
          extranonce2: submit.extranonce2,
          version: understood,
          ntime: submit.ntime,
          nonce: submit.nonce,
        });
        expect(submit.extranonce2).toHaveLength(size2);
        expect(hashHeader(encodeHeader(header))).toEqual(outcome.hash);
      },
    ),
  );
});

function withByte(at: number, value: number): Uint8Array {
  return coinb1(850_000, 12).with(at, value);
}
