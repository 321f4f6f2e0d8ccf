import type { Counter, Latencies, Metrics } from '@sv2kit/daemon';
import { type MinerMetrics, minerMetrics } from '@sv2kit/mining-server';
import { type BlockDeskMetrics, type TemplateLineMetrics, templateSourceMetrics } from '@sv2kit/template-source';
import type { UpstreamMetrics } from '@sv2kit/upstream';

/** What the pool counts. */
export interface PoolMetrics extends MinerMetrics, TemplateLineMetrics, BlockDeskMetrics {
  readonly jobDeclaration: JobDeclarationMetrics;
}

/** What the pool counts of jobs that miners bring themselves, by `mode`. */
export interface JobDeclarationMetrics {
  /** Connections to job declarator servers. */
  readonly declarators: UpstreamMetrics;
  /** Jobs that pay the pool less than all of their revenue. */
  readonly partlyPaid: Pick<Counter, 'inc'>;
  /** Difficulty that shares proved. */
  readonly work: Counter;
  /** Difficulty that they were credited with. */
  readonly creditedWork: Counter;
}

/** Declares the metrics. Latencies go to /status, where they have quantiles. */
export function poolMetrics(metrics: Metrics, latencies: Latencies): PoolMetrics {
  const counter = (rest: string, help: string, labels: readonly string[]) =>
    metrics.counter(`sv2_pool_${rest}`, help, labels);
  return {
    ...minerMetrics(metrics, latencies, 'sv2_pool'),
    ...templateSourceMetrics(metrics, 'sv2_pool'),
    jobDeclaration: {
      declarators: {
        events: counter('job_declarator_events_total', 'Connections to job declarator servers.', ['event']),
      },
      partlyPaid: counter('partly_paid_custom_jobs_total', 'Custom jobs that pay the pool in part.', ['mode']),
      work: counter('custom_work_total', 'Difficulty proven on custom jobs.', ['mode']),
      creditedWork: counter('credited_custom_work_total', 'Difficulty credited on custom jobs.', ['mode']),
    },
  };
}
