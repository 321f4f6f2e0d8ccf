/** The rate is measured over this much time at most. */
const WINDOW_MS = 60_000;
/** Enough to show a rate to people. */
export const GLANCE_MS = 2_000;
/** Enough to tell a server a rate. */
export const MEASURED_MS = 10_000;
/** A nominal hashrate that is off by less than this fraction is left alone. */
const MATERIAL_CHANGE = 0.1;
/** The server is told no oftener than this. */
const MIN_INTERVAL_MS = 30_000;

interface Sample {
  readonly atMs: number;
  readonly hashes: number;
}

/** Measures hashes per second from a running total, over a sliding minute. */
export class HashrateMeter {
  #samples: Sample[] = [];

  /** @param hashes all that were made since the start */
  sample(hashes: number, nowMs: number): void {
    this.#samples.push({ atMs: nowMs, hashes });
    const [, second] = this.#samples;
    if (second !== undefined && second.atMs <= nowMs - WINDOW_MS) this.#samples.shift();
  }

  /** What came before says nothing about what comes now: the device was idle. */
  restart(): void {
    this.#samples = [];
  }

  /** Hashes per second, or undefined when it has been measured for less than `leastMs`. */
  rate(leastMs: number): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < leastMs) return undefined;
    return ((last.hashes - first.hashes) * 1000) / (last.atMs - first.atMs);
  }
}

/** The hashrate that the server has been told, and when it should be told another (§5.3.7). */
export class NominalHashrate {
  #told: number;
  #toldAtMs: number;

  constructor(initial: number, nowMs: number) {
    this.#told = initial;
    this.#toldAtMs = nowMs;
  }

  get value(): number {
    return this.#told;
  }

  /** Takes the measured rate as nominal when it differs materially. @returns whether it did */
  adopt(measured: number, nowMs: number): boolean {
    if (nowMs - this.#toldAtMs < MIN_INTERVAL_MS) return false;
    if (Math.abs(measured - this.#told) <= this.#told * MATERIAL_CHANGE) return false;
    this.#told = measured;
    this.#toldAtMs = nowMs;
    return true;
  }
}
