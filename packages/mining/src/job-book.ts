import { difficultyFromTarget, sameBytes } from '@sv2kit/bitcoin';
import type { ActiveWork, Job } from './job.ts';
import type { ChannelLimits } from './limits.ts';
import type { Tip } from './template.ts';

/** A job that was sent before its tip was known. */
export interface FutureJob {
  readonly phase: 'future';
  readonly job: Job;
  /** The channel's prefix when the job was sent (§5.3.10). */
  readonly prefix: Uint8Array;
}

/** A job that is or was mined. */
export interface LiveJob {
  readonly phase: 'live';
  readonly job: Job;
  readonly prefix: Uint8Array;
  readonly work: ActiveWork;
  /** The channel's target when the job was activated (§5.3.21). */
  readonly target: Uint8Array;
  readonly difficulty: number;
  /** Unix seconds. */
  readonly minNtime: number;
  /** When it was activated; milliseconds. */
  readonly sinceMs: number;
  /** Which tip of the channel; older than the book's when stale. */
  readonly epoch: number;
  /** The blocks it yielded; see {@link JobBook.addBlock}. */
  blocks: Set<string> | undefined;
  /** A standard job's header, made for its first share. */
  header: Uint8Array | undefined;
}

/** What another tip did to a book. */
export interface Activation {
  readonly newTip: boolean;
  readonly job: LiveJob;
}

/** The jobs of one server-side channel. A job stays shareable while newer ones of its tip come (§5.3.15). */
export class JobBook {
  readonly #limits: ChannelLimits;
  readonly #futures = new Map<number, FutureJob>();
  readonly #live = new Map<number, LiveJob>();
  readonly #retired: number[] = [];
  /** Hashes of the blocks of forgotten jobs that a client may set again. */
  readonly #pastBlocks = new Set<string>();
  /** Of the coinbases of live jobs that the client brought. */
  #ownBytes = 0;
  #tip: Tip | undefined;
  #epoch = 0;
  #generation = 0;
  #active: LiveJob | undefined;
  #lastTarget: { readonly target: Uint8Array; readonly difficulty: number } | undefined;

  constructor(limits: ChannelLimits) {
    this.#limits = limits;
  }

  get tip(): Tip | undefined {
    return this.#tip;
  }

  /** The job that the channel should be mining. */
  get active(): LiveJob | undefined {
    return this.#active;
  }

  find(jobId: number): FutureJob | LiveJob | undefined {
    return this.#live.get(jobId) ?? this.#futures.get(jobId);
  }

  isRetired(jobId: number): boolean {
    return this.#retired.includes(jobId);
  }

  isStale(job: LiveJob): boolean {
    return job.epoch !== this.#epoch;
  }

  /** Whether shares of the job can still count. */
  isCurrent(jobId: number): boolean {
    return this.#live.get(jobId)?.epoch === this.#epoch;
  }

