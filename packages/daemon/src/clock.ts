/** Time as the daemon's parts see it. Timers end when disposed; nothing else ends them. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Runs `run` every `ms` milliseconds until disposed. */
  every(ms: number, run: () => void): Disposable;
  /** Runs `run` once after `ms` milliseconds unless disposed before. */
  after(ms: number, run: () => void): Disposable;
}

/** The system's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  every(ms, run) {
    const timer = setInterval(run, ms);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Sleeps `ms`, or until the signal aborts. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  using _timer = clock.after(Math.max(0, ms), wake);
  signal.addEventListener('abort', wake, { once: true });
  await promise;
  signal.removeEventListener('abort', wake);
}

interface Entry {
  readonly dueMs: number;
  readonly sequence: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/**
 * A clock that stands still until told to move, for tests.
 *
 * @example
 * const clock = new VirtualClock();
 * clock.after(1000, () => console.log('one second later'));
 * clock.advance(1000);
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #sequence = 0;
  readonly #entries = new Set<Entry>();

  /** @param startMs Unix milliseconds to start at. */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#entries.size;
  }

  now(): number {
    return this.#nowMs;
  }

  every(ms: number, run: () => void): Disposable {
    if (!(ms > 0)) throw new RangeError(`a period must be above 0, not ${ms}`);
    return this.#add(ms, ms, run);
  }

  after(ms: number, run: () => void): Disposable {
    return this.#add(Math.max(0, ms), undefined, run);
  }

  /** Moves time forward, running every timer that falls due, in order of due time, each at its own time. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (let next = this.#take(end); next !== undefined; next = this.#take(end)) next.run();
    this.#nowMs = end;
  }

  /** As `advance`, letting promises settle before, between and after the timers. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    await settle();
    for (let next = this.#take(end); next !== undefined; next = this.#take(end)) {
      next.run();
      await settle();
    }
    this.#nowMs = end;
  }

  #add(ms: number, everyMs: number | undefined, run: () => void): Disposable {
    let entry: Entry = { dueMs: this.#nowMs + ms, sequence: this.#sequence++, everyMs, run };
    const repeated = (): void => {
      if (everyMs !== undefined) {
        entry = { ...entry, dueMs: entry.dueMs + everyMs, sequence: this.#sequence++ };
        this.#entries.add(entry);
      }
      run();
    };
    entry = { ...entry, run: repeated };
    this.#entries.add(entry);
    return { [Symbol.dispose]: () => void this.#entries.delete(entry) };
  }

  #take(end: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.dueMs > end) continue;
      if (first === undefined || entry.dueMs < first.dueMs) first = entry;
      else if (entry.dueMs === first.dueMs && entry.sequence < first.sequence) first = entry;
    }
    if (first === undefined) return undefined;
    this.#entries.delete(first);
    this.#nowMs = Math.max(this.#nowMs, first.dueMs);
    return first;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
