import { BIP320_MASK, decodeHeader, merkleRoot, sha256d } from '@sv2kit/bitcoin';
import type { SearchSpace, Work } from '@sv2kit/mining';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrangeRig } from './arrange.ts';
import { Search, type SearchOptions, type Stretch } from '../src/search.ts';

const RECEIVED_MS = 1_700_000_000_000;
const standard: SearchSpace = { kind: 'standard', merkleRoot: new Uint8Array(32).fill(9) };
const extended = (extranonceSize: number): SearchSpace => ({
  kind: 'extended',
  coinbasePrefix: new Uint8Array(60).fill(1),
  coinbaseSuffix: new Uint8Array(70).fill(2),
  extranoncePrefix: Uint8Array.of(7, 7, 7, 7),
  extranonceSize,
  merklePath: [sha256d(Uint8Array.of(1)), sha256d(Uint8Array.of(2))],
});

function work(change: Partial<Work> = {}): Work {
  return {
    channelId: 1,
    jobId: 5,
    version: 0x20000000,
    versionRollingAllowed: true,
    prevHash: new Uint8Array(32).fill(3),
    nbits: 0x207fffff,
    minNtime: 1_699_999_000,
    receivedAtMs: RECEIVED_MS,
    target: new Uint8Array(32).fill(0xff),
    space: standard,
    ...change,
  };
}

const wide: SearchOptions = { versionMask: BIP320_MASK, noncesPerStretch: 2 ** 20 };

function stretch(search: Search, nowMs: number): Stretch {
  const next = search.next(nowMs);
  if (next.kind !== 'stretch') throw new Error('exhausted');
  return next;
}

const key = ({ version, ntime, extranonce, nonceStart }: Stretch) =>
  [version, ntime, nonceStart, ...(extranonce ?? [])].join();

describe('version rolling', () => {
  test("begins with the job's own version and changes only bits of the mask", () => {
    const search = new Search(work({ version: 0x2000_e004 }), wide);
    const versions = Array.from({ length: 5000 }, () => stretch(search, RECEIVED_MS).version);
    expect(versions[0]).toBe(0x2000_e004);
    expect(new Set(versions).size).toBe(5000);
    expect(versions.every((version) => ((version ^ 0x2000_e004) & ~BIP320_MASK) === 0)).toBe(true);
  });
  test('keeps the version where the job forbids rolling (§5.3.16)', () => {
    const search = new Search(work({ versionRollingAllowed: false }), wide);
    for (let i = 0; i < 100; i++) expect(stretch(search, RECEIVED_MS).version).toBe(0x20000000);
  });
});

describe('ntime rolling (§5.3.11)', () => {
  test('never goes below the minimum nor beyond the seconds since the job was received', () => {
    const elapsed = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 50 });
    const options = { versionMask: 0, noncesPerStretch: 2 ** 31 };
    fc.assert(
      fc.property(elapsed, fc.boolean(), (steps, rolling) => {
        const job = work({ versionRollingAllowed: rolling });
        const search = new Search(job, options);
        let nowMs = RECEIVED_MS;
        for (const step of steps) {
          nowMs += step;
          const next = search.next(nowMs);
          const latest = job.minNtime + Math.floor((nowMs - RECEIVED_MS) / 1000);
          if (next.kind === 'exhausted') {
            expect(next.untilMs).toBeGreaterThan(nowMs);
            continue;
          }
          expect(next.ntime).toBeGreaterThanOrEqual(job.minNtime);
          expect(next.ntime).toBeLessThanOrEqual(latest);
        }
      }),
    );
  });
  test('is exhausted until the next second when everything else is used up', () => {
    const job = work({ versionRollingAllowed: false });
    const search = new Search(job, { versionMask: 0, noncesPerStretch: 2 ** 31 });
    expect([0, 1].map(() => stretch(search, RECEIVED_MS).nonceStart)).toEqual([0, 2 ** 31]);
    expect(search.next(RECEIVED_MS + 400)).toEqual({ kind: 'exhausted', untilMs: RECEIVED_MS + 1000 });
    expect(search.next(RECEIVED_MS + 999)).toEqual({ kind: 'exhausted', untilMs: RECEIVED_MS + 1000 });
    expect(stretch(search, RECEIVED_MS + 1000)).toMatchObject({ ntime: job.minNtime + 1, nonceStart: 0 });
  });
  test('does not go back with the clock', () => {
    const search = new Search(work(), wide);
    const later = stretch(search, RECEIVED_MS + 5000).ntime;
    expect(stretch(search, RECEIVED_MS - 60_000).ntime).toBe(later);
  });
});

