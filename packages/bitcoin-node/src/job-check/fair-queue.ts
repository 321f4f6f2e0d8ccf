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
}

/** Runs a few tasks at once; lanes take turns, so that one with many tasks does not hold up the others. */
export class FairQueue {
  readonly #bounds: QueueBounds;
  /** Lanes with waiting tasks; the first one's turn is next. */
  readonly #lanes = new Map<string, Waiting[]>();
  #running = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

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
      try {
        return await task();
      } finally {
        this.#running -= 1;
        this.#startNext();
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

  #startNext(): void {
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
