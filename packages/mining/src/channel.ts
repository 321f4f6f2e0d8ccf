import { compareTargets, joinCoinbase, meetsTarget, sameBytes } from '@sv2kit/bitcoin';
import { HeldShares } from './held-shares.ts';
import type { ActiveWork, Job } from './job.ts';
import { JobBook, type LiveJob } from './job-book.ts';
import { CHANNEL_LIMITS, type ChannelLimits } from './limits.ts';
import { allowsNtime } from './ntime-rule.ts';
import { rejected, type SettledShare, type Share, type ShareOutcome, type Solution } from './share.ts';
import { sameSpace, untouchedNtime } from './search-space.ts';
import { SeenByTip } from './seen-by-tip.ts';
import type { ShareBudget } from './seen-shares.ts';
import type { Tip } from './template.ts';

/** What a channel of either kind is opened with. */
export interface ChannelOptions {
  readonly channelId: number;
  /** A standard channel's is the full extranonce. */
  readonly extranoncePrefix: Uint8Array;
  /** First target; not above `maxTarget`. */
  readonly target: Uint8Array;
  /** What the client stated (§5.3.2). */
  readonly maxTarget: Uint8Array;
  readonly budget: ShareBudget;
  readonly limits?: ChannelLimits;
}

/** A server's side of one channel: its jobs, its target, and the judgement of its shares (§5.2, §5.3). */
export abstract class ServerChannel {
  abstract readonly kind: 'standard' | 'extended';
  readonly channelId: number;
  readonly #jobs: JobBook;
  readonly #seen: SeenByTip;
  readonly #held: HeldShares;
  #prefix: Uint8Array;
  #target: Uint8Array;
  #maxTarget: Uint8Array;

  constructor(options: ChannelOptions) {
    this.channelId = options.channelId;
    const { limits = CHANNEL_LIMITS } = options;
    this.#jobs = new JobBook(limits);
    this.#seen = new SeenByTip(limits, options.budget);
    this.#held = new HeldShares(limits);
    this.#prefix = options.extranoncePrefix;
    this.#target = options.target;
    this.#maxTarget = options.maxTarget;
    if (compareTargets(options.target, options.maxTarget) > 0) throw new RangeError('target above max_target');
  }

  /** Prefix and rolled part together, in bytes. */
  abstract get fullExtranonceSize(): number;
  /** The prefix of jobs sent from now on. */
  get extranoncePrefix(): Uint8Array {
    return this.#prefix;
  }
  /** The target of jobs activated from now on. */
  get target(): Uint8Array {
    return this.#target;
  }
  get maxTarget(): Uint8Array {
    return this.#maxTarget;
  }
  /** The job that the client should be mining. */
  get active(): LiveJob | undefined {
    return this.#jobs.active;
  }

  /** A job went out without min_ntime: its prefix is pinned, its target is not yet (§5.3.10, §5.3.21). */
  addFutureJob(job: Job): void {
    this.#checkSize(job);
    this.#jobs.addFuture(job, this.#prefix);
  }

  /** A job went out with min_ntime. @param minNtime unix seconds */
  addActiveJob(job: Job, minNtime: number, nowMs: number): void {
    this.#checkSize(job);
    const retired = this.#jobs.addActive(job, this.#prefix, this.#target, minNtime, nowMs);
    // What was found on a job that another may repeat must be remembered while the tip lasts.
    if (retired && job.numbered) this.#seen.current.jobRetired();
  }

  /**
   * SetCustomMiningJob was accepted (§5.3.18): prefix and target are pinned, and the tip that it names is the channel's.
   * Older jobs go stale, and their shares are forgotten, on another prev-hash only, never on another min_ntime.
   * @returns the target that binds: an earlier one where the job's search space was set on this tip before
   */
  setCustomJob(job: Job, tip: Tip, minNtime: number, nowMs: number): Uint8Array {
    this.#checkSize(job);
    const before = this.#jobs.tip?.prevHash;
    if (before === undefined || !sameBytes(before, tip.prevHash)) this.#seen.turn(before, tip.prevHash);
    const target = this.#seen.pinned.pin(job.space, this.#target);
    this.#jobs.addCustom(job, tip, this.#prefix, target, minNtime, nowMs);
    return target;
  }

  /** The tip of the client's own jobs is history: they are stale, although the client has not named another tip. */
  endTip(): void {
    this.#jobs.endTip();
  }

  /**
   * SetNewPrevHash went out (§5.3.17).
   * @param minNtime unix seconds; not below the tip's
   * @param generation another one makes older jobs stale though the prev-hash is the same
   * @returns shares that were held for this tip, judged
   * @throws Error when the job was never sent to this channel as a future one
   */
  setNewPrevHash(jobId: number, tip: Tip, minNtime: number, nowMs: number, generation = 0): SettledShare[] {
    const before = this.#jobs.tip?.prevHash;
    const { newTip, job } = this.#jobs.activate(jobId, tip, this.#target, minNtime, nowMs, generation);
    if (newTip && job.job.numbered) this.#seen.clear();
    else if (newTip) this.#seen.turn(before, tip.prevHash);
    return this.#held.drain((share) => this.#judgeHeld(share, nowMs));
  }

