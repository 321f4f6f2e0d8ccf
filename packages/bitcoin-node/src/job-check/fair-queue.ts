import type { Clock } from '../host.ts';

interface Waiting {
  start(): void;
}

export interface QueueBounds {
  /** Tasks that run at once. */
  readonly concurrency: number;
  /** Tasks that wait, in all and of one lane. */
  readonly waiting: number;
  readonly waitingPerLane: number;
  /** Bytes that all tasks, waiting or running, hold. */
  readonly bytes: number;
  /** A task that took so long leaves its place empty for as long again, in ms: others use what it was busy with. */
  readonly restFromMs: number;
  /** But not for longer than this. */
  readonly maxRestMs: number;
}

/** Runs a few tasks at once; lanes take turns, so that one with many tasks does not hold up the others. */
export class FairQueue implements Disposable {
  readonly #bounds: QueueBounds;
  readonly #clock: Clock;
  readonly #rests = new Set<Disposable>();
  /** Lanes with waiting tasks; the first one's turn is next. */
  readonly #lanes = new Map<string, Waiting[]>();
  #running = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** No place that is empty now is given away again. */
  [Symbol.dispose](): void {
    for (const rest of this.#rests) rest[Symbol.dispose]();
  }

  /** With the places that are left empty for a while. */
  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether there is room for one more task of `lane` that holds `bytes`. */
  hasRoom(lane: string, bytes: number): boolean {
    const { concurrency, waiting, waitingPerLane, bytes: maxBytes } = this.#bounds;
    if (this.#bytes + bytes > maxBytes) return false;
    if (this.#running < concurrency) return true;
    return this.#waiting < waiting && (this.#lanes.get(lane)?.length ?? 0) < waitingPerLane;
  }

  /**
   * Runs `task` when it is its turn. The caller has asked whether there is room.
   *
   * @throws the signal's reason when it aborts before
   */
  async run<T>(lane: string, bytes: number, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#bytes += bytes;
    try {
      if (this.#running >= this.#bounds.concurrency) await this.#turn(lane, signal);
      else this.#running += 1;
      const startedMs = this.#clock.now();
      try {
        return await task();
      } finally {
        this.#leavePlace(this.#clock.now() - startedMs);
      }
    } finally {
      this.#bytes -= bytes;
    }
  }

  /** Resolves with one of the running places taken. */
  #turn(lane: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#leave(lane, waiting);
        reject(signal.reason);
      };
      const start = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#running += 1;
        resolve();
      };
      const waiting = { start };
      signal.addEventListener('abort', onAbort, { once: true });
      const own = this.#lanes.get(lane);
      if (own === undefined) this.#lanes.set(lane, [waiting]);
      else own.push(waiting);
      this.#waiting += 1;
    });
  }

  #leave(lane: string, waiting: Waiting): void {
    const own = this.#lanes.get(lane);
    const index = own?.indexOf(waiting) ?? -1;
    if (own === undefined || index < 0) return;
    own.splice(index, 1);
    this.#waiting -= 1;
    if (own.length === 0) this.#lanes.delete(lane);
  }

  #leavePlace(tookMs: number): void {
    const { restFromMs, maxRestMs } = this.#bounds;
    if (tookMs < restFromMs) return this.#startNext();
    const rest = this.#clock.after(Math.min(tookMs, maxRestMs), () => {
      this.#rests.delete(rest);
      this.#startNext();
    });
    this.#rests.add(rest);
  }

  /** A place is free. */
  #startNext(): void {
    this.#running -= 1;

    for (const [lane, own] of this.#lanes) {
      const next = own.shift();
      // The lane goes to the end of the line.
      this.#lanes.delete(lane);
      if (own.length > 0) this.#lanes.set(lane, own);
      if (next === undefined) continue;
      this.#waiting -= 1;
      next.start();
      return;
    }
  }
}
