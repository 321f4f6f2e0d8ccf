import { meetsTarget } from '@sv2kit/bitcoin';
import { SeenShares, type ShareBudget } from '@sv2kit/mining';
import { rolledVersion, rolledVersionByDifference, type Submit } from '@sv2kit/sv1';
import { MINER_LIMITS, type MinerLimits } from './limits.ts';
import { type JobTerms, type MinerJob, MinerJobs } from './miner-jobs.ts';
import { REFUSED, type Refused } from './refusals.ts';
import { SeenByTip } from './seen-by-tip.ts';
import type { TranslatedJob } from './translated-job.ts';

/** What `ChannelClient.share` takes for SubmitSharesExtended (§5.3.12). */
export interface UpstreamShare<U> {
  /** The upstream that was given with the job. Another one than the present: the share can only be lost. */
  readonly upstream: U;
  readonly jobId: number;
  /** The rolled part. */
  readonly extranonce: Uint8Array;
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
  /** What it proves upstream: the difficulty of the channel's target. */
  readonly work: number;
}

/** What became of a V1 share. */
export type ShareVerdict<U> =
  | {
      readonly kind: 'accepted';
      /** Difficulty that it proves, for the miner's hashrate. */
      readonly work: number;
      /** Set when it meets the channel's target. */
      readonly forward: UpstreamShare<U> | undefined;
      readonly isBlock: false;
    }
  /** It meets the network's target. */
  | {
      readonly kind: 'accepted';
      /** 0 where it proves none. */
      readonly work: number;
      readonly forward: UpstreamShare<U>;
      readonly isBlock: true;
      /** Of its header, 32 bytes in the order of hashing. */
      readonly hash: Uint8Array;
    }
  | Refused;

/** What a {@link MinerChannel} is made with. */
export interface MinerChannelOptions {
  /** Of all miners together. */
  readonly budget: ShareBudget;
  readonly limits?: MinerLimits;
}

/** Every share is judged before the next one is hashed. */
const HASH = new Uint8Array(32);

/**
 * Judges the shares of one V1 miner: by the space, mask, difficulty and channel target that its job was sent with, exactly,
 * by the 256 bits of the header's hash. What may be a block goes upstream whatever else is wrong with it.
 *
 * @typeParam U what the host knows an upstream channel by
 */
export class MinerChannel<U> {
  readonly #jobs: MinerJobs<U>;
  readonly #limits: MinerLimits;
  readonly #budget: ShareBudget;
  readonly #seen: SeenByTip;
  /** Blocks, so that none counts again when its job is stale. */
  #blocks: SeenShares | undefined;
  readonly #isLive = (source: number): boolean => this.#jobs.isLive(source);

  constructor({ budget, limits = MINER_LIMITS }: MinerChannelOptions) {
    this.#limits = limits;
    this.#budget = budget;
    this.#jobs = new MinerJobs(limits);
    this.#seen = new SeenByTip(limits.seenShares, budget);
  }

  /** The job that was given last. */
  get latest(): TranslatedJob | undefined {
    return this.#jobs.latest?.job;
  }

  /** The hash of the share that was judged last, by whichever channel: a view that the next share overwrites. */
  get latestHash(): Uint8Array {
    return HASH;
  }

  /** Whether the miner has had a job of this id and may still have it. */
  has(id: string): boolean {
    return this.#jobs.find(id) !== undefined;
  }

  /**
   * A job goes out to the miner. Its target is the difficulty's; that of older jobs becomes easier if this one's is, never
   * harder: whether firmware applies a new difficulty at once or with the job, none of its shares is refused.
   *
   * @param nowMs unix time in milliseconds
   */
  give(job: TranslatedJob, terms: JobTerms<U>, nowMs: number): void {
    const retired = this.#jobs.add(job, terms, nowMs);
    this.#seen.turn(job.source.prevHash);
    if (!retired) return;
    this.#seen.jobRetired();
    this.#blocks?.jobRetired();
  }