  /** SetTarget went out (§5.3.21). */
  setTarget(target: Uint8Array): void {
    if (compareTargets(target, this.#maxTarget) > 0) throw new RangeError('target above max_target');
    this.#target = target;
  }

  /** UpdateChannel came in; @returns whether the target at hand is now too easy for the client (§5.3.7). */
  setMaxTarget(maxTarget: Uint8Array): boolean {
    this.#maxTarget = maxTarget;
    return compareTargets(this.#target, maxTarget) > 0;
  }

  /** SetExtranoncePrefix went out; binds the jobs sent after it (§5.3.10), whose extranonce may be of another size. */
  setExtranoncePrefix(prefix: Uint8Array): void {
    this.#prefix = prefix;
  }

  /** The first ntime of a job that is new to this channel's devices; undefined when all of it is. Unix seconds. */
  untouchedNtime(job: Job, prevHash: Uint8Array, nowMs: number): number | undefined {
    let untouched: number | undefined;
    for (const live of this.#jobs.live) {
      if (!sameSpace(live.job, job) || this.#jobs.isStale(live)) continue;
      if (!sameBytes(live.work.tip.prevHash, prevHash) || !sameBytes(live.prefix, this.#prefix)) continue;
      untouched = Math.max(untouched ?? 0, untouchedNtime(live.minNtime, nowMs - live.sinceMs));
    }
    return untouched;
  }

  /** What an accepted share was found with; undefined when its job has been forgotten meanwhile. */
  point(share: Share): { readonly job: Job; readonly extranonce: Uint8Array } | undefined {
    const live = this.#jobs.find(share.jobId);
    return live?.phase === 'live' ? { job: live.job, extranonce: this.extranonce(live, share) } : undefined;
  }

  /** Judges a share of this channel. @param nowMs unix time in milliseconds */
  submit(share: Share, nowMs: number): ShareOutcome {
    if (!this.accepts(share)) return rejected('invalid-channel-type');
    const job = this.#jobs.find(share.jobId);
    if (job === undefined) return rejected(this.#jobs.isRetired(share.jobId) ? 'stale-share' : 'invalid-job-id');
    if (!this.hasRightSize(share)) return rejected('bad-extranonce-size');
    if (job.phase === 'live') return this.#judge(job, share, nowMs);
    return this.#held.add(share, nowMs) ? { kind: 'held' } : rejected('job-not-active');
  }

  /** Whether shares wait for their tip. */
  get holds(): boolean {
    return this.#held.size > 0;
  }

  /** Refuses held shares whose tip did not come in time. */
  expireHeld(nowMs: number): SettledShare[] {
    return this.#held.expire(nowMs);
  }

  /** The channel ends: gives its memory back, refuses what it holds. */
  close(): SettledShare[] {
    this.#seen.clear();
    return this.#held.drain(() => rejected('invalid-channel-id'));
  }

  /** Whether the share's message is for this kind of channel. */
  protected abstract accepts(share: Share): boolean;
  protected abstract hasRightSize(share: Share): boolean;
  /** @returns the header's hash, in a buffer that the next call overwrites */
  protected abstract hash(job: LiveJob, share: Share): Uint8Array;
  /** @returns the full extranonce */
  protected abstract extranonce(job: LiveJob, share: Share): Uint8Array;

  #judgeHeld(share: Share, nowMs: number): SettledShare['outcome'] {
    const job = this.#jobs.find(share.jobId);
    return job?.phase === 'live' ? this.#judge(job, share, nowMs) : rejected('stale-share');
  }

  /** The network's target comes first: a block is a block, whatever else is wrong with the share. */
  #judge(job: LiveJob, share: Share, nowMs: number): SettledShare['outcome'] {
    const hash = this.hash(job, share);
    const { work } = job;
    if (meetsTarget(hash, work.tip.target)) return this.#judgeBlock(job, share, hash);
    if (this.#jobs.isStale(job)) return rejected('stale-share');
    const versionError = job.job.versionError(share.version);
    if (versionError !== undefined) return rejected(versionError);
    if (!allowsNtime(job, share.ntime, nowMs)) return rejected('invalid-ntime');
    if (!meetsTarget(hash, job.target)) return rejected('difficulty-too-low');
    const seen = this.#seen.current.add(hash, share.jobId, (jobId) => this.#jobs.isCurrent(jobId));
    if (seen === 'new') return { kind: 'accepted', work: job.difficulty, credit: job.job.credit, hash: hash.slice() };
    return rejected(seen === 'duplicate' ? 'duplicate-share' : 'share-budget-exhausted');
  }

  /**
   * Credits the easier of the two targets, whichever the hash meets: were the harder one credited where that is met too,
   * on a network easier than shares, hashes would earn twice what they are worth.
   */
  #judgeBlock(job: LiveJob, share: Share, hash: Uint8Array): SettledShare['outcome'] {
    if (this.#jobs.hasBlock(hash)) return rejected('duplicate-share');
    if (!this.#jobs.addBlock(job, hash)) return rejected('share-budget-exhausted');
    const solution = this.#solve(job.work, share, hash.slice(), this.extranonce(job, share));
    const work = Math.min(job.difficulty, job.work.networkDifficulty);
    const measured = meetsTarget(hash, job.target) ? job.difficulty : 0;
    return { kind: 'block', work, measured, credit: job.job.credit, solution };
  }

  #solve(work: ActiveWork, share: Share, hash: Uint8Array, extranonce: Uint8Array): Solution {
    const { job } = work;
    const header = work.header(job.merkleRoot(extranonce));
    const view = new DataView(header.buffer);
    view.setUint32(0, share.version, true);
    view.setUint32(68, share.ntime, true);
    view.setUint32(76, share.nonce, true);
    return {
      job,
      hash,
      header,
      version: share.version,
      ntime: share.ntime,
      nonce: share.nonce,
      coinbase: joinCoinbase(job.coinbase, extranonce, { segwit: true }),
      extranonce,
    };
  }

  #checkSize(job: Job): void {
    if (job.extranonceSize === this.fullExtranonceSize) return;
    throw new Error(`job ${job.id} has another extranonce size than channel ${this.channelId}`);
  }
}
