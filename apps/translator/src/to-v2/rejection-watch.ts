import { TRANSLATOR_LIMITS } from './limits.ts';

/**
 * Whether an upstream rejects too much of what was judged good. Shares that were on their way when the tip changed say
 * nothing of it: what is rejected about then is forgiven.
 */
export class RejectionWatch {
  readonly #most: number;
  #sinceMs: number;
  #tipMs = Number.NEGATIVE_INFINITY;
  #accepted = 0;
  #rejected = 0;
  /** Since the last look: may still turn out to be about a tip. */
  #justRejected = 0;

  /** @param most part of all shares that may be rejected; 1: all of them */
  constructor(most: number, nowMs: number) {
    this.#most = most;
    this.#sinceMs = nowMs;
  }

  tipChanged(nowMs: number): void {
    this.#tipMs = nowMs;
    this.#justRejected = 0;
  }

  accepted(count: number): void {
    this.#accepted += count;
  }

  rejected(nowMs: number): void {
    if (Math.abs(nowMs - this.#tipMs) >= TRANSLATOR_LIMITS.tipGraceMs) this.#justRejected += 1;
  }

  /** Looks at what has come. @returns the part that was rejected, if it is too much */
  judge(nowMs: number): number | undefined {
    this.#rejected += this.#justRejected;
    this.#justRejected = 0;
    const answers = this.#accepted + this.#rejected;
    const { judgedMs, judgedShares } = TRANSLATOR_LIMITS;
    if (answers < judgedShares || Math.abs(nowMs - this.#sinceMs) < judgedMs) return undefined;
    const part = this.#rejected / answers;
    this.#sinceMs = nowMs;
    this.#accepted = 0;
    this.#rejected = 0;
    return part > this.#most ? part : undefined;
  }
}
