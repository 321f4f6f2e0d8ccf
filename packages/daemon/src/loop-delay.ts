import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from './clock.ts';
import type { LatencySummary } from './latency.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

const RESOLUTION_MS = 10;
const WINDOW_MS = 10_000;
/** Above this p99 within one window the log says so. */
export const LOOP_DELAY_ALARM_MS = 100;
const NS_PER_MS = 1e6;

/** Watches how late the event loop runs its timers: a metric, a latency in /status, and a warning in the log. */
export class LoopDelay implements Disposable {
  readonly #histogram: ELDHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: Disposable;
  readonly #log: Logger;
  #last: LatencySummary = { p50: 0, p99: 0, max: 0, unit: 'ms', samples: 0 };

  constructor({ clock, log, metrics }: { clock: Clock; log: Logger; metrics: Metrics }) {
    this.#log = log;
    const gauge = (name: string, help: string, read: () => number): void => {
      metrics.gauge(name, `${help} over the last ten seconds.`, [], () => read() / 1000);
    };
    gauge('sv2_event_loop_delay_p50_seconds', 'Median event-loop delay', () => this.#last.p50);
    gauge('sv2_event_loop_delay_p99_seconds', '99th percentile of the event-loop delay', () => this.#last.p99);
    gauge('sv2_event_loop_delay_max_seconds', 'Largest event-loop delay', () => this.#last.max);
    this.#histogram.enable();
    this.#timer = clock.every(WINDOW_MS, () => this.#roll());
  }

  /** The window that ended last, or the current one while there is none. */
  summary(): LatencySummary {
    return this.#last.samples === 0 ? this.#measure() : this.#last;
  }

  #roll(): void {
    this.#last = this.#measure();
    this.#histogram.reset();
    if (this.#last.p99 > LOOP_DELAY_ALARM_MS) {
      this.#log.warn('the event loop is running late', { p99Ms: this.#last.p99, maxMs: this.#last.max });
    }
  }

  /** The histogram measures whole intervals, so the timer's own resolution is taken off. */
  #measure(): LatencySummary {
    const samples = this.#histogram.count;
    const delay = (ns: number): number => (samples === 0 ? 0 : Math.max(0, ns / NS_PER_MS - RESOLUTION_MS));
    const at = (percentile: number): number => delay(samples === 0 ? 0 : this.#histogram.percentile(percentile));
    return { p50: at(50), p99: at(99), max: delay(this.#histogram.max), unit: 'ms', samples };
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#histogram.disable();
  }
}
