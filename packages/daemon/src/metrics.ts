import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

/** Only rises. */
export interface Counter {
  inc(labels?: Labels, n?: number): void;
  /** The same counter with its labels looked up once, for hot paths. */
  bind(labels: Labels): BoundCounter;
}
export interface BoundCounter {
  inc(n?: number): void;
}

/** A level. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/** A distribution. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Names by which a reader knows what a metric is: only a counter ends in `_total`, and a distribution says its unit. */
const NAMES = {
  counter: /^sv2_[a-z0-9_]+_total$/,
  gauge: /^sv2_[a-z0-9_]+(?<!_total|_count|_sum|_bucket)$/,
  histogram: /^sv2_[a-z0-9_]+_(?:seconds|bytes)$/,
} as const;

/** Declares a service's metrics. Names begin with `sv2_` and end in their unit: `_seconds`, `_bytes`, `_total`. */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  /** With `read`, the level is asked for when somebody looks. */
  gauge(name: string, help: string, labelNames?: readonly string[], read?: () => number): Gauge;
  /**
   * A level for each of several things, or a count where the name ends in `_total`, asked for when somebody looks; what is
   * not there any more is forgotten.
   */
  series(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<readonly [Labels, number]>,
  ): void;
  /** @param buckets upper bounds, in the metric's unit, rising */
  histogram(name: string, help: string, buckets: readonly number[], labelNames?: readonly string[]): Histogram;
  /** All counters and gauges declared here, as `name` or `name{label="value"}`. */
  snapshot(): Promise<Record<string, number>>;
  /** The Prometheus text format. */
  text(): Promise<string>;
}

/**
 * Metrics on a prom-client registry of their own (never the global one).
 *
 * @example
 * const metrics = createMetrics();
 * const shares = metrics.counter('sv2_pool_shares_total', 'Shares judged.', ['outcome']);
 * shares.inc({ outcome: 'accepted' });
 */
export function createMetrics(registry: Registry = new Registry()): Metrics {
  const registers = [registry];
  const own = new Set<string>();
  const named = (kind: keyof typeof NAMES, name: string): string => {
    if (!NAMES[kind].test(name)) throw new TypeError(`${name} is no name for a ${kind}: ${NAMES[kind]}`);
    return name;
  };
  const names = (labelNames: readonly string[] = []): string[] => [...labelNames];
  return {
    counter(name, help, labelNames) {
      own.add(named('counter', name));
      const counter = new PromCounter({ name, help, labelNames: names(labelNames), registers });
      return {
        inc: (labels = {}, n = 1) => counter.inc(labels, n),
        bind(labels) {
          const bound = counter.labels(labels);
          return { inc: (n = 1) => bound.inc(n) };
        },
      };
    },
    gauge(name, help, labelNames, read) {
      own.add(named('gauge', name));
      const collect = read === undefined ? {} : { collect: () => gauge.set(read()) };
      const gauge: PromGauge = new PromGauge({ name, help, labelNames: names(labelNames), registers, ...collect });
      return { set: (value, labels = {}) => gauge.set(labels, value) };
    },
    series(name, help, labelNames, read) {
      const isCount = name.endsWith('_total');
      own.add(named(isCount ? 'counter' : 'gauge', name));
      const settings = { name, help, labelNames: names(labelNames), registers };
      if (isCount) {
        const collect = (): void => {
          counter.reset();
          counter.remove({});
          for (const [labels, value] of read()) counter.inc(labels, value);
        };
        const counter: PromCounter = new PromCounter({ ...settings, collect });
        return;
      }
      const collect = (): void => {
        gauge.reset();
        // A reset leaves a 0 where there are no labels.
        gauge.remove({});
        for (const [labels, value] of read()) gauge.set(labels, value);
      };
      const gauge: PromGauge = new PromGauge({ ...settings, collect });
    },
    histogram(name, help, buckets, labelNames) {
      named('histogram', name);
      const labels = names(labelNames);
      const histogram = new PromHistogram({ name, help, buckets: [...buckets], labelNames: labels, registers });
      return { observe: (value, given = {}) => histogram.observe(given, value) };
    },
    snapshot: () => snapshot(registry, own),
    // What is no number is written NaN in this format; prom-client writes Nan.
    text: async () => (await registry.metrics()).replaceAll(/ Nan$/gm, ' NaN'),
  };
}

async function snapshot(registry: Registry, own: ReadonlySet<string>): Promise<Record<string, number>> {
  const levels: Record<string, number> = {};
  for (const metric of await registry.getMetricsAsJSON()) {
    if (!own.has(metric.name)) continue;
    for (const { labels, value } of metric.values) levels[seriesName(metric.name, labels)] = value;
  }
  return levels;
}

function seriesName(name: string, labels: Partial<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
