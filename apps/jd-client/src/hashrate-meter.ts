import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';

const BUCKET_MS = 5_000;
const BUCKETS = 6;
/** Fewer shares say little. */
const ENOUGH_SHARES = 10;

/** What the mining server knows of its channels. */
interface Demand {
  /** Hashes per second, as stated and estimated channel by channel. */
  readonly hashrate: number;
  readonly channels: number;
}

/**
 * The hashrate of all devices, to tell a pool. Measured over half a minute; as stated while devices come and go or too
 * few shares say otherwise.
 */
export class HashrateMeter {
  readonly #work = new Float64Array(BUCKETS);
  readonly #shares = new Float64Array(BUCKETS);
  #bucket = 0;
  #channels = 0;
  #changedMs = -Infinity;

  /** @param work difficulty */
  add(work: number, nowMs: number): void {
    this.#turn(nowMs);
    const index = this.#bucket % BUCKETS;
    this.#work[index] = (this.#work[index] ?? 0) + work;
    this.#shares[index] = (this.#shares[index] ?? 0) + 1;
  }

  /** Hashes per second. */
  hashrate({ hashrate, channels }: Demand, nowMs: number): number {
    this.#turn(nowMs);
    if (channels !== this.#channels) {
      this.#channels = channels;
      this.#changedMs = nowMs;
    }
    const spanMs = (BUCKETS - 1) * BUCKET_MS + (nowMs % BUCKET_MS);
    if (nowMs - this.#changedMs < spanMs || sum(this.#shares) < ENOUGH_SHARES) return hashrate;
    return (sum(this.#work) * HASHES_PER_DIFFICULTY * 1000) / spanMs;
  }

  #turn(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    // The clock was set back: what was measured is of no time.
    if (bucket < this.#bucket - 1) this.#bucket = bucket - BUCKETS;
    for (let passed = Math.min(bucket - this.#bucket, BUCKETS); passed > 0; passed -= 1) {
      const index = (bucket - passed + 1) % BUCKETS;
      this.#work[index] = 0;
      this.#shares[index] = 0;
    }
    this.#bucket = Math.max(bucket, this.#bucket);
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
