import { MAX_TARGET, sameBytes } from '@sv2kit/bitcoin';
import { writeNotify } from '@sv2kit/sv1';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extranonce1Of, JobTranslator, MinerChannel, TranslatedJob } from '../src/index.ts';
import {
  budget,
  coinbase,
  filled,
  hashOf,
  submitOf,
  jobAsRead,
  readJob,
  MAINNET,
  NOW,
  NTIME,
  spaceOf,
  text,
  VERSION,
  workOf,
} from './support.ts';

const bytes = (least: number, most: number) => fc.uint8Array({ minLength: least, maxLength: most });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const extended = (work: ReturnType<typeof workOf>) => {
  if (work.space.kind !== 'extended') throw new Error('standard');
  return work.space;
};

describe('a V2 job as a V1 job', () => {
  test('has the channel prefix and zeros at the end of coinb1 (§5.2.2)', () => {
    const job = jobAsRead(TranslatedJob.of(workOf(), '31', NOW), spaceOf());
    const { coinbasePrefix, coinbaseSuffix } = extended(workOf());
    expect(job).toMatchObject({ jobId: '31', version: VERSION, nbits: MAINNET, ntime: NTIME, cleanJobs: false });
    expect(job.coinb1).toEqual(Uint8Array.of(...coinbasePrefix, 0xa0, 0xa0, 0xa0, 0xa0, 0, 0));
    expect(job.coinb2).toEqual(coinbaseSuffix);
    expect(job.prevHash).toEqual(filled(32, 3));
  });

  test('is written as sv1 writes a notify, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.record({ prevHash: bytes(32, 32), version: u32, minNtime: u32 }),
        fc.record({
          coinbasePrefix: bytes(0, 80).filter((prefix) => prefix[4] !== 0),
          coinbaseSuffix: bytes(0, 300),
          merklePath: fc.array(bytes(32, 32), { maxLength: 12 }),
        }),
        bytes(0, 16),
        fc.boolean(),
        (parts, space, prefix, clean) => {
          const miner = spaceOf(1, prefix, 9);
          const line = TranslatedJob.of(workOf({ ...parts, space }), '77', NOW).lineFor(miner, clean);
          const wanted = writeNotify({
            type: 'notify',
            jobId: '77',
            prevHash: parts.prevHash,
            coinb1: Uint8Array.of(...space.coinbasePrefix, ...prefix, 0, 0, 0),
            coinb2: space.coinbaseSuffix,
            merkleBranches: space.merklePath,
            version: parts.version,
            nbits: MAINNET,
            ntime: parts.minNtime,
            cleanJobs: clean,
          });
          expect(line.cleanJobs).toBe(clean);
          expect(text(line.bytes(clean))).toBe(wanted);
        },
      ),
    );
  });

  test('makes the header that the channel makes of prefix and extranonce (§5.3.16)', () => {
    fc.assert(
      fc.property(
        bytes(0, 12),
        fc.integer({ min: 6, max: 16 }),
        fc.integer({ min: 0, max: 65_535 }),
        bytes(4, 4),
        (prefix, granted, index, extranonce2) => {
          const work = workOf();
          const space = spaceOf(index, prefix, granted);
          const v1 = jobAsRead(TranslatedJob.of(work, '1', NOW), space);
          const found = { extranonce2, version: VERSION, ntime: NTIME, nonce: 1 };
          const extranonce = space.extranonce(extranonce2);
          expect(extranonce.length).toBe(granted);
          const { coinbasePrefix } = extended(work);
          const v2 = { ...v1, coinb1: Uint8Array.of(...coinbasePrefix, ...prefix) };
          expect(hashOf(v2, new Uint8Array(), { ...found, extranonce2: extranonce })).toEqual(
            hashOf(v1, extranonce1Of(index), found),
          );
        },
      ),
    );
  });

  test('is encoded once for miners of one channel, anew for another prefix', () => {
    const job = TranslatedJob.of(workOf(), '1', NOW);
    const first = job.lineFor(spaceOf(1), false).bytes(false);
    expect(job.lineFor(spaceOf(2), false).bytes(false)).toBe(first);
    const other = job.lineFor(spaceOf(3, filled(4, 0xb0)), false).bytes(false);
    expect(sameBytes(other, first)).toBe(false);
  });

  test('is the same line for a miner that comes when others have another job already', () => {
    const ids = new JobTranslator();
    const first = ids.translate(workOf(), NOW);
    const before = text(first.lineFor(spaceOf(), true).bytes(true));
    const others = [ids.refresh(first, NOW), ids.translate(workOf({ jobId: 2, space: { merklePath: [] } }), NOW)];
    for (const other of [first, ...others]) {
      first.superseded(other);
      expect(text(first.lineFor(spaceOf(), true).bytes(true))).toBe(before);
    }
  });

  test('keeps lines apart, small and large ones, however many there are', () => {
    const suffixes = [10, 200, 9_000, 40_000].map((length) => filled(length, length % 256));
    const lines = Array.from({ length: 400 }, (_, at) => {
      const coinbaseSuffix = suffixes[at % suffixes.length] ?? filled(1, 1);
      const job = TranslatedJob.of(workOf({ space: { coinbaseSuffix } }), String(at), NOW);
      return { bytes: job.lineFor(spaceOf(at), false).bytes(false), id: String(at), coinbaseSuffix };
    });
    for (const { bytes: line, id, coinbaseSuffix } of lines) {
      expect(readJob(line)).toMatchObject({ jobId: id, coinb2: coinbaseSuffix });
    }
  });

  test('says clean where a session asks for it', () => {
    const line = TranslatedJob.of(workOf(), '1', NOW).lineFor(spaceOf(), false);
    expect(text(line.bytes(true))).toMatch(/,true\]\}\n$/);
    expect(text(line.bytes(false))).toMatch(/,false\]\}\n$/);
  });

  test('has a coinbase without witness, also where the upstream has left it in (§5.3.16)', () => {
    const { segwitPrefix: coinbasePrefix, segwitSuffix: coinbaseSuffix } = coinbase();
    const full = TranslatedJob.of(workOf({ space: { coinbasePrefix, coinbaseSuffix } }), '1', NOW);
    const stripped = TranslatedJob.of(workOf(), '1', NOW);
    expect(jobAsRead(full, spaceOf())).toEqual(jobAsRead(stripped, spaceOf()));
    expect(full.coinbaseSize(spaceOf())).toBe(stripped.coinbaseSize(spaceOf()));
    const channel = new MinerChannel({ budget: budget() });
    const terms = {
      space: spaceOf(),
      versionMask: 0,
      difficulty: 2 ** -40,
      upstreamTarget: MAX_TARGET,
      upstream: 'pool',
    };
    channel.give(full, { ...terms, clean: true }, NOW);
    expect(channel.judge(submitOf('1'), NOW).kind).toBe('accepted');
  });

  test('is refused where its coinbase has a marker and no witness', () => {
    const { segwitPrefix: coinbasePrefix, suffix: coinbaseSuffix } = coinbase();
    const broken = workOf({ space: { coinbasePrefix, coinbaseSuffix } });
    expect(() => TranslatedJob.of(broken, '1', NOW)).toThrow('one witness item');
  });

  test('is refused where the tip is nonsense', () => {
    expect(() => TranslatedJob.of(workOf({ nbits: 0xff7fffff }), '1', NOW)).toThrow('above 256 bits');
  });
});

