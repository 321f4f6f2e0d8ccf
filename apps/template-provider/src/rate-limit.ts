const MINUTE_MS = 60_000;

/** Holds one actor to so many requests a minute: they may come all at once, and are given back evenly. */
export class RateLimit {
  readonly #perMinute: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(perMinute: number, nowMs: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
    this.#filledAtMs = nowMs;
  }

  /** Takes one token; false when there is none. */
  take(nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether nothing was asked of late: as good as a new one. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens === this.#perMinute;
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#tokens = Math.min(this.#perMinute, this.#tokens + (elapsedMs / MINUTE_MS) * this.#perMinute);
    this.#filledAtMs = nowMs;
  }
}
