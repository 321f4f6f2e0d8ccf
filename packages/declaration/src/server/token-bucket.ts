/** Holds one actor to a rate: so many at once, and so many per minute in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMinute: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(burst: number, perMinute: number, nowMs: number) {
    this.#burst = burst;
    this.#perMinute = perMinute;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes one; false when there is none. */
  take(nowMs: number): boolean {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) * this.#perMinute) / 60_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
