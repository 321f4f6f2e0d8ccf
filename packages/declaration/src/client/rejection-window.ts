export interface RejectionPolicy {
  /** M: so many rejected shares among the last ones are too many. */
  readonly rejected: number;
  /** N: shares that are looked at. */
  readonly ofLast: number;
  /** How long a rejection may still be explained by a new tip that the pool saw earlier than we; milliseconds. */
  readonly graceMs: number;
}

export const REJECTION_POLICY: RejectionPolicy = { rejected: 10, ofLast: 20, graceMs: 3_000 };

/** Answers of one kind in a row. */
interface Run {
  readonly rejected: boolean;
  /** When they came, in milliseconds. */
  readonly atMs: number;
  readonly count: number;
}

/** Runs that wait out their grace, at most; beyond it the oldest are judged at once. */
const MOST_RUNS = 65_536;

/**
 * Whether a pool rejects more than it may of the shares that were valid on the tip current when they were sent (§6.2).
 * Whoever uses it offers only such shares. Answers are judged in order, each once its grace is over: a new tip until
 * then explains the rejections, for the pool may have been the first to see it.
 */
export class RejectionWindow {
  readonly #policy: RejectionPolicy;
  #waiting: Run[] = [];
  /** The last N judged answers, oldest first; true is a rejection. */
  #judged: boolean[] = [];
  #tipMs = -Infinity;

  constructor(policy: RejectionPolicy = REJECTION_POLICY) {
    this.#policy = policy;
  }

  /** Rejections among the last N judged answers. */
  get rejections(): number {
    return this.#judged.filter(Boolean).length;
  }

  accepted(count: number, nowMs: number): void {
    this.#add({ rejected: false, atMs: nowMs, count });
  }

  /** @param sentMs when the share was sent; the tip that came since explains the rejection */
  rejected(sentMs: number, nowMs: number): void {
    if (sentMs >= this.#tipMs) this.#add({ rejected: true, atMs: nowMs, count: 1 });
  }

  /** A new tip explains every rejection that was not judged yet. @param knownSinceMs as of {@link RejectionWindow.judge} */
  tipMoved(nowMs: number, knownSinceMs = -Infinity): void {
    this.judge(nowMs, knownSinceMs);
    this.#waiting = this.#waiting.filter(({ rejected }) => !rejected);
    this.#tipMs = nowMs;
  }

  /**
   * Time passes.
   * @param knownSinceMs since when somebody tells us of the tip; Infinity while nobody does, and nothing is judged
   * @returns whether there are too many rejections
   */
  judge(nowMs: number, knownSinceMs = -Infinity): boolean {
    const { graceMs, rejected } = this.#policy;
    let due = this.#waiting.findIndex(({ atMs }) => nowMs - Math.max(atMs, knownSinceMs) < graceMs);
    if (due < 0) due = this.#waiting.length;
    for (const run of this.#waiting.splice(0, due)) this.#judge(run);
    return this.rejections >= rejected;
  }

  #add(run: Run): void {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.rejected === run.rejected && last.atMs === run.atMs) {
      this.#waiting[this.#waiting.length - 1] = { ...last, count: last.count + run.count };
      return;
    }
    this.#waiting.push(run);
    const [oldest] = this.#waiting;
    if (this.#waiting.length <= MOST_RUNS || oldest === undefined) return;
    this.#waiting.shift();
    this.#judge(oldest);
  }

  #judge({ rejected, count }: Run): void {
    const { ofLast } = this.#policy;
    const outcomes = Array<boolean>(Math.min(count, ofLast)).fill(rejected);
    this.#judged = [...this.#judged, ...outcomes].slice(-ofLast);
  }
}
