import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';

/** How much of the hashrate at hand is kept when less is measured, each time. */
const DECAY = 0.75;

/**
 * The hashrate of all devices, as far as it matters for how many shares may come: measured by accepted shares, and for
 * channels that are being opened as stated, up to a bound, until that has shown.
 */
export class HashrateGauge {
  #work = 0;
  #sinceMs: number;
  #hashrate = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** Hashes per second. */
  get hashrate(): number {
    return this.#hashrate;
  }

  /** An accepted share. @param work difficulty */
  add(work: number): void {
    this.#work += work;
  }

  /** A channel is about to be opened. @param nominal hashes per second as stated */
  expect(nominal: number): void {
    if (nominal > 0) this.#hashrate += Math.min(nominal, TRANSLATOR_TO_V1_LIMITS.mostStated);
  }

  /** Time to look what has been measured. @returns whether it was */
  look(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs >= 0 && elapsedMs < TRANSLATOR_TO_V1_LIMITS.hashrateMs) return false;
    const measured = (this.#work * HASHES_PER_DIFFICULTY * 1000) / Math.max(1, elapsedMs);
    this.#hashrate = Math.max(measured, this.#hashrate * DECAY);
    this.#work = 0;
    this.#sinceMs = nowMs;
    return true;
  }
}