describe('extranonce rolling (§5.3.12)', () => {
  test("fills the channel's size and makes the header's merkle root (§5.3.16)", () => {
    const space = extended(6);
    const search = new Search(work({ space }), wide);
    stretch(search, RECEIVED_MS);
    const { extranonce, header } = stretch(search, RECEIVED_MS);
    expect(extranonce).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 1));
    if (space.kind !== 'extended' || extranonce === undefined) throw new Error('not extended');
    const coinbase = [space.coinbasePrefix, space.extranoncePrefix, extranonce, space.coinbaseSuffix];
    const txid = sha256d(Uint8Array.from(coinbase.flatMap((part) => [...part])));
    expect(decodeHeader(header).merkleRoot).toEqual(merkleRoot(txid, space.merklePath));
  });
  test('goes on where the search before ended: a job that comes again under another id has nothing in common', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 6 });
    const options = { versionMask: 0x6000, noncesPerStretch: 2 ** 20 };
    fc.assert(
      fc.property(steps, (counts) => {
        const used = new Set<string>();
        let firstExtranonce = 0;
        for (const count of counts) {
          const search = new Search(work({ space: extended(2) }), { ...options, firstExtranonce });
          for (let i = 0; i < count; i++) used.add(String(stretch(search, RECEIVED_MS).extranonce));
          firstExtranonce = search.nextExtranonce;
        }
        expect(used.size).toBe(counts.reduce((sum, count) => sum + count, 0));
      }),
      { numRuns: 30 },
    );
  });
  test('is absent on a standard channel', () => {
    expect(stretch(new Search(work(), wide), RECEIVED_MS)).not.toHaveProperty('extranonce');
  });
});

test('no two stretches overlap, whatever can be rolled, over the end of the whole space', () => {
  const job = fc.record({
    versionRollingAllowed: fc.boolean(),
    space: fc.constantFrom(standard, extended(0), extended(1)),
    version: fc.integer({ min: 0, max: 0xffffffff }),
  });
  const options = fc.record({
    versionMask: fc.constantFrom(0, 0x6000, 0x1fe000),
    noncesPerStretch: fc.constantFrom(2 ** 32, 2 ** 30),
  });
  fc.assert(
    fc.property(job, options, (change, given) => {
      const search = new Search(work(change), given);
      const seen = new Set<string>();
      for (let i = 0; i < 2500; i++) {
        const next = search.next(RECEIVED_MS + i * 10);
        if (next.kind === 'exhausted') continue;
        expect(seen.has(key(next))).toBe(false);
        seen.add(key(next));
        expect(decodeHeader(next.header)).toMatchObject({
          version: next.version,
          ntime: next.ntime,
          nbits: 0x207fffff,
        });
      }
      expect(seen.size).toBeGreaterThan(20);
    }),
    { numRuns: 30 },
  );
});

test('no time is behind the last that 32 bits hold: the search waits there', () => {
  const search = new Search(work({ minNtime: 0xffff_fffe, versionRollingAllowed: false }), {
    versionMask: 0,
    noncesPerStretch: 2 ** 31,
  });
  const times = [0, 0, 5, 5].map((afterS) => stretch(search, RECEIVED_MS + afterS * 1_000).ntime);
  expect(times).toEqual([0xffff_fffe, 0xffff_fffe, 0xffff_ffff, 0xffff_ffff]);
  expect(search.next(RECEIVED_MS + 60_000).kind).toBe('exhausted');
});

test('a job is being hashed when every thread has taken it up, and not before', () => {
  const { clock, engine, rig, seen } = arrangeRig(() => {}, 2);
  const firstOf = (thread: number) => engine.tasks[thread]?.id ?? 0;
  rig.mine(work(), { versionMask: 0, forgetEarlier: true });
  clock.advance(2);
  engine.listener.onStarted(firstOf(0));
  clock.advance(3);
  expect(seen.hashingMs).toEqual([]);
  engine.listener.onStarted(firstOf(1));
  engine.listener.onStarted(firstOf(1));
  expect(seen.hashingMs).toEqual([5]);
});
