import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';

const BUCKET_MS = 10_000;
const BUCKETS = 60;

/** Hashrate measured from shares, over ten minutes or since the start. */
export class WorkMeter {
  readonly #work = new Float64Array(BUCKETS);
  readonly #startedAtMs: number;
  #bucket: number;

  constructor(nowMs: number) {
    this.#startedAtMs = nowMs;
    this.#bucket = Math.floor(nowMs / BUCKET_MS);
  }

  /** @param work difficulty */
  add(work: number, nowMs: number): void {
    this.#turn(nowMs);
    const index = this.#bucket % BUCKETS;
    this.#work[index] = (this.#work[index] ?? 0) + work;
  }

  /** Hashes per second. */
  hashrate(nowMs: number): number {
    this.#turn(nowMs);
    const spanMs = Math.min(nowMs - this.#startedAtMs, (BUCKETS - 1) * BUCKET_MS + (nowMs % BUCKET_MS));
    const work = this.#work.reduce((sum, each) => sum + each, 0);
    return spanMs <= 0 ? 0 : (work * HASHES_PER_DIFFICULTY * 1000) / spanMs;
  }

  #turn(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    for (let passed = Math.min(bucket - this.#bucket, BUCKETS); passed > 0; passed -= 1) {
      this.#work[(bucket - passed + 1) % BUCKETS] = 0;
    }
    this.#bucket = Math.max(bucket, this.#bucket);
  }
}
