import { fromUtf8 } from '@sv2kit/codec';
import { nameOfWorker, type WorkerName } from '@sv2kit/ledger';
import type { Events } from '@sv2kit/monitor';
import { Worker, type WorkerPast, type WorkerTimes } from './worker.ts';

/** Of a full book, the part that makes room at once: looking for the least worth keeping takes a look at everybody. */
const ROOM = 1 / 16;
/** A full book in which everybody works is not searched again so soon. */
const FULL_MS = 10_000;
/** Calls of {@link WorkerBook.sweep} in which everybody is looked at once. */
const SWEEPS = 30;
/** Between two calls: with more, this process was stopped or the clock set ahead. */
const LEAP_MS = 60_000;

export interface WorkerBookOptions {
  /** Workers that are remembered. */
  readonly most: number;
  readonly times: WorkerTimes;
  readonly events?: Pick<Events, 'emit'> | undefined;
}

/**
 * Every worker that is or was here, by the name of {@link nameOfWorker}: outlives channels and connections. Bounded:
 * whoever worked longest ago gives way, those without any accepted share first, and nobody who works. One who finds no
 * room is counted all the same, but not listed.
 */
export class WorkerBook {
  readonly times: WorkerTimes;
  readonly #most: number;
  readonly #events: Pick<Events, 'emit'> | undefined;
  readonly #byName = new Map<string, Worker>();
  readonly #all: Worker[] = [];
  #fullUntilMs = Number.NEGATIVE_INFINITY;
  #swept = 0;
  #sweptAtMs: number | undefined;
  /** Since when workers could work; unix milliseconds. */
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor({ most, times, events }: WorkerBookOptions) {
    this.#most = most;
    this.times = times;
    this.#events = events;
  }

  get size(): number {
    return this.#all.length;
  }

  /** In no order that means anything. */
  get all(): readonly Worker[] {
    return this.#all;
  }

  find(name: string): Worker | undefined {
    return this.#byName.get(name);
  }

  /** A channel opens with its own identity. @param declared hashes per second */
  open(userIdentity: Uint8Array, declared: number, nowMs: number): Worker {
    const who = nameOfWorker(fromUtf8(userIdentity));
    const worker = this.#byName.get(who.name) ?? this.#add(who, nowMs) ?? new Worker(who, nowMs, nowMs);
    worker.channels += 1;
    worker.declaredHashrate += declared;
    return worker;
  }

  /** That channel states another hashrate. @param change in hashes per second */
  restate(worker: Worker, change: number): void {
    worker.declaredHashrate = Math.max(0, worker.declaredHashrate + change);
  }

  /** That channel ends. */
  close(worker: Worker, declared: number, nowMs: number): void {
    worker.channels -= 1;
    worker.declaredHashrate = worker.channels === 0 ? 0 : Math.max(0, worker.declaredHashrate - declared);
    this.#left(worker, nowMs);
  }

  /**
   * The shares of a channel name a worker that has none of its own.
   * @param sinceMs since when the channel is open: a first share says nothing of how long it took
   * @returns undefined when there is no room for another
   */
  join(userIdentity: Uint8Array, named: Uint8Array, nowMs: number, sinceMs = nowMs): Worker | undefined {
    const who = nameOfWorker(fromUtf8(userIdentity), fromUtf8(named));
    const worker = this.#byName.get(who.name) ?? this.#add(who, nowMs, sinceMs);
    if (worker === undefined) return undefined;
    worker.lines += 1;
    return worker;
  }

  /** That channel ends, or no longer counts it. */
  leave(worker: Worker, nowMs: number): void {
    worker.lines -= 1;
    this.#left(worker, nowMs);
  }

  accept(worker: Worker, credited: number, measured: number, best: number, nowMs: number): void {
    const { lastShareAtMs, away } = worker;
    worker.away = false;
    worker.accept(credited, measured, best, nowMs);
    if (!away) return;
    const awayMs = Math.max(0, Math.round(nowMs - (lastShareAtMs ?? nowMs)));
    this.#events?.emit({ type: 'worker-back', user: worker.user, worker: worker.worker, awayMs });
  }

