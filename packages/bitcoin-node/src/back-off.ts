import { LIMITS } from './limits.ts';

/** Doubling waits with full-range jitter in their upper half, so that many clients do not come back at once. */
export class BackOff {
  readonly #random: () => number;
  #ceilingMs: number = LIMITS.backOffFirstMs;

  /** @param random uniform in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** How long to wait now, in ms. */
  next(): number {
    const ceiling = this.#ceilingMs;
    this.#ceilingMs = Math.min(ceiling * 2, LIMITS.backOffMaxMs);
    return ceiling / 2 + (this.#random() * ceiling) / 2;
  }

  /** It worked: the next failure starts small again. */
  reset(): void {
    this.#ceilingMs = LIMITS.backOffFirstMs;
  }
}
