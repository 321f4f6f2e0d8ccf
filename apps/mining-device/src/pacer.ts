/** Never lag behind the allowed pace by more than this: what was missed is not made up for. */
const MAX_LAG_MS = 100;

/** Keeps one thread at a hashrate: says how long to sleep after each chunk. Time is passed in. */
export class Pacer {
  readonly #hashesPerMs: number;
  #dueMs = 0;

  /** @param hashesPerSecond Infinity for no limit */
  constructor(hashesPerSecond: number) {
    this.#hashesPerMs = hashesPerSecond / 1000;
  }

  /** Counts hashes that have just been made. */
  spend(hashes: number, nowMs: number): void {
    this.#dueMs = Math.max(this.#dueMs, nowMs - MAX_LAG_MS) + hashes / this.#hashesPerMs;
  }

  /** Milliseconds until the next hash is due; 0 or less when it is overdue. */
  delayMs(nowMs: number): number {
    return this.#dueMs - nowMs;
  }
}