  reject(worker: Worker, code: string): void {
    worker.reject(code);
  }

  /** What a worker did before this process began. @returns false when there is no room */
  recall(identity: string, named: string, past: WorkerPast, nowMs: number): boolean {
    const who: WorkerName = nameOfWorker(identity, named);
    const worker = this.#byName.get(who.name) ?? (this.size < this.#most ? this.#put(who, nowMs) : undefined);
    worker?.recall(past, nowMs, this.times);
    return worker !== undefined;
  }

  /**
   * Tells of workers that are gone: looks at some at each call, of which there must be one every second. Nobody is gone
   * for what this process did: when it has just begun, was stopped, or has nothing to mine, everybody has the time anew.
   * @param hasWork whether there is anything to mine
   */
  sweep(nowMs: number, hasWork: boolean): void {
    const before = this.#sweptAtMs ?? Number.NEGATIVE_INFINITY;
    this.#sweptAtMs = nowMs;
    if (!hasWork || nowMs - before > LEAP_MS) {
      this.#sinceMs = nowMs;
      return;
    }
    const count = Math.ceil(this.#all.length / SWEEPS);
    for (let looked = 0; looked < count; looked += 1) {
      this.#swept = (this.#swept + 1) % this.#all.length;
      const worker = this.#all[this.#swept];
      if (worker !== undefined && !worker.away) this.#look(worker, nowMs);
    }
  }

  #look(worker: Worker, nowMs: number): void {
    const reason = worker.absence(nowMs, this.times, this.#sinceMs);
    if (reason === undefined) return;
    worker.away = true;
    const { user, worker: name, lastShareAtMs } = worker;
    const last = lastShareAtMs === undefined ? {} : { lastShareAtMs: Math.round(lastShareAtMs) };
    this.#events?.emit({ type: 'worker-gone', user, worker: name, ...last, reason });
  }

  /** Who came and went without a share is not remembered. */
  #left(worker: Worker, nowMs: number): void {
    worker.left(nowMs);
    if (!worker.held && !worker.hasShares && worker.index >= 0) this.#forget(worker);
  }

  #add(who: WorkerName, nowMs: number, sinceMs = nowMs): Worker | undefined {
    if (this.size >= this.#most && !this.#makeRoom(nowMs)) return undefined;
    return this.#put(who, nowMs, sinceMs);
  }

  #put(who: WorkerName, nowMs: number, sinceMs = nowMs): Worker {
    const worker = new Worker(who, nowMs, sinceMs);
    worker.index = this.#all.push(worker) - 1;
    this.#byName.set(who.name, worker);
    return worker;
  }

  #makeRoom(nowMs: number): boolean {
    if (nowMs < this.#fullUntilMs && nowMs >= this.#fullUntilMs - FULL_MS) return false;
    const gone = this.#all.filter((worker) => worker.channels === 0 && worker.state(nowMs, this.times) === 'gone');
    if (gone.length === 0) this.#fullUntilMs = nowMs + FULL_MS;
    // By number, which is many times faster than by comparing two.
    const worths = Float64Array.from(gone, worthOf).sort();
    const room = Math.min(worths.length, Math.ceil(this.#most * ROOM));
    const least = worths[room - 1] ?? 0;
    for (const worker of gone.filter((each) => worthOf(each) <= least).slice(0, room)) this.#forget(worker);
    return gone.length > 0;
  }

  #forget(worker: Worker): void {
    const last = this.#all.pop();
    if (last !== undefined && last !== worker) {
      this.#all[worker.index] = last;
      last.index = worker.index;
    }
    this.#byName.delete(worker.name);
    worker.index = -1;
    worker.forgotten = true;
  }
}

/** Less than any time, for those who never had an accepted share. */
const NEVER_MS = -(2 ** 52);

/** Who worked last is worth keeping longest. */
function worthOf({ accepted, lastShareAtMs = 0, firstSeenAtMs }: Worker): number {
  return accepted > 0 ? lastShareAtMs : NEVER_MS + firstSeenAtMs;
}
