export interface PairPolicy {
  /** Without a pool, the next pair of the list is tried as well after this long; milliseconds. */
  readonly staggerMs: number;
  /** How long a pair that misbehaved is passed over; doubles each time. Milliseconds. */
  readonly benchMs: number;
  readonly maxBenchMs: number;
  /** A pair that served for this long was a good one: its next bench is short again. Milliseconds. */
  readonly stableMs: number;
}

export const PAIR_POLICY: PairPolicy = { staggerMs: 2_000, benchMs: 30_000, maxBenchMs: 1_800_000, stableMs: 60_000 };

interface Pair {
  ready: boolean;
  /** It cannot be reached at the moment; it goes on trying by itself. */
  away: boolean;
  benchedUntilMs: number;
  strikes: number;
}

/** What to do with the pairs now. */
export interface PairPlan {
  /** The pair to mine for; undefined: solo. */
  readonly use: number | undefined;
  /** Pairs that should be connected or try to be, by index. */
  readonly run: ReadonlySet<number>;
}

/**
 * Which pair of pool and job declarator server to mine for: the best one of the list that is ready. Better ones are
 * tried on and on meanwhile, so that the client returns to the preferred one (§6.2). Pairs are named by their index,
 * the preferred one first. Times are milliseconds.
 */
export class PairChooser {
  readonly #policy: PairPolicy;
  readonly #pairs: readonly Pair[];
  #used: { readonly index: number; readonly sinceMs: number } | undefined;
  #withoutSinceMs: number;

  constructor(count: number, nowMs: number, policy: PairPolicy = PAIR_POLICY) {
    this.#policy = policy;
    this.#pairs = Array.from({ length: count }, () => ({ ready: false, away: false, benchedUntilMs: 0, strikes: 0 }));
    this.#withoutSinceMs = nowMs;
  }

  /** It could be mined for at once. */
  ready(index: number): void {
    const pair = this.#pair(index);
    pair.ready = true;
    pair.away = false;
  }

  /** It cannot be reached, or its connection ended; it will be tried on. */
  lost(index: number, nowMs: number): void {
    const pair = this.#pair(index);
    pair.ready = false;
    pair.away = true;
    if (this.#used?.index !== index) return;
    const { sinceMs } = this.#used;
    if (nowMs - sinceMs >= this.#policy.stableMs) pair.strikes = 0;
    // One that never lasts is worse than none: each return to it moves every device.
    else if (pair.strikes > 0) this.#bench(pair, nowMs);
    else pair.strikes = 1;
  }

  /** It is there and of no use: passed over for a while, longer each time. */
  misbehaved(index: number, nowMs: number): void {
    const pair = this.#pair(index);
    const used = this.#used?.index === index ? this.#used : undefined;
    if (used !== undefined && nowMs - used.sinceMs >= this.#policy.stableMs) pair.strikes = 0;
    pair.ready = false;
    this.#bench(pair, nowMs);
  }

  /** When a pair that is passed over is tried again; undefined when it is not passed over. */
  benchedUntil(index: number, nowMs: number): number | undefined {
    const { benchedUntilMs } = this.#pair(index);
    return benchedUntilMs > nowMs ? benchedUntilMs : undefined;
  }

  /** Time passes, or something was said: what now? The answer is taken as done. */
  plan(nowMs: number): PairPlan {
    const fit = this.#pairs.map(({ benchedUntilMs }) => benchedUntilMs <= nowMs);
    const best = this.#pairs.findIndex(({ ready }, index) => ready && fit[index] === true);
    const use = best < 0 ? undefined : best;
    if (use !== this.#used?.index) {
      if (use === undefined) this.#withoutSinceMs = nowMs;
      this.#used = use === undefined ? undefined : { index: use, sinceMs: nowMs };
    }
    const last = use ?? this.#frontier(nowMs, fit);
    const run = new Set([...this.#pairs.keys()].filter((index) => index <= last && fit[index] === true));
    return { use, run };
  }

  /** Without a pair to mine for: the last one to try, further down the list as time passes and pairs turn out away. */
  #frontier(nowMs: number, fit: readonly boolean[]): number {
    const steps = Math.floor((nowMs - this.#withoutSinceMs) / this.#policy.staggerMs);
    let open = 0;
    for (const [index, { away }] of this.#pairs.entries()) {
      if (fit[index] !== true || away) continue;
      if (open === steps) return index;
      open += 1;
    }
    return this.#pairs.length - 1;
  }

  #bench(pair: Pair, nowMs: number): void {
    const { benchMs, maxBenchMs } = this.#policy;
    pair.benchedUntilMs = nowMs + Math.min(maxBenchMs, benchMs * 2 ** Math.min(pair.strikes, 30));
    pair.strikes += 1;
  }

  #pair(index: number): Pair {
    const pair = this.#pairs[index];
    if (pair === undefined) throw new RangeError(`there is no pair ${index}`);
    return pair;
  }
}
