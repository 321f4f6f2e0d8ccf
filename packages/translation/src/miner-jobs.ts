import { difficultyFromTarget, sameBytes, targetFromDifficulty } from '@sv2kit/bitcoin';
import type { MinerLimits } from './limits.ts';
import type { MinerSpace } from './miner-space.ts';
import type { TranslatedJob } from './translated-job.ts';

/** What a job is sent to one miner with; all of it binds the shares of that job. */
export interface JobTerms<U> {
  readonly space: MinerSpace;
  /** Version bits that the miner may roll, if the job lets any be rolled. */
  readonly versionMask: number;
  /** Of the shares that the miner sends. */
  readonly difficulty: number;
  /** The channel's for this job (§5.3.21); 32 bytes, little-endian. What meets it goes upstream. */
  readonly upstreamTarget: Uint8Array;
  /** Whose job it is; handed back with what goes upstream, so that nothing goes to another channel. */
  readonly upstream: U;
  /** Earlier jobs are worth nothing any more: another tip, another channel. Another prefix alone is none (§5.3.10). */
  readonly clean: boolean;
}

/** What consecutive jobs mostly have in common. */
interface Pinned<U> {
  readonly space: MinerSpace;
  readonly versionMask: number;
  readonly upstreamTarget: Uint8Array;
  readonly upstreamDifficulty: number;
  readonly upstream: U;
}

/** A job as one miner has it. */
export interface MinerJob<U> {
  readonly job: TranslatedJob;
  readonly pinned: Pinned<U>;
  readonly sinceMs: number;
  /** The least of its own difficulty and all later ones: some firmware applies a new one to the jobs it has. */
  difficulty: number;
  /** Of that difficulty. */
  target: Uint8Array;
  readonly epoch: number;
}

/** Ids begin anew after the last: what is behind by less than this is older. */
const HALF_OF_IDS = 2 ** 31;

/** Jobs of one miner, by id. */
export class MinerJobs<U> {
  readonly #limits: MinerLimits;
  #jobs: MinerJob<U>[] = [];
  #epoch = 0;
  /** The number of the latest id that was given up. */
  #retired: number | undefined;

  constructor(limits: MinerLimits) {
    this.#limits = limits;
  }

  get latest(): MinerJob<U> | undefined {
    return this.#jobs.at(-1);
  }

  find(id: string): MinerJob<U> | undefined {
    const jobs = this.#jobs;
    for (let at = jobs.length - 1; at >= 0; at -= 1) if (jobs[at]?.job.id === id) return jobs[at];
    return undefined;
  }

  /** Whether an id is one that has been given up; ids are given out in order, as decimal numbers of 32 bits. */
  isRetired(id: string): boolean {
    const number = Number.parseInt(id, 10);
    return this.#retired !== undefined && number >= 0 && (this.#retired - number) >>> 0 < HALF_OF_IDS;
  }

  isStale(job: MinerJob<U>): boolean {
    return job.epoch !== this.#epoch;
  }

  /** Whether shares of a source can still count. */
  isLive(source: number): boolean {
    return this.#jobs.some(({ job, epoch }) => epoch === this.#epoch && job.source.number === source);
  }

  /** Whether a source still has a job here, be it stale. */
  isKept(source: number): boolean {
    return this.#jobs.some(({ job }) => job.source.number === source);
  }

  /** @returns whether earlier jobs are stale or given up now */
  add(job: TranslatedJob, terms: JobTerms<U>, nowMs: number): boolean {
    const { latest } = this;
    const clean = terms.clean || latest === undefined || !sameBytes(latest.job.source.prevHash, job.source.prevHash);
    if (clean) this.#epoch += 1;
    const { difficulty } = terms;
    const target = targetOf(difficulty);
    for (const older of this.#jobs) {
      if (older.difficulty <= difficulty) continue;
      older.difficulty = difficulty;
      older.target = target;
    }
    latest?.job.superseded(job);
    const pinned = latest !== undefined && isPinned(latest.pinned, terms) ? latest.pinned : pin(terms);
    this.#jobs.push({ job, pinned, sinceMs: nowMs, difficulty, target, epoch: this.#epoch });
    return this.#dropOld(nowMs) || clean;
  }

  #dropOld(nowMs: number): boolean {
    const { jobs: most, assuredJobs, jobMs } = this.#limits;
    let count = Math.max(0, this.#jobs.length - most);
    while (this.#jobs.length - count > assuredJobs && (this.#jobs[count]?.sinceMs ?? nowMs) < nowMs - jobMs) count += 1;
    const last = this.#jobs[count - 1];
    if (last === undefined) return false;
    this.#retired = Number.parseInt(last.job.id, 10);
    this.#jobs = this.#jobs.slice(count);
    return true;
  }
}

function isPinned<U>(pinned: Pinned<U>, terms: JobTerms<U>): boolean {
  return (
    pinned.space === terms.space &&
    pinned.versionMask === terms.versionMask &&
    pinned.upstreamTarget === terms.upstreamTarget &&
    pinned.upstream === terms.upstream
  );
}

function pin<U>({ space, versionMask, upstreamTarget, upstream }: JobTerms<U>): Pinned<U> {
  return { space, versionMask, upstreamTarget, upstreamDifficulty: difficultyFromTarget(upstreamTarget), upstream };
}

/** Targets of the powers of two that miners have as difficulties: a hundred at most, shared by all miners. */
const TARGETS = new Map<number, Uint8Array>();

function targetOf(difficulty: number): Uint8Array {
  const known = TARGETS.get(difficulty);
  if (known !== undefined) return known;
  const target = targetFromDifficulty(difficulty);
  if (Number.isInteger(Math.log2(difficulty))) TARGETS.set(difficulty, target);
  return target;
}
