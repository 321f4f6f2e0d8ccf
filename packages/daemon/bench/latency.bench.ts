import { createMetrics, Latencies } from '../src/index.ts';

const recorder = new Latencies().recorder('share-to-success');
const metrics = createMetrics();
const histogram = metrics.histogram('sv2_bench_seconds', 'The same, by prom-client.', [0.001, 0.01, 0.1, 1, 10]);
const counter = metrics.counter('sv2_bench_total', 'A counter.', ['outcome']);
const bound = counter.bind({ outcome: 'accepted' });
const samples = Float64Array.from({ length: 1024 }, (_, index) => (index % 97) ** 2 / 100);
let next = 0;
const sample = (): number => samples[next++ & 1023] ?? 0;

/** What to measure: name -> one iteration. Run by `npm run bench -- daemon`. */
export const suite: Record<string, () => void> = {
  'record a latency': () => recorder.record(sample()),
  'observe it in a histogram of prom-client': () => histogram.observe(sample() / 1000),
  'count with labels': () => counter.inc({ outcome: 'accepted' }),
  'count with bound labels': () => bound.inc(),
};
