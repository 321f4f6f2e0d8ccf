/** So much per second, and a burst: for what a peer may send. */
export class Allowance {
  readonly #perMs: number;
  readonly #most: number;
  #left: number;
  #atMs: number;

  constructor(perSecond: number, most: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#most = most;
    this.#left = most;
    this.#atMs = nowMs;
  }

  /** @returns whether so much was left */
  take(amount: number, nowMs: number): boolean {
    if (nowMs !== this.#atMs) {
      this.#left = Math.min(this.#most, this.#left + Math.max(0, nowMs - this.#atMs) * this.#perMs);
      this.#atMs = nowMs;
    }
    this.#left -= amount;
    return this.#left >= 0;
  }
}
