import { hashHeader, meetsTarget } from '@sv2kit/bitcoin';
import type { Clock } from '@sv2kit/daemon';
import type { Work } from '@sv2kit/mining';
import type { HashEngine } from './engine.ts';
import { Search, type Stretch } from './search.ts';

/** Tasks whose hits are still understood; beyond that many, the oldest is forgotten. */
const REMEMBERED_TASKS_PER_THREAD = 8;
/** A stretch lasts about this long, so that ntime keeps up with the clock. */
const STRETCH_SECONDS = 1;
const MIN_NONCES = 2 ** 10;
const MAX_NONCES = 2 ** 32;

/** A hash that meets its job's target. */
export interface Found {
  readonly stretch: Stretch;
  readonly nonce: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
}

export interface RigOptions {
  readonly engine: HashEngine;
  readonly clock: Clock;
  onFound(found: Found): void;
  /** Every thread is at work on a new job, so many milliseconds after it came. */
  onHashing(afterMs: number): void;
  /** A thread has ended or hashes wrongly. */
  onFailure(error: Error): void;
}

/** How a job is taken up. */
export interface MiningTerms {
  /** Version bits to roll where the job allows it. */
  readonly versionMask: number;
  /** Hits on earlier jobs are worth nothing from here on. */
  readonly forgetEarlier: boolean;
}

/** Keeps every thread of an engine busy with stretches of the current job. */
export class Rig {
  readonly #options: RigOptions;
  readonly #tasks = new Map<number, Stretch>();
  #search: Search | undefined;
  #waits = new Map<number, Disposable>();
  /** The first tasks of a new job that no thread has taken up yet. */
  #awaited: { readonly sinceMs: number; readonly tasks: Set<number> } | undefined;
  #nextTaskId = 1;
  #nextExtranonce = 0;
  #noncesPerStretch = MIN_NONCES;

  constructor(options: RigOptions) {
    this.#options = options;
  }

  get hashes(): number {
    return this.#options.engine.hashes;
  }

  /** What is being hashed, if anything. */
  get work(): Work | undefined {
    return this.#search?.work;
  }

  /** Starts the threads. @returns their hashrate together, in hashes per second */
  async start(): Promise<number> {
    const { engine, onFailure } = this.#options;
    const hashesPerSecond = await engine.start({
      onHit: (taskId, nonce) => this.#onHit(taskId, nonce),
      onStarted: (taskId) => this.#onStarted(taskId),
      onDone: (thread, taskId) => this.#onDone(thread, taskId),
      onFailure,
    });
    this.#noncesPerStretch = stretchSize(hashesPerSecond / engine.threads);
    return hashesPerSecond;
  }

  /** Every thread goes over to this job. */
  mine(work: Work, { versionMask, forgetEarlier }: MiningTerms): void {
    const { clock, engine } = this.#options;
    if (forgetEarlier) this.#tasks.clear();
    this.#countExtranonces();
    const [noncesPerStretch, firstExtranonce] = [this.#noncesPerStretch, this.#nextExtranonce];
    this.#search = new Search(work, { versionMask, noncesPerStretch, firstExtranonce });
    const [sinceMs, firstTaskId] = [clock.now(), this.#nextTaskId];
    for (let thread = 0; thread < engine.threads; thread++) this.#assign(thread);
    const tasks = new Set(Array.from({ length: this.#nextTaskId - firstTaskId }, (_, index) => firstTaskId + index));
    this.#awaited = tasks.size === 0 ? undefined : { sinceMs, tasks };
  }

  /** Every thread rests; hits that are under way are forgotten. */
  rest(): void {
    this.#countExtranonces();
    this.#search = undefined;
    this.#awaited = undefined;
    this.#tasks.clear();
    for (const wait of this.#waits.values()) wait[Symbol.dispose]();
    this.#waits.clear();
    this.#options.engine.idle();
  }

  async close(): Promise<void> {
    this.rest();
    await this.#options.engine.close();
  }

  /** What one job has used, the next one does not use again: a pool may give the same job under another id. */
  #countExtranonces(): void {
    this.#nextExtranonce = this.#search?.nextExtranonce ?? this.#nextExtranonce;
  }

  #assign(thread: number): void {
    this.#waits.get(thread)?.[Symbol.dispose]();
    this.#waits.delete(thread);
    if (this.#search === undefined) return;
    const { engine, clock } = this.#options;
    const nowMs = clock.now();
    const next = this.#search.next(nowMs);
    if (next.kind === 'exhausted') {
      const wait = clock.after(Math.max(next.untilMs - nowMs, 1), () => this.#assign(thread));
      this.#waits.set(thread, wait);
      return;
    }
    const id = this.#nextTaskId++;
    this.#remember(id, next);
    const { header, nonceStart, nonceCount } = next;
    engine.search(thread, { id, header, target: next.work.target, nonceStart, nonceCount });
  }

  #remember(id: number, stretch: Stretch): void {
    this.#tasks.set(id, stretch);
    const [oldest] = this.#tasks.keys();
    const limit = this.#options.engine.threads * REMEMBERED_TASKS_PER_THREAD;
    if (this.#tasks.size > limit && oldest !== undefined) this.#tasks.delete(oldest);
  }

  #onStarted(taskId: number): void {
    if (this.#awaited === undefined) return;
    const { sinceMs, tasks } = this.#awaited;
    tasks.delete(taskId);
    if (tasks.size > 0) return;
    this.#awaited = undefined;
    const { clock, onHashing } = this.#options;
    onHashing(clock.now() - sinceMs);
  }

  #onHit(taskId: number, nonce: number): void {
    const stretch = this.#tasks.get(taskId);
    if (stretch === undefined) return;
    const header = stretch.header.slice();
    new DataView(header.buffer).setUint32(76, nonce, true);
    const hash = hashHeader(header);
    if (meetsTarget(hash, stretch.work.target)) this.#options.onFound({ stretch, nonce, hash });
    else this.#options.onFailure(new Error(`nonce ${nonce} does not meet the target that a thread says it meets`));
  }

  /** Only the thread's latest task counts: an order that crossed the report on the way has given it another. */
  #onDone(thread: number, taskId: number): void {
    if (this.#tasks.has(taskId) && this.#tasks.get(taskId)?.work === this.work) this.#assign(thread);
  }
}

/** Nonces that a thread tries in about a second, as a power of two. */
function stretchSize(hashesPerSecond: number): number {
  const nonces = 2 ** Math.ceil(Math.log2(Math.max(hashesPerSecond * STRETCH_SECONDS, 1)));
  return Math.min(Math.max(nonces, MIN_NONCES), MAX_NONCES);
}