  /** Whether a job of this book yielded this block already, be it forgotten if it could be set again. */
  hasBlock(hash: Uint8Array): boolean {
    const key = blockKey(hash);
    for (const { blocks } of this.#live.values()) if (blocks?.has(key) === true) return true;
    return this.#pastBlocks.has(key);
  }

  /** The job has yielded a block. @returns false when it has yielded as many as are remembered */
  addBlock(job: LiveJob, hash: Uint8Array): boolean {
    job.blocks ??= new Set();
    if (job.blocks.size >= this.#limits.blocksPerJob) return false;
    job.blocks.add(blockKey(hash));
    return true;
  }

  addFuture(job: Job, prefix: Uint8Array): void {
    this.#futures.set(job.id, { phase: 'future', job, prefix });
    if (this.#futures.size > this.#limits.futureJobs) this.#dropOldest(this.#futures);
  }

  /**
   * A job for the tip at hand.
   * @returns whether an older job had to go
   */
  addActive(job: Job, prefix: Uint8Array, target: Uint8Array, minNtime: number, nowMs: number): boolean {
    if (this.#tip === undefined) throw new Error('a job cannot be active before the first prev-hash');
    return this.#enter(job, prefix, this.#tip, target, minNtime, nowMs);
  }

  /**
   * A job of the client's own, on the tip that it names: that is the book's from now on. Older jobs are stale unless the
   * prev-hash is the same, whatever else of the tip is new.
   */
  addCustom(job: Job, tip: Tip, prefix: Uint8Array, target: Uint8Array, minNtime: number, nowMs: number): void {
    if (this.#tip === undefined || !sameBytes(this.#tip.prevHash, tip.prevHash)) this.#epoch += 1;
    this.#tip = tip;
    this.#enter(job, prefix, tip, target, minNtime, nowMs);
  }

  /** The tip is history, though no other has been named: every job on it is stale. */
  endTip(): void {
    this.#epoch += 1;
    this.#active = undefined;
  }

  /** Jobs that a share may name, stale ones included; oldest first. */
  get live(): IterableIterator<LiveJob> {
    return this.#live.values();
  }

  /**
   * A new tip, and the future job to mine on it. Every other future job is void, and every older job stale unless the
   * prev-hash and the generation are the same.
   */
  activate(
    jobId: number,
    tip: Tip,
    target: Uint8Array,
    minNtime: number,
    nowMs: number,
    generation: number,
  ): Activation {
    const future = this.#futures.get(jobId);
    if (future === undefined) throw new Error(`job ${jobId} was not sent as a future job`);
    const newTip = this.#tip === undefined || !sameBytes(this.#tip.prevHash, tip.prevHash);
    if (newTip || generation !== this.#generation) this.#epoch += 1;
    this.#generation = generation;
    this.#tip = tip;
    this.#futures.delete(jobId);
    while (this.#futures.size > 0) this.#dropOldest(this.#futures);
    this.#enter(future.job, future.prefix, tip, target, minNtime, nowMs);
    return { newTip, job: this.#active as LiveJob };
  }

  #enter(job: Job, prefix: Uint8Array, tip: Tip, target: Uint8Array, minNtime: number, sinceMs: number): boolean {
    const live: LiveJob = {
      phase: 'live',
      job,
      prefix,
      work: job.on(tip),
      target,
      difficulty: this.#difficulty(target),
      minNtime,
      sinceMs,
      epoch: this.#epoch,
      blocks: undefined,
      header: undefined,
    };
    this.#live.set(job.id, live);
    this.#active = live;
    this.#ownBytes += ownBytes(job);
    let dropped = false;
    while (this.#isFull) {
      this.#dropOldestLive();
      dropped = true;
    }
    return dropped;
  }

  get #isFull(): boolean {
    const { liveJobs, ownJobBytes } = this.#limits;
    return this.#live.size > liveJobs || (this.#ownBytes > ownJobBytes && this.#live.size > 1);
  }

  #dropOldestLive(): void {
    const [oldest] = this.#live.values();
    if (oldest === undefined) return;
    const { job, blocks } = oldest;
    this.#ownBytes -= ownBytes(job);
    if (!job.numbered && blocks !== undefined) {
      for (const block of blocks) this.#pastBlocks.add(block);
      for (const block of this.#pastBlocks) {
        if (this.#pastBlocks.size <= this.#limits.blocksPerJob) break;
        this.#pastBlocks.delete(block);
      }
    }
    this.#dropOldest(this.#live);
  }

  #dropOldest(jobs: Map<number, unknown>): void {
    const [oldest] = jobs.keys();
    if (oldest === undefined) return;
    jobs.delete(oldest);
    this.#retired.push(oldest);
    if (this.#retired.length > this.#limits.retiredJobs) this.#retired.shift();
  }

  /** Targets change rarely and are shared between jobs, so the division is made once per target. */
  #difficulty(target: Uint8Array): number {
    if (this.#lastTarget?.target !== target) {
      this.#lastTarget = { target, difficulty: difficultyFromTarget(target) };
    }
    return this.#lastTarget.difficulty;
  }
}

/** The half of a hash that proof of work leaves random. @param hash internal byte order */
function blockKey(hash: Uint8Array): string {
  return String.fromCharCode(...hash.subarray(0, 16));
}

/** What a job costs that a client brought for its channels alone; templates are every channel's. */
function ownBytes({ origin, coinbase }: Job): number {
  return origin.kind === 'custom' ? coinbase.prefix.length + coinbase.suffix.length : 0;
}
