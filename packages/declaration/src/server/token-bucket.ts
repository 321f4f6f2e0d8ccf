/** Holds one actor to a rate: so many at once, and so many per minute in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMinute: number;
  #tokens: number;
  #filledAtMs: number;

  /** @param first what there is to start with */
  constructor(burst: number, perMinute: number, nowMs: number, first = burst) {
    this.#burst = burst;
    this.#perMinute = perMinute;
    this.#tokens = first;
    this.#filledAtMs = nowMs;
  }

  /** Takes one, or `amount`, the last of it on credit; false when there is none. */
  take(nowMs: number, amount = 1): boolean {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) * this.#perMinute) / 60_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= amount;
    return true;
  }
}
