import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** How long something took, as /status reports it; p50 and p99 are 0 while there are no samples. */
export interface LatencySummary {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly unit: 'ms';
  readonly samples: number;
}

/** Samples by bucket, as the metrics report them. */
export interface LatencyCounts {
  /** As many as `LATENCY_BUCKETS_SECONDS`, and one for what is longer. */
  readonly buckets: readonly number[];
  readonly sumSeconds: number;
}

const LONGEST_MS = 3_600_000;
const PER_MS = 1000;

/** Upper bounds of the histograms in /metrics: from what a hash costs to what no miner waits for. */
export const LATENCY_BUCKETS_SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
const BOUNDS_MS = Float64Array.from(LATENCY_BUCKETS_SECONDS, (seconds) => seconds * PER_MS);

/**
 * Remembers durations since the start in two histograms of fixed size: microseconds with three significant figures for
 * quantiles, and the buckets of /metrics. Costs 60 ns a sample (bench/latency.bench.ts), where prom-client's own
 * histogram costs 230.
 */
export class LatencyRecorder {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LONGEST_MS * PER_MS,
    figures: 3,
  });
  readonly #buckets = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;

  /** @param ms milliseconds, fractions allowed; counted as at least one microsecond and at most an hour */
  record(ms: number): void {
    this.#histogram.record(Math.round(Math.min(Math.max(ms * PER_MS, 1), LONGEST_MS * PER_MS)));
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] ?? 0)) bucket++;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#sumMs += Math.max(ms, 0);
  }

  summary(): LatencySummary {
    const samples = this.#histogram.count;
    const at = (percentile: number): number => (samples === 0 ? 0 : this.#histogram.percentile(percentile) / PER_MS);
    return { p50: at(50), p99: at(99), max: samples === 0 ? 0 : this.#histogram.max / PER_MS, unit: 'ms', samples };
  }

  counts(): LatencyCounts {
    return { buckets: [...this.#buckets], sumSeconds: this.#sumMs / PER_MS };
  }

  /** Forgets the quantiles; what /metrics counts only rises. */
  reset(): void {
    this.#histogram.reset();
  }
}

/** The recorders of one service by name: `share-to-success`, or `pool.share-to-success` of a part. */
export class Latencies {
  readonly #recorders = new Map<string, LatencyRecorder>();

  /** The recorder of that name, made on first use. */
  recorder(name: string): LatencyRecorder {
    let recorder = this.#recorders.get(name);
    if (recorder === undefined) {
      recorder = new LatencyRecorder();
      this.#recorders.set(name, recorder);
    }
    return recorder;
  }

  summary(): Record<string, LatencySummary> {
    return Object.fromEntries([...this.#recorders].map(([name, recorder]) => [name, recorder.summary()]));
  }

  counts(): ReadonlyMap<string, LatencyCounts> {
    return new Map([...this.#recorders].map(([name, recorder]) => [name, recorder.counts()]));
  }
}
