import { Histogram, type Registry } from 'prom-client';
import { LATENCY_BUCKETS_SECONDS, type Latencies, type LatencyCounts } from './latency.ts';

const NAME = 'sv2_latency_seconds';
const HELP = 'How long each step takes, from the event that begins it to the one that ends it.';
type Label = 'step' | 'part';

interface Value {
  readonly metricName: string;
  readonly labels: { readonly le?: number | '+Inf' };
  readonly sharedLabels: Partial<Record<Label, string>>;
  readonly value: number;
}

/** Shows latencies in the Prometheus format, as they are counted elsewhere: `sv2_latency_seconds{step="…"}`. */
class LatencyMetric extends Histogram<Label> {
  readonly #latencies: Latencies;

  constructor(latencies: Latencies, registry: Registry) {
    super({
      name: NAME,
      help: HELP,
      buckets: [...LATENCY_BUCKETS_SECONDS],
      labelNames: ['step', 'part'],
      registers: [registry],
    });
    this.#latencies = latencies;
  }

  /** What the registry asks for, and what `get` makes its answer of. */
  getForPromString() {
    const values = [...this.#latencies.counts()].flatMap(([name, counts]) => series(name, counts));
    return Promise.resolve({ name: NAME, help: HELP, type: 'histogram', aggregator: 'sum', values });
  }
}

/** Adds the histogram of all latencies to a registry. */
export function registerLatencies(latencies: Latencies, registry: Registry): void {
  new LatencyMetric(latencies, registry);
}

function series(name: string, { buckets, sumSeconds }: LatencyCounts): Value[] {
  const dot = name.indexOf('.');
  const sharedLabels = dot < 0 ? { step: name } : { step: name.slice(dot + 1), part: name.slice(0, dot) };
  let count = 0;
  const rows = buckets.map((samples, index): Value => {
    count += samples;
    const le = LATENCY_BUCKETS_SECONDS[index] ?? '+Inf';
    return { metricName: `${NAME}_bucket`, labels: { le }, sharedLabels, value: count };
  });
  return [
    ...rows,
    { metricName: `${NAME}_sum`, labels: {}, sharedLabels, value: sumSeconds },
    { metricName: `${NAME}_count`, labels: {}, sharedLabels, value: count },
  ];
}