  /** Judges a share. @param nowMs unix time in milliseconds */
  judge(submit: Submit, nowMs: number): ShareVerdict<U> {
    const job = this.#jobs.find(submit.jobId);
    if (job === undefined) return this.#jobs.isRetired(submit.jobId) ? REFUSED['stale-job'] : REFUSED['unknown-job'];
    const { space, versionMask } = job.pinned;
    if (submit.extranonce2.length !== space.extranonce2Size) return REFUSED['bad-extranonce2-size'];
    const { source } = job.job;
    const mask = source.versionRollingAllowed ? versionMask : 0;
    const rolled = rolledVersion(source.version, mask, submit.versionBits);
    let version = rolled ?? withForeignBits(source.version, submit.versionBits);
    hash(job, submit, version);
    let met = meetsTarget(HASH, job.target);
    if (!met && !meetsTarget(HASH, source.networkTarget)) {
      const other = rolledVersionByDifference(source.version, mask, submit.versionBits);
      if (other !== undefined) {
        version = other;
        hash(job, submit, version);
        met = meetsTarget(HASH, job.target);
      }
    }
    if (meetsTarget(HASH, source.networkTarget)) return this.#judgeBlock(job, submit, version, met);
    if (this.#jobs.isStale(job)) return REFUSED['stale-job'];
    if (rolled === undefined) return REFUSED['bad-version-bits'];
    if (!job.job.allowsNtime(submit.ntime, nowMs)) return REFUSED['bad-ntime'];
    if (!met) return REFUSED['low-difficulty'];
    const seen = this.#seen.add(HASH, source.number, this.#isLive);
    if (seen !== 'new') return REFUSED[seen === 'duplicate' ? 'duplicate' : 'memory-exhausted'];
    const forward = meetsTarget(HASH, job.pinned.upstreamTarget) ? upstreamShare(job, submit, version) : undefined;
    return { kind: 'accepted', work: job.difficulty, forward, isBlock: false };
  }

  /** The miner is gone: gives its memory back. */
  close(): void {
    this.#seen.clear();
    this.#blocks?.clear();
  }

  /**
   * Whatever the job's state and the upstream's target. The same block twice is refused; one on the tip at hand goes out
   * even if it cannot be remembered, and proves nothing then: it may come again. Nor does one that misses the miner's own
   * difficulty: counted beside those that meet it, hashes would prove twice what they are worth.
   */
  #judgeBlock(job: MinerJob<U>, submit: Submit, version: number, met: boolean): ShareVerdict<U> {
    const { source } = job.job;
    const stale = this.#jobs.isStale(job);
    const asBlock = this.#addBlock(source.number);
    if (asBlock === 'duplicate') return REFUSED.duplicate;
    if (asBlock === 'exhausted' && stale) return REFUSED['memory-exhausted'];
    const asShare = stale ? 'exhausted' : this.#seen.add(HASH, source.number, this.#isLive);
    if (asShare === 'duplicate') return REFUSED.duplicate;
    const isRemembered = asBlock === 'new' || asShare === 'new';
    const work = met && isRemembered ? job.difficulty : 0;
    return { kind: 'accepted', work, forward: upstreamShare(job, submit, version), isBlock: true, hash: HASH.slice() };
  }

  #addBlock(source: number): ReturnType<SeenShares['add']> {
    this.#blocks ??= new SeenShares(this.#limits.blocks, this.#budget);
    return this.#blocks.add(HASH, source, (number) => this.#jobs.isKept(number));
  }
}

function hash<U>({ job, pinned: { space } }: MinerJob<U>, submit: Submit, version: number): void {
  const hasher = job.source.hasher(space.fullExtranonceSize);
  hasher.hash(space.front, submit.extranonce2, version, submit.ntime, submit.nonce, HASH);
}

/** What the header most likely was when bits outside the mask have been rolled; good enough to look for a block. */
function withForeignBits(version: number, bits: number | undefined): number {
  return (version | (bits ?? 0)) >>> 0;
}

function upstreamShare<U>({ job, pinned }: MinerJob<U>, submit: Submit, version: number): UpstreamShare<U> {
  const { upstream, space, upstreamDifficulty: work } = pinned;
  const extranonce = space.extranonce(submit.extranonce2);
  return { upstream, jobId: job.jobId, extranonce, version, ntime: submit.ntime, nonce: submit.nonce, work };
}
