import { JD_CLIENT_LIMITS } from './limits.ts';

/** What the pool was told of the devices' hashrate, in hashes per second, and when it is worth telling anew (§5.3.7). */
export class StatedHashrate {
  #latest: number;
  #atMs: number;

  constructor(hashrate: number, nowMs: number) {
    this.#latest = hashrate;
    this.#atMs = nowMs;
  }

  get latest(): number {
    return this.#latest;
  }

  /** @returns what is to be told now; undefined when nothing noticeable is new, or it was told lately */
  next(measure: () => number, nowMs: number): number | undefined {
    const { firstUpdateMs, updateMs, updateStep } = JD_CLIENT_LIMITS;
    if (nowMs - this.#atMs < (this.#latest === 0 ? firstUpdateMs : updateMs)) return undefined;
    const hashrate = measure();
    if (Math.abs(hashrate - this.#latest) <= updateStep * Math.max(hashrate, this.#latest)) return undefined;
    this.#latest = hashrate;
    this.#atMs = nowMs;
    return hashrate;
  }
}
