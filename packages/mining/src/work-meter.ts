import { HASHES_PER_DIFFICULTY } from './vardiff.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Hashes per second, measured from accepted work, over the time that the names say or since the meter's beginning. */
export interface Hashrates {
  readonly oneMinute: number;
  readonly tenMinutes: number;
  readonly oneHour: number;
  readonly oneDay: number;
}

/** Work of one minute, as a record of the past keeps it. */
export interface MinuteSum {
  /** Unix milliseconds of its beginning. */
  readonly minuteMs: number;
  /** Difficulty. */
  readonly work: number;
}

/** One window: so many whole buckets, and one more that is on its way out while the newest fills. */
interface Ring {
  readonly bucketMs: number;
  readonly buckets: number;
  /** Of its first slot. */
  readonly offset: number;
}

/** @param shapes from the shortest window to the longest */
function rings(...shapes: readonly (readonly [bucketMs: number, buckets: number])[]): Ring[] {
  let offset = 0;
  return shapes.map(([bucketMs, buckets]) => {
    const ring = { bucketMs, buckets, offset };
    offset += buckets + 1;
    return ring;
  });
}

/** Every bucket is a whole number of those of the ring before, so that only the first tells when to turn. */
const RINGS = rings([10 * SECOND, 6], [2 * MINUTE, 5], [10 * MINUTE, 6], [2 * HOUR, 12]);
const [, TEN_MINUTES] = RINGS as [Ring, Ring];
const SLOTS = RINGS.reduce((sum, { buckets }) => sum + buckets + 1, 0);
const TICK_MS = 10 * SECOND;
/** Less than this says nothing of a rate: a share or two that came at once would be a multiple of it. */
const LEAST_SPAN_MS = 10 * SECOND;

/**
 * The hashrate of one miner, channel or server over four windows at once, in less than 0.5 kB. The oldest bucket of a
 * window counts in part, so that the window is as long as it says; a meter younger than its window divides by its age.
 * Where the clock is set back, the meter goes on from the time that it had. Times are unix milliseconds, work is
 * difficulty.
 */
export class WorkMeter {
  /** One run of slots for each ring. */
  readonly #work: number[] = Array.from({ length: SLOTS }, () => 0);
  #beganMs: number;
  /** The latest time, by this meter's own clock. */
  #latestMs: number;
  /** By how much the clock has been set back. */
  #backMs = 0;

  /** @param nowMs since when there could have been work */
  constructor(nowMs: number) {
    this.#beganMs = nowMs;
    this.#latestMs = nowMs;
  }

  /** @param work difficulty */
  add(work: number, nowMs: number): void {
    this.#follow(nowMs);
    for (const ring of RINGS) this.#put(ring, this.#latestMs, work);
  }

  /**
   * What a record of the past has: sums that this meter has not been told of by {@link WorkMeter.add}. Minutes of the
   * future are left out, and those beyond the longest window.
   * @param sinceMs since when there could have been work
   */
  seed(sums: Iterable<MinuteSum>, sinceMs: number, nowMs: number): void {
    this.#follow(nowMs);
    this.#beganMs = Math.min(this.#beganMs, sinceMs + this.#backMs);
    for (const { minuteMs, work } of sums) {
      const atMs = minuteMs + this.#backMs;
      if (atMs < 0 || atMs > this.#latestMs) continue;
      for (const ring of RINGS) {
        if (ring.bucketMs < MINUTE) this.#spread(ring, atMs, work);
        else this.#putIfCovered(ring, atMs, work);
      }
    }
  }

  hashrates(nowMs: number): Hashrates {
    this.#follow(nowMs);
    const [oneMinute = 0, tenMinutes = 0, oneHour = 0, oneDay = 0] = RINGS.map((ring) => this.#rate(ring));
    return { oneMinute, tenMinutes, oneHour, oneDay };
  }

  /** Hashes per second over ten minutes. */
  hashrate(nowMs: number): number {
    this.#follow(nowMs);
    return this.#rate(TEN_MINUTES);
  }

  #rate(ring: Ring): number {
    const { bucketMs, buckets } = ring;
    const now = this.#latestMs;
    const current = Math.floor(now / bucketMs);
    let work = 0;
    for (let back = 0; back < buckets; back += 1) work += this.#at(ring, current - back);
    work += this.#at(ring, current - buckets) * (1 - (now % bucketMs) / bucketMs);
    const spanMs = Math.min(bucketMs * buckets, Math.max(LEAST_SPAN_MS, now - this.#beganMs));
    return (work * HASHES_PER_DIFFICULTY * 1000) / spanMs;
  }

  /** The time goes on; what falls out of a window is forgotten. */
  #follow(nowMs: number): void {
    let now = nowMs + this.#backMs;
    if (now < this.#latestMs) {
      this.#backMs += this.#latestMs - now;
      now = this.#latestMs;
    }
    const before = this.#latestMs;
    this.#latestMs = now;
    if (Math.floor(now / TICK_MS) === Math.floor(before / TICK_MS)) return;
    for (const { bucketMs, buckets, offset } of RINGS) {
      const current = Math.floor(now / bucketMs);
      const passed = Math.min(current - Math.floor(before / bucketMs), buckets + 1);
      for (let back = 0; back < passed; back += 1) this.#work[offset + ((current - back) % (buckets + 1))] = 0;
    }
  }

  #put(ring: Ring, atMs: number, work: number): void {
    const slot = slotOf(ring, Math.floor(atMs / ring.bucketMs));
    this.#work[slot] = (this.#work[slot] ?? 0) + work;
  }

  /** A minute whose shares are known by their sum alone, as evenly as may be over what has passed of it. */
  #spread(ring: Ring, minuteMs: number, work: number): void {
    const passed = Math.floor((this.#latestMs - minuteMs) / ring.bucketMs) + 1;
    const parts = Math.min(passed, MINUTE / ring.bucketMs);
    for (let part = 0; part < parts; part += 1) this.#putIfCovered(ring, minuteMs + part * ring.bucketMs, work / parts);
  }

  #putIfCovered(ring: Ring, atMs: number, work: number): void {
    const { bucketMs, buckets } = ring;
    const back = Math.floor(this.#latestMs / bucketMs) - Math.floor(atMs / bucketMs);
    if (back >= 0 && back <= buckets) this.#put(ring, atMs, work);
  }

  #at(ring: Ring, bucket: number): number {
    return this.#work[slotOf(ring, bucket)] ?? 0;
  }
}

function slotOf({ buckets, offset }: Ring, bucket: number): number {
  return offset + (bucket % (buckets + 1));
}