describe('a job that is sent again', () => {
  const translator = () => new JobTranslator();

  test('has another id and ntime, and is never clean: firmware starts it at extranonce2 0', () => {
    const ids = translator();
    const first = ids.translate(workOf(), NOW);
    const next = ids.refresh(first, NOW + 45_000);
    expect([next.id, next.ntime, next.jobId]).toEqual(['2', NTIME + 45, first.jobId]);
    const { jobId: _, ntime: __, ...rest } = jobAsRead(next, spaceOf());
    expect(jobAsRead(first, spaceOf())).toMatchObject(rest);
  });

  test('has another ntime within the same second, and when the clock goes back or far ahead', () => {
    const ids = translator();
    const day = 86_400_000;
    let job = ids.translate(workOf(), NOW);
    const ntimes = [0, 10, -day, 100 * day, 100 * day + 6_000].map((ms) => {
      job = ids.refresh(job, NOW + ms);
      return job.ntime - NTIME;
    });
    expect(ntimes).toEqual([1, 2, 3, 7_000, 7_001]);
  });

  test('does not run away from the clock, whoever asks for it again and again', () => {
    const ids = translator();
    let job = ids.translate(workOf(), NOW);
    for (let time = 0; time < 10_000; time += 1) job = ids.refresh(job, NOW + time);
    expect(job.ntime - NTIME).toBe(69);
    const stuck = job;
    expect(ids.refresh(job, NOW + 20_000)).not.toBe(stuck);
    expect(ids.refresh(job, NOW + 45_000).ntime - NTIME).toBe(71);
  });

  test('goes on once in a while where the clock has gone back', () => {
    const ids = translator();
    let job = ids.translate(workOf(), NOW);
    for (let time = 0; time < 100; time += 1) job = ids.refresh(job, NOW + time);
    const later = ids.refresh(job, NOW - 86_400_000);
    expect(later.ntime).toBe(job.ntime + 1);
    expect(ids.refresh(later, NOW - 86_399_000)).toBe(later);
  });

  test('has an id that the miner has not had, be its prefix another one', () => {
    const ids = translator();
    const channel = new MinerChannel({ budget: budget() });
    const give = (job: TranslatedJob, prefix: number) =>
      channel.give(
        job,
        {
          space: spaceOf(5, filled(4, prefix)),
          versionMask: 0,
          difficulty: 1,
          upstreamTarget: MAX_TARGET,
          upstream: prefix,
          clean: true,
        },
        NOW,
      );
    const first = ids.translate(workOf(), NOW);
    expect(ids.unseen(first, channel, NOW)).toBe(first);
    give(first, 0xa0);
    const second = ids.refresh(first, NOW);
    give(second, 0xa0);
    const third = ids.unseen(first, channel, NOW);
    expect([first.id, second.id, third.id]).toEqual(['1', '2', '3']);
    // The new channel may have the same prefix: what is searched from its beginning has to be something else.
    expect(new Set([first.ntime, second.ntime, third.ntime]).size).toBe(3);
    give(third, 0xb0);
    expect(channel.latest).toBe(third);
  });

  test('is shared by miners that want it within seconds, never with one that has it', () => {
    const ids = translator();
    const first = ids.translate(workOf(), NOW);
    const one = ids.refresh(first, NOW + 45_000);
    expect(ids.refresh(first, NOW + 46_000)).toBe(one);
    const two = ids.refresh(one, NOW + 47_000);
    expect(two).not.toBe(one);
    expect(ids.refresh(first, NOW + 48_000)).toBe(two);
    expect(ids.refresh(first, NOW + 53_000)).not.toBe(two);
  });
});

