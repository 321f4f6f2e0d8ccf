import type { Clock } from '@sv2kit/net';

/** Sleeps that end when the whole does. */
export class Sleeper {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Wakes at once when the signal aborts. */
  async sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    using _timer = this.#clock.after(Math.max(0, ms), wake);
    this.#signal.addEventListener('abort', wake, { once: true });
    if (!this.#signal.aborted) await promise;
    this.#signal.removeEventListener('abort', wake);
  }
}
