import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@sv2kit/daemon';

/** Real time between two skips, so that sockets have their say. */
const BREATH_MS = 100;

interface Entry {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/**
 * The system's clock, of which a scenario can skip a part: what is due in it happens at once. For roles that wait a
 * minute for something on purpose, among others that go on in real time.
 */
export class SkippingClock implements Clock, Disposable {
  readonly #entries = new Set<Entry>();
  #skippedMs = 0;
  #timer: NodeJS.Timeout | undefined;

  now(): number {
    return Date.now() + this.#skippedMs;
  }

  every(ms: number, run: () => void): Disposable {
    return this.#add({ dueMs: this.now() + ms, everyMs: ms, run });
  }

  after(ms: number, run: () => void): Disposable {
    return this.#add({ dueMs: this.now() + Math.max(0, ms), everyMs: undefined, run });
  }

  /** It is later all of a sudden. */
  skip(ms: number): void {
    this.#skippedMs += ms;
    this.#run();
  }

  /** Lets `ms` at a time pass until the promise is kept: for what counts its time from something that is under way. */
  async until<T>(ms: number, promise: Promise<T>): Promise<T> {
    let kept = false;
    const keeping = promise.finally(() => {
      kept = true;
    });
    while (!kept) {
      this.skip(ms);
      await Promise.race([keeping, delay(BREATH_MS)]);
    }
    return await keeping;
  }

  [Symbol.dispose](): void {
    this.#entries.clear();
    clearTimeout(this.#timer);
  }

  #add(entry: Entry): Disposable {
    this.#entries.add(entry);
    this.#arm();
    return { [Symbol.dispose]: () => void this.#entries.delete(entry) };
  }

  /** Runs what is due now, once; what it adds waits for its own time. */
  #run(): void {
    const nowMs = this.now();
    const due = [...this.#entries].filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
    for (const entry of due) {
      if (!this.#entries.has(entry)) continue;
      if (entry.everyMs === undefined) this.#entries.delete(entry);
      else entry.dueMs = nowMs + entry.everyMs;
      entry.run();
    }
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = Math.min(...[...this.#entries].map(({ dueMs }) => dueMs));
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.#run(), Math.max(0, next - this.now()));
  }
}
