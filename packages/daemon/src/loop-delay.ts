import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';
import type { Latencies, LatencyRecorder, LatencySummary } from './latency.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

const SAMPLE_MS = 20;
const WINDOW_MS = 10_000;
/** Above this p99 within one window the log says so. */
export const LOOP_DELAY_ALARM_MS = 100;
/** Its name among the latencies: a step of `sv2_latency_seconds`. */
export const LOOP_DELAY = 'event-loop-delay';

interface LoopDelayOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly latencies: Latencies;
}

/** Watches how late the event loop runs its timers: metrics, a latency in /status, and a warning in the log. */
export class LoopDelay implements Disposable {
  readonly #recorder: LatencyRecorder;
  readonly #timers: readonly Disposable[];
  readonly #log: Logger;
  #last: LatencySummary | undefined;
  #lastMs = performance.now();

  constructor({ clock, latencies, log, metrics }: LoopDelayOptions) {
    this.#log = log;
    this.#recorder = latencies.recorder(LOOP_DELAY);
    const gauge = (name: string, help: string, read: () => number): void => {
      metrics.gauge(name, `${help} over the last ten seconds.`, [], () => read() / 1000);
    };
    gauge('sv2_event_loop_delay_p50_seconds', 'Median event-loop delay', () => this.summary().p50);
    gauge('sv2_event_loop_delay_p99_seconds', '99th percentile of the event-loop delay', () => this.summary().p99);
    gauge('sv2_event_loop_delay_max_seconds', 'Largest event-loop delay', () => this.summary().max);
    this.#timers = [clock.every(SAMPLE_MS, () => this.#sample()), clock.every(WINDOW_MS, () => this.#roll())];
  }

  /** The window that ended last, or the current one while there is none. */
  summary(): LatencySummary {
    return this.#last ?? this.#recorder.summary();
  }

  #sample(): void {
    const nowMs = performance.now();
    this.#recorder.record(nowMs - this.#lastMs - SAMPLE_MS);
    this.#lastMs = nowMs;
  }

  #roll(): void {
    this.#last = this.#recorder.summary();
    this.#recorder.reset();
    if (this.#last.p99 > LOOP_DELAY_ALARM_MS) {
      this.#log.warn('the event loop is running late', { p99Ms: this.#last.p99, maxMs: this.#last.max });
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
  }
}
