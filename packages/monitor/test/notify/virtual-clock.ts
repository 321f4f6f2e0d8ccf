import type { NotifyClock } from '../../src/notify/time.ts';

/** Time that moves when told to. */
export class VirtualClock implements NotifyClock {
  #nowMs = 1_700_000_000_000;
  readonly #timers = new Set<{ atMs: number; readonly run: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Disposable {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** Somebody sets the clock; timers run on as they would have. */
  set(byMs: number): void {
    this.#nowMs += byMs;
    for (const timer of this.#timers) timer.atMs += byMs;
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = endMs;
  }
}
