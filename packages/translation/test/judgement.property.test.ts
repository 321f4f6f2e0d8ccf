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
  readonly receivedMs: number;
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
  tip: fc.constantFrom(undefined, undefined, 0, 1, 2),
  /** One of few, so that a job comes again. */
  branch: fc.nat(3),
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
  nonce: fc.nat(2),
  ntime: fc.constantFrom(-1, 0, 0, 0, 0, 0, 600, 601, 1_201),
  bits: fc.constantFrom(undefined, undefined, undefined, 0, 0x2000, 0x00800000, 0x00c0e000, 0x20c0e000, 0x20),
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

type Step = (typeof steps extends fc.Arbitrary<infer S> ? S : never) extends (infer S)[] ? S : never;

/** The rules of the channel, said once more and slowly: jobs in one list, headers from the lines' text. */
class Model {
  given: Given[] = [];
  dropped = new Set<string>();
  seen = new Set<string>();
  blocks = new Set<string>();

  add(job: Given, clean: boolean): void {
    if (clean) for (const each of this.given) each.stale = true;
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
      if (this.blocks.has(key) || (!job.stale && this.seen.has(key))) return 'duplicate';
      this.blocks.add(key);
      this.seen.add(key);
      return `block ${key}`;
    }
    if (job.stale) return 'stale-job';
    if (!allowed) return 'bad-version-bits';
    const elapsed = Math.min(Math.floor((nowMs - job.receivedMs) / 1000), 7_000);
    const upstreamTime = Math.max(job.notify.ntime, job.minNtime + elapsed);
    if (share.ntime < job.minNtime || share.ntime > upstreamTime + 600) return 'bad-ntime';
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

function said(verdict: ShareVerdict<string>, job: Given | undefined, share: Submit): string {
  if (verdict.kind === 'refused') return verdict.reason;
  const { forward, isBlock } = verdict;
  if (job === undefined) throw new Error('accepted without a job');
  if (forward === undefined) return 'kept';
  expect(forward.jobId).toBe(job.jobId);
  expect(forward.extranonce).toEqual(job.space.extranonce(share.extranonce2));
  const hash = hashOf(job.notify, extranonce1Of(5), { ...share, version: forward.version });
  return `${isBlock ? 'block' : 'forwarded'} ${hash.join()}`;
}

/** One channel and its model, side by side. */
class Bout {
  readonly #channel = new MinerChannel<string>({ budget: budget() });
  readonly #jobs = new JobTranslator();
  readonly #model = new Model();
  readonly #outcomes: Map<string, number>;
  #nowMs = NOW;
  #tip = 0;
  #count = 0;
  /** What the latest job of the upstream is made of. */
  #last: Pick<Given, 'minNtime' | 'receivedMs' | 'nbits' | 'jobId'> & {
    readonly version: number;
    readonly rolling: boolean;
  };

  constructor(outcomes: Map<string, number>) {
    this.#outcomes = outcomes;
    this.#last = { minNtime: NOW / 1000, receivedMs: NOW, nbits: MAINNET, jobId: 0, version: 0, rolling: true };
  }

  take(step: Step): void {
    if (step.kind === 'wait') this.#nowMs += step.ms;
    if (step.kind === 'give') this.#give(step);
    if (step.kind === 'submit') this.#submit(step);
  }

  #give(step: Step & { kind: 'give' }): void {
    const { latest } = this.#channel;
    const again = step.refreshed && latest !== undefined;
    const isNewTip = step.tip !== undefined && step.tip !== this.#tip;
    const clean = !again && (step.clean || isNewTip || latest === undefined);
    const job = again ? this.#jobs.refresh(latest, this.#nowMs) : this.#jobs.translate(this.#work(step), this.#nowMs);
    // One that has to wait is the miner's own, and does not go out.
    if (job === latest) return;
    const space = spaceOf(5, filled(4, step.prefix));
    const upstreamTarget = step.upstream < -32 ? MAX_TARGET : targetFromDifficulty(2 ** step.upstream);
    const { minNtime, receivedMs, nbits, jobId, rolling } = this.#last;
    const shared = { space, difficulty: 2 ** step.difficulty, upstreamTarget };
    this.#channel.give(job, { ...shared, versionMask: step.mask, upstream: 'pool', clean }, this.#nowMs);
    const seen = {
      id: job.id,
      notify: jobAsRead(job, space),
      minNtime,
      receivedMs,
      nbits,
      jobId,
      sinceMs: this.#nowMs,
    };
    this.#model.add({ ...shared, ...seen, mask: rolling ? step.mask : 0, stale: false }, clean);
  }

  #work({ tip, branch, regtest, rolling, version }: Step & { kind: 'give' }) {
    this.#tip = tip ?? this.#tip;
    this.#count += 1;
    // The same for all, so that headers come again.
    const minNtime = NOW / 1000;
    const receivedMs = this.#nowMs;
    this.#last = { minNtime, receivedMs, nbits: regtest ? REGTEST : MAINNET, jobId: this.#count, version, rolling };
    return workOf({
      ...this.#last,
      versionRollingAllowed: rolling,
      prevHash: filled(32, this.#tip),
      receivedAtMs: this.#nowMs,
      space: { merklePath: [filled(32, branch)] },
    });
  }

  #submit(step: Step & { kind: 'submit' }): void {
    const job = this.#model.given.at(-1 - step.back);
    const other = step.nonce === 0 ? undefined : [...this.#model.dropped].at(-1);
    const share = submitOf(job?.id ?? other ?? '999999', {
      nonce: step.nonce,
      ntime: (job?.minNtime ?? NOW / 1000) + step.ntime,
      versionBits: step.bits,
      extranonce2: filled(step.size, 1),
    });
    const wanted = this.#model.judge(share, this.#nowMs);
    const verdict = said(this.#channel.judge(share, this.#nowMs), job, share);
    expect(verdict).toBe(verdict === 'kept' ? wanted.slice(0, 4) : wanted);
    const kind = wanted.split(' ')[0] as string;
    this.#outcomes.set(kind, (this.#outcomes.get(kind) ?? 0) + 1);
  }
}

test('any share of any job, whatever came before, has the verdict that the rules give it', () => {
  const outcomes = new Map<string, number>();
  const property = fc.property(steps, (sequence) => {
    const bout = new Bout(outcomes);
    for (const step of sequence) bout.take(step);
  });
  fc.assert(property, { numRuns: 150 });
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
