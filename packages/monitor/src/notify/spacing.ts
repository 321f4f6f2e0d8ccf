const FIRST_MS = 30_000;
const MOST_MS = 900_000;

/** How long messages of one sort keep apart: the more there were of late, the longer. */
export class Spacing {
  #count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** When the next may go, unix milliseconds. */
  nextMs(nowMs: number): number {
    // Later than now only where the clock was set back.
    this.#lastMs = Math.min(this.#lastMs, nowMs);
    return this.#count === 0 ? this.#lastMs : this.#lastMs + Math.min(FIRST_MS * 2 ** (this.#count - 1), MOST_MS);
  }

  sent(nowMs: number): void {
    this.#count = nowMs - this.#lastMs > 2 * MOST_MS ? 1 : Math.min(this.#count + 1, 10);
    this.#lastMs = nowMs;
  }
}
