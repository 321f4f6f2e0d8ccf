import { jittered, type UpstreamPolicy } from './policy.ts';

/** Which endpoints are passed over for a while because they took us and then were no good. Times: unix milliseconds. */
export class BenchOfEndpoints {
  readonly #policy: UpstreamPolicy;
  readonly #until: number[];
  readonly #strikes: number[];

  constructor(count: number, policy: UpstreamPolicy) {
    this.#policy = policy;
    this.#until = Array<number>(count).fill(0);
    this.#strikes = Array<number>(count).fill(0);
  }

  /** Passes an endpoint over, for twice as long each time. */
  send(index: number, now: number, random: number): void {
    const strikes = this.#strikes[index] ?? 0;
    this.#strikes[index] = strikes + 1;
    this.#until[index] = now + jittered(this.#policy.benchMs, this.#policy.maxBenchMs, strikes, random);
  }

  /** An endpoint has proved good. */
  clear(index: number): void {
    this.#until[index] = 0;
    this.#strikes[index] = 0;
  }

  /** Endpoints in order, without those on the bench; all of them when that leaves none. */
  order(now: number): readonly number[] {
    const all = [...this.#until.keys()];
    const fit = all.filter((index) => (this.#until[index] ?? 0) <= now);
    return fit.length > 0 ? fit : all;
  }

  /** Endpoints better than `index` that are not on the bench. */
  better(index: number, now: number): readonly number[] {
    return [...this.#until.keys()].filter((each) => each < index && (this.#until[each] ?? 0) <= now);
  }
}
