import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** How long something took, as /status reports it; p50 and p99 are 0 while there are no samples. */
export interface LatencySummary {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly unit: 'ms';
  readonly samples: number;
}

const LONGEST_MS = 3_600_000;
const PER_MS = 1000;

/** Remembers durations in a histogram of fixed size: microseconds, three significant figures, since the start. */
export class LatencyRecorder {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: LONGEST_MS * PER_MS,
    figures: 3,
  });

  /** @param ms milliseconds, fractions allowed; counted as at least one microsecond and at most an hour */
  record(ms: number): void {
    this.#histogram.record(Math.round(Math.min(Math.max(ms * PER_MS, 1), LONGEST_MS * PER_MS)));
  }

  summary(): LatencySummary {
    const samples = this.#histogram.count;
    const at = (percentile: number): number => (samples === 0 ? 0 : this.#histogram.percentile(percentile) / PER_MS);
    return { p50: at(50), p99: at(99), max: samples === 0 ? 0 : this.#histogram.max / PER_MS, unit: 'ms', samples };
  }

  reset(): void {
    this.#histogram.reset();
  }
}

/** The recorders of one service by name. */
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
}
