import { compareTargets, MAX_TARGET, targetFromDifficulty, targetFromNbits } from '@sv2kit/bitcoin';
import type { Submit } from '@sv2kit/sv1';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  extranonce1Of,
  JobTranslator,
  MinerChannel,
  MINER_LIMITS,
  type MinerSpace,
  type ShareVerdict,
} from '../src/index.ts';
import {
  budget,
  filled,
  hashOf,
  jobAsRead,
  MAINNET,
  MASK,
  NOW,
  REGTEST,
  spaceOf,
  submitOf,
  workOf,
} from './support.ts';

/** What is known of a job from outside: its line, and what it was sent with. */
interface Given {
  readonly id: string;
  readonly notify: ReturnType<typeof jobAsRead>;
  readonly minNtime: number;
  readonly nbits: number;
  readonly mask: number;
  difficulty: number;
  readonly upstreamTarget: Uint8Array;
  readonly space: MinerSpace;
  readonly sinceMs: number;
  readonly jobId: number;
  stale: boolean;
}

const VERSIONS = [0x20000000, 0x20800000, 0x3fffe000];
const exponent = fc.integer({ min: -34, max: -27 });
const give = fc.record({
  kind: fc.constant('give' as const),
  refreshed: fc.boolean(),
  newTip: fc.boolean(),
  clean: fc.boolean(),
  regtest: fc.boolean(),
  rolling: fc.boolean(),
  version: fc.constantFrom(...VERSIONS),
  mask: fc.constantFrom(0, MASK, 0x00c00000),
  prefix: fc.nat(2),
  difficulty: exponent,
  upstream: exponent,
});
const submit = fc.record({
  kind: fc.constant('submit' as const),
  back: fc.nat(20),
  nonce: fc.nat(3),
  ntime: fc.constantFrom(-1, 0, 0, 0, 1, 7_139, 7_141),
  bits: fc.constantFrom(undefined, 0, 0x2000, 0x00800000, 0x00c0e000, 0x20c0e000, 0x20),
  size: fc.constantFrom(3, 4, 4, 4, 4, 4),
});
const wait = fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 1_000, 300_000, 601_000) });
const steps = fc.array(
  fc.oneof({ weight: 2, arbitrary: give }, { weight: 6, arbitrary: submit }, { weight: 1, arbitrary: wait }),
  {
    minLength: 5,
    maxLength: 80,
    size: 'max',
  },
);

/** The rules of the channel, said once more and slowly: jobs in one list, headers from the lines' text. */
class Model {
  given: Given[] = [];
  dropped = new Set<string>();
  seen = new Set<string>();
  late = new Set<string>();

  add(job: Given, clean: boolean): void {
    if (clean) {
      for (const each of this.given) each.stale = true;
      this.seen.clear();
    }
    for (const each of this.given) each.difficulty = Math.min(each.difficulty, job.difficulty);
    this.given.push(job);
    while (
      this.given.length > MINER_LIMITS.jobs ||
      (this.given.length > MINER_LIMITS.assuredJobs &&
        (this.given[0] as Given).sinceMs < job.sinceMs - MINER_LIMITS.jobMs)
    ) {
      this.dropped.add((this.given.shift() as Given).id);
    }
  }

  judge(share: Submit, nowMs: number): string {
    const job = this.given.find(({ id }) => id === share.jobId);
    if (job === undefined) return this.dropped.has(share.jobId) ? 'stale-job' : 'unknown-job';
    if (share.extranonce2.length !== 4) return 'bad-extranonce2-size';
    const { versions, allowed } = this.#versions(job, share.versionBits);
    const network = targetFromNbits(job.nbits);
    const met = (hash: Uint8Array): boolean => compareTargets(hash, targetFromDifficulty(job.difficulty)) <= 0;
    const isBlock = (hash: Uint8Array): boolean => compareTargets(hash, network) <= 0;
    const hashes = versions.map((version) => hashOf(job.notify, extranonce1Of(5), { ...share, version }));
    const hash = hashes.find((each) => met(each) || isBlock(each)) ?? (hashes.at(-1) as Uint8Array);
    const key = hash.join();
    if (isBlock(hash)) {
      const memory = job.stale ? this.late : this.seen;
      if (memory.has(key)) return 'duplicate';
      memory.add(key);
      return `block ${key}`;
    }
    if (job.stale) return 'stale-job';
    if (!allowed) return 'bad-version-bits';
    if (share.ntime < job.minNtime || share.ntime > Math.max(nowMs / 1000, job.minNtime) + 7_140) return 'bad-ntime';
    if (!met(hash)) return 'low-difficulty';
    if (this.seen.has(key)) return 'duplicate';
    this.seen.add(key);
    return `${compareTargets(hash, job.upstreamTarget) <= 0 ? 'forwarded' : 'kept'} ${key}`;
  }

