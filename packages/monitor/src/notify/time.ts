/** Time as notifications see it. */
export interface NotifyClock {
  /** Unix milliseconds. */
  now(): number;
  after(ms: number, run: () => void): Disposable;
}

/** One timer that can be set anew; the earlier time wins until it has rung. */
export class Alarm {
  readonly #clock: NotifyClock;
  readonly #ring: () => void;
  #timer: Disposable | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: NotifyClock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** @param atMs unix milliseconds; infinity sets nothing */
  by(atMs: number): void {
    if (atMs >= this.#atMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#atMs = atMs;
    this.#timer = this.#clock.after(Math.max(0, atMs - this.#clock.now()), () => {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#atMs = Number.NEGATIVE_INFINITY;
  }
}
