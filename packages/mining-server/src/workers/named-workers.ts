import { sameBytes } from '@sv2kit/bitcoin';
import type { Worker } from './worker.ts';
import type { WorkerBook } from './worker-book.ts';

/** Differs between processes, so that nobody can choose names that are slow to find. */
const BASIS = Math.floor(Math.random() * 2 ** 32) >>> 0;
/** Names of one hash that are kept. */
const MOST_ALIKE = 8;
/** How often a connection's silent names are looked for, at most. */
const TIDY_MS = 60_000;

interface Named {
  readonly bytes: Uint8Array;
  worker: Worker;
  /** Another of the same hash. */
  next: Named | undefined;
}

/** A channel whose shares name workers. */
export interface NamingChannel {
  readonly userIdentity: Uint8Array;
  /** Who it is by its own identity. */
  readonly worker: Worker;
  /** Unix milliseconds. */
  readonly openedAtMs: number;
}

/** The workers that the channels of one connection name, of which there may be so many. */
export class NamesBudget {
  readonly #most: number;
  readonly #channels = new Set<NamedWorkers>();
  #used = 0;
  #tidiedMs = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  get used(): number {
    return this.#used;
  }

  /** @returns false when there are too many who still work */
  take(channel: NamedWorkers, nowMs: number): boolean {
    this.#channels.add(channel);
    if (this.#used >= this.#most && Math.abs(nowMs - this.#tidiedMs) >= TIDY_MS) {
      this.#tidiedMs = nowMs;
      for (const each of this.#channels) each.tidy(nowMs);
    }
    if (this.#used >= this.#most) return false;
    this.#used += 1;
    return true;
  }

  give(): void {
    this.#used -= 1;
  }

  closed(channel: NamedWorkers): void {
    this.#channels.delete(channel);
  }
}

/**
 * The workers that the shares of one channel name (extension 0x0002), found by the bytes of the name: nothing is allocated
 * for a share whose worker is known. A worker gets its place by its first accepted share; of more than the connection
 * may name, and of those for whom the book has no room, the channel's own worker is answered.
 */
export class NamedWorkers {
  readonly #book: WorkerBook;
  readonly #identity: Uint8Array;
  readonly #own: Worker;
  readonly #openedAtMs: number;
  readonly #budget: NamesBudget;
  readonly #byHash = new Map<number, Named>();
  #latest: Named | undefined;
  #closed = false;

  constructor(book: WorkerBook, channel: NamingChannel, budget: NamesBudget) {
    this.#book = book;
    this.#identity = channel.userIdentity;
    this.#own = channel.worker;
    this.#openedAtMs = channel.openedAtMs;
    this.#budget = budget;
  }

  /** Whose share it is, for one that is refused: nobody gets a place by it. */
  known(name: Uint8Array | undefined): Worker {
    if (name === undefined || name.length === 0) return this.#own;
    return this.#find(name, hashOf(name))?.worker ?? this.#own;
  }

  /** Whose share it is, for one that is accepted. @param name a view that the next share may overwrite */
  of(name: Uint8Array | undefined, nowMs: number): Worker {
    if (name === undefined || name.length === 0) return this.#own;
    const latest = this.#latest;
    if (latest !== undefined && !latest.worker.forgotten && sameBytes(latest.bytes, name)) return latest.worker;
    const hash = hashOf(name);
    const found = this.#find(name, hash);
    if (found === undefined) return this.#add(name, hash, nowMs) ?? this.#own;
    this.#latest = found;
    if (!found.worker.forgotten) return found.worker;
    const again = this.#book.join(this.#identity, found.bytes, nowMs, this.#openedAtMs);
    if (again !== undefined) found.worker = again;
    return again ?? this.#own;
  }

  /** The channel ends. What is settled of it after that is its own worker's. */
  close(nowMs: number): void {
    this.#closed = true;
    for (const first of this.#byHash.values()) {
      for (let named: Named | undefined = first; named !== undefined; named = named.next) this.#release(named, nowMs);
    }
    this.#byHash.clear();
    this.#latest = undefined;
    this.#budget.closed(this);
  }

  /** Lets go of those that are gone. */
  tidy(nowMs: number): void {
    this.#latest = undefined;
    for (const [hash, first] of this.#byHash) {
      let kept: Named | undefined;
      for (let named: Named | undefined = first, next: Named | undefined; named !== undefined; named = next) {
        next = named.next;
        if (this.#isGone(named.worker, nowMs)) this.#release(named, nowMs);
        else {
          named.next = kept;
          kept = named;
        }
      }
      if (kept === undefined) this.#byHash.delete(hash);
      else this.#byHash.set(hash, kept);
    }
  }

  #isGone(worker: Worker, nowMs: number): boolean {
    return worker.forgotten || (worker.channels === 0 && worker.state(nowMs, this.#book.times) === 'gone');
  }

  #release({ worker }: Named, nowMs: number): void {
    this.#budget.give();
    if (!worker.forgotten) this.#book.leave(worker, nowMs);
  }

  #find(name: Uint8Array, hash: number): Named | undefined {
    let named = this.#byHash.get(hash);
    while (named !== undefined && !sameBytes(named.bytes, name)) named = named.next;
    return named;
  }

  #add(name: Uint8Array, hash: number, nowMs: number): Worker | undefined {
    if (this.#closed || depth(this.#byHash.get(hash)) >= MOST_ALIKE) return undefined;
    if (!this.#budget.take(this, nowMs)) return undefined;
    const bytes = name.slice();
    const worker = this.#book.join(this.#identity, bytes, nowMs, this.#openedAtMs);
    if (worker === undefined) {
      this.#budget.give();
      return undefined;
    }
    this.#latest = { bytes, worker, next: this.#byHash.get(hash) };
    this.#byHash.set(hash, this.#latest);
    return worker;
  }
}

function depth(named: Named | undefined): number {
  let count = 0;
  for (let each = named; each !== undefined; each = each.next) count += 1;
  return count;
}

/** FNV-1a. */
function hashOf(name: Uint8Array): number {
  let hash = BASIS;
  for (const byte of name) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash;
}