  /** BIP310 first, then the bits as a difference; whole versions are taken where the rest of them is the job's. */
  #versions({ notify: { version }, mask }: Given, bits: number | undefined): { versions: number[]; allowed: boolean } {
    if (bits === undefined) return { versions: [version], allowed: true };
    const outside = (bits & ~mask) >>> 0;
    const replaced = ((version & ~mask) | (bits & mask)) >>> 0;
    if (outside !== 0 && outside !== (version & ~mask) >>> 0)
      return { versions: [(version | bits) >>> 0], allowed: false };
    return { versions: outside === 0 ? [replaced, (version ^ bits) >>> 0] : [replaced], allowed: true };
  }
}

function said(
  verdict: ShareVerdict<string>,
  space: MinerSpace | undefined,
  job: Given | undefined,
  share: Submit,
): string {
  if (verdict.kind === 'refused') return verdict.reason;
  const { forward, isBlock } = verdict;
  if (job === undefined || space === undefined) throw new Error('accepted without a job');
  if (forward === undefined) return 'kept';
  expect(forward.jobId).toBe(job.jobId);
  expect(forward.extranonce).toEqual(space.extranonce(share.extranonce2));
  const hash = hashOf(job.notify, extranonce1Of(5), { ...share, version: forward.version });
  return `${isBlock ? 'block' : 'forwarded'} ${hash.join()}`;
}

test('any share of any job, whatever came before, has the verdict that the rules give it', () => {
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(steps, (sequence) => {
      const channel = new MinerChannel<string>({ budget: budget() });
      const jobs = new JobTranslator();
      const model = new Model();
      let nowMs = NOW;
      let tip = 0;
      let count = 0;
      let last:
        | { minNtime: number; mask: number; nbits: number; jobId: number; version: number; rolling: boolean }
        | undefined;
      for (const step of sequence) {
        if (step.kind === 'wait') nowMs += step.ms;
        if (step.kind === 'give') {
          const { latest } = channel;
          const refreshed = step.refreshed && latest !== undefined && last !== undefined;
          if (!refreshed) {
            if (step.newTip) tip += 1;
            count += 1;
            last = {
              minNtime: Math.floor(nowMs / 1000),
              mask: step.rolling ? step.mask : 0,
              nbits: step.regtest ? REGTEST : MAINNET,
              jobId: count,
              version: step.version,
              rolling: step.rolling,
            };
          }
          if (last === undefined) continue;
          const { minNtime, nbits, jobId, version, rolling } = last;
          const space = { merklePath: [filled(32, count)] };
          const fresh = workOf({
            minNtime,
            nbits,
            jobId,
            version,
            versionRollingAllowed: rolling,
            prevHash: filled(32, tip),
            receivedAtMs: nowMs,
            space,
          });
          const job = refreshed && latest !== undefined ? jobs.refresh(latest, nowMs) : jobs.translate(fresh, nowMs);
          const place = spaceOf(5, filled(4, step.prefix));
          const mask = rolling ? step.mask : 0;
          const upstreamTarget = step.upstream < -32 ? MAX_TARGET : targetFromDifficulty(2 ** step.upstream);
          const clean = !refreshed && (step.clean || step.newTip || model.given.length === 0);
          const terms = {
            space: place,
            versionMask: step.mask,
            difficulty: 2 ** step.difficulty,
            upstreamTarget,
            upstream: 'pool',
            clean,
          };
          channel.give(job, terms, nowMs);
          const { difficulty } = terms;
          const notify = jobAsRead(job, place);
          model.add(
            {
              id: job.id,
              notify,
              minNtime,
              nbits,
              mask,
              difficulty,
              upstreamTarget,
              space: place,
              sinceMs: nowMs,
              jobId,
              stale: false,
            },
            clean,
          );
        }
        if (step.kind === 'submit') {
          const target = model.given.at(-1 - step.back);
          const id = target?.id ?? (step.nonce === 0 ? 'fffffff' : ([...model.dropped].at(-1) ?? 'ffffff'));
          const ntime = (target?.minNtime ?? NOW / 1000) + step.ntime;
          const share = submitOf(id, {
            nonce: step.nonce,
            ntime,
            versionBits: step.bits,
            extranonce2: filled(step.size, 1),
          });
          const wanted = model.judge(share, nowMs);
          const verdict = said(channel.judge(share, nowMs), target?.space, target, share);
          expect(verdict).toBe(verdict === 'kept' ? wanted.slice(0, 4) : wanted);
          const kind = wanted.split(' ')[0] as string;
          outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
        }
      }
    }),
    { numRuns: 150 },
  );
  expect([...outcomes.keys()].toSorted()).toEqual([
    'bad-extranonce2-size',
    'bad-ntime',
    'bad-version-bits',
    'block',
    'duplicate',
    'forwarded',
    'kept',
    'low-difficulty',
    'stale-job',
    'unknown-job',
  ]);
});
