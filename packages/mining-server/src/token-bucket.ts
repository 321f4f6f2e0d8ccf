/** So many at once, and so many a second in the long run. */
export class TokenBucket {
  #tokens: number;
  #lastTicks: number;

  /** @param ticks milliseconds */
  constructor(burst: number, ticks: number) {
    this.#tokens = burst;
    this.#lastTicks = ticks;
  }

  /** Takes one, or so many. @returns false when there are not as many */
  take(perSecond: number, burst: number, ticks: number, count = 1): boolean {
    const gained = (perSecond * Math.max(0, ticks - this.#lastTicks)) / 1000;
    this.#lastTicks = ticks;
    this.#tokens = Math.min(burst, this.#tokens + gained);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