describe('the translator of jobs', () => {
  test('makes one job for all channels of a group, which share the bytes of its messages', () => {
    const ids = new JobTranslator();
    const work = workOf();
    const other = { ...work, channelId: 2, space: { ...extended(work), extranoncePrefix: filled(4, 9) } };
    expect(ids.translate(other, NOW)).toBe(ids.translate(work, NOW));
  });

  test('makes another job for other bytes, another id, or another activation', () => {
    const ids = new JobTranslator();
    const work = workOf();
    const jobs = [
      work,
      workOf(),
      { ...work, jobId: 2 },
      { ...work, minNtime: NTIME + 1 },
      { ...work, prevHash: filled(32, 3) },
    ].map((each) => ids.translate(each, NOW).id);
    expect(jobs).toEqual(['1', '2', '3', '4', '5']);
  });

  test('gives the same headers under another id of the upstream a later ntime, and one memory of shares', () => {
    const ids = new JobTranslator();
    const first = ids.translate(workOf(), NOW);
    ids.refresh(first, NOW + 45_000);
    const twin = ids.translate(workOf({ jobId: 2 }), NOW + 50_000);
    expect([twin.jobId, twin.ntime]).toEqual([2, NTIME + 50]);
    expect(twin.source.number).toBe(first.source.number);
    expect(ids.translate(workOf({ jobId: 3 }), NOW + 50_000).ntime).toBe(NTIME + 51);
    expect(ids.translate(workOf({ channelId: 2 }), NOW + 50_000).ntime).toBe(NTIME + 52);
    const elsewhere = ids.translate(workOf({ space: { extranoncePrefix: filled(4, 0xb0) } }), NOW);
    expect([elsewhere.ntime, elsewhere.source.number === first.source.number]).toEqual([NTIME, false]);
  });
});
