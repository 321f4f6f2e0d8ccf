import { heightOf, sameBytes } from '@sv2kit/bitcoin';
import type { Job } from './job.ts';
import type { JobIds } from './job-ids.ts';
import { type Recipe, recipeKey } from './recipe.ts';
import { isUpstreamJob, type Tip, type WorkInput } from './template.ts';
import { templateJob } from './template-job.ts';
import { upstreamJob } from './upstream-job.ts';

/** Future templates that wait for their tip; the oldest gives way. Fewer than a client keeps future jobs. */
export const MAX_FUTURE_TEMPLATES = 8;

/** One template or upstream's job in play, and the jobs made from it, at most one per recipe. */
export class WorkSource {
  readonly input: WorkInput;
  readonly #ids: JobIds;
  readonly #serial: number;
  readonly #jobs = new Map<string, Job>();

  constructor(input: WorkInput, ids: JobIds, serial: number) {
    this.input = input;
    this.#ids = ids;
    this.#serial = serial;
  }

  /** Of the block that it would make. */
  get height(): number {
    return isUpstreamJob(this.input) ? this.input.height : heightOf(this.input.coinbasePrefix);
  }

  /** Those that were asked for. */
  get jobs(): IterableIterator<Job> {
    return this.#jobs.values();
  }

  /** The job that every channel of the recipe shares; made when the first one asks. */
  job(recipe: Recipe): Job {
    const key = recipeKey(recipe);
    let job = this.#jobs.get(key);
    if (job === undefined) {
      job = this.#make(recipe);
      this.#jobs.set(key, job);
    }
    return job;
  }

  #make(recipe: Recipe): Job {
    const id = this.#ids.next();
    return isUpstreamJob(this.input)
      ? upstreamJob(id, this.input, recipe.versionMask)
      : templateJob(id, this.input, recipe, this.#serial);
  }
}

/** What every channel should be brought to. */
export interface BoardWork {
  readonly tip: Tip;
  /** When the tip came, in milliseconds. */
  readonly tipSinceMs: number;
  /** When a tip came that was higher than the one before, in milliseconds: rivals of one height change nothing. */
  readonly heightSinceMs: number;
  /** How often older jobs of a tip that stands were made stale; see {@link JobBoard.activate}. */
  readonly generation: number;
  /** The future template that the tip activated. */
  readonly opening: WorkSource;
  /** What to mine now: the opening template or a later one. */
  readonly current: WorkSource;
}

/**
 * The work of a mining server: what is mined now and what waits for the next tip (§5.1.3). A template, or an upstream's
 * job, is the object that was handed in: the ids of two template providers may be the same.
 */
export class JobBoard {
  readonly #ids: JobIds;
  #serial = 0;
  #work: BoardWork | undefined;
  #futures: WorkSource[] = [];

  constructor(ids: JobIds) {
    this.#ids = ids;
  }

  /** What to mine now; undefined before the first tip. */
  get work(): BoardWork | undefined {
    return this.#work;
  }

  /** What to mine when the tip changes, oldest first. */
  get futures(): readonly WorkSource[] {
    return this.#futures;
  }

  /** NewTemplate with future_template set (§7.2). */
  addFuture(input: WorkInput): void {
    this.#futures = [...this.#futures, this.#source(input)].slice(-MAX_FUTURE_TEMPLATES);
  }

  /** NewTemplate for the tip at hand (§7.2). @returns false when there is no tip yet */
  update(input: WorkInput): boolean {
    if (this.#work === undefined) return false;
    this.#work = { ...this.#work, current: this.#source(input) };
    return true;
  }

  /** Makes new jobs of the template at hand, so that new targets bind and search spaces are fresh. */
  refresh(): void {
    if (this.#work !== undefined) this.update(this.#work.current.input);
  }

  /** What jobs are made with has changed: new jobs of the template at hand and of those that wait for the next tip. */
  renew(): void {
    this.refresh();
    this.#futures = this.#futures.map(({ input }) => this.#source(input));
  }

  /**
   * SetNewPrevHash (§7.3): every other future template is void. A template that was not announced as a future one, or
   * that is mined already, becomes new jobs.
   * @param clean whether every older job is stale, also where the tip has the same prev-hash; its shares are still known
   */
  activate(input: WorkInput, tip: Tip, nowMs: number, clean = false): 'new-tip' | 'same-tip' {
    const opening = this.#futures.find((source) => source.input === input) ?? this.#source(input);
    const last = this.#work;
    const generation = (last?.generation ?? 0) + (clean ? 1 : 0);
    const heightSinceMs = last === undefined || last.current.height < opening.height ? nowMs : last.heightSinceMs;
    // A tip is told from the one before by identity.
    this.#work = {
      tip: clean ? { ...tip } : tip,
      tipSinceMs: nowMs,
      heightSinceMs,
      generation,
      opening,
      current: opening,
    };
    this.#futures = [];
    return last !== undefined && sameBytes(last.tip.prevHash, tip.prevHash) ? 'same-tip' : 'new-tip';
  }

  /** New jobs of the template at hand for a few channels only; what the others mine stays. */
  another(): WorkSource | undefined {
    return this.#work === undefined ? undefined : this.#source(this.#work.current.input);
  }

  /** Another template provider takes over: what the last one prepared is void. What is mined now goes on. */
  forgetFutures(): void {
    this.#futures = [];
  }

  /** There is nothing to mine any more. */
  clear(): void {
    this.#futures = [];
    this.#work = undefined;
  }

  #source(input: WorkInput): WorkSource {
    this.#serial += 1;
    return new WorkSource(input, this.#ids, this.#serial);
  }
}

/**
 * Most seconds that min_ntime moves on from its tip's. A clock that jumps ahead must not lead miners beyond the
 * two hours that the network allows; a tip that stands for longer is mined with an older time, which is as valid.
 */
export const MAX_NTIME_ADVANCE = 3_600;

/** The min_ntime of a job that is sent now: the tip's, moved on by the time since. Unix seconds. */
export function minNtimeAt(work: BoardWork, nowMs: number): number {
  const elapsed = Math.floor((nowMs - work.tipSinceMs) / 1000);
  return work.tip.minNtime + Math.min(MAX_NTIME_ADVANCE, Math.max(0, elapsed));
}
