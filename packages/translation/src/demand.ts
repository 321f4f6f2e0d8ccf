/** How often, and for how much, an upstream is told of another hashrate. */
export interface DemandPolicy {
  /** Least time between two UpdateChannel, in milliseconds. */
  readonly paceMs: number;
  /** Changes within this part of what was said last are not worth a message. */
  readonly tolerance: number;
}

/** All miners on one channel: every change counts (§10.4.2), once a second. */
export const AGGREGATE_DEMAND: DemandPolicy = { paceMs: 1_000, tolerance: 0 };
/** One miner on a channel of its own. */
export const MINER_DEMAND: DemandPolicy = { paceMs: 1_000, tolerance: 0.1 };

/**
 * The nominal hashrate of an upstream channel (§5.3.7): the sum of its miners', exactly 0 when there is none. Says when
 * UpdateChannel is due.
 */
export class Demand {
  readonly #policy: DemandPolicy;
  #miners = 0;
  #sum = 0;
  /** As the upstream knows it: a float32 (§3.2.1). */
  #said: number;
  #saidMs: number;

  /** @param said the nominal_hash_rate that the channel is opened with @param nowMs when */
  constructor(policy: DemandPolicy, said: number, nowMs: number) {
    this.#policy = policy;
    this.#said = Math.fround(said);
    this.#saidMs = nowMs;
  }

  /** Hashes per second of all miners. */
  get hashrate(): number {
    return this.#sum;
  }

  get miners(): number {
    return this.#miners;
  }

  join(hashrate: number): void {
    this.#miners += 1;
    this.#sum += hashrate;
  }

  /** @param before what was said of the miner last */
  change(before: number, after: number): void {
    this.#sum = Math.max(0, this.#sum + after - before);
  }

  /** @param hashrate what was said of the miner last */
  leave(hashrate: number): void {
    this.#miners -= 1;
    this.#sum = this.#miners === 0 ? 0 : Math.max(0, this.#sum - hashrate);
  }

  /** The channel is another one, opened with this. */
  restart(said: number, nowMs: number): void {
    this.#said = Math.fround(said);
    this.#saidMs = nowMs;
  }

  /** @returns the nominal_hash_rate to send now, taken for sent; undefined when nothing is due */
  due(nowMs: number): number | undefined {
    if (Math.abs(nowMs - this.#saidMs) < this.#policy.paceMs) return undefined;
    const nominal = Math.fround(this.#sum);
    if (nominal === this.#said) return undefined;
    const emptied = nominal === 0 || this.#said === 0;
    if (!emptied && Math.abs(nominal - this.#said) <= this.#said * this.#policy.tolerance) return undefined;
    this.#said = nominal;
    this.#saidMs = nowMs;
    return nominal;
  }
}
