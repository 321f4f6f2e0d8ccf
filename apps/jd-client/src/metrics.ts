import type { Counter, Latencies, Metrics } from '@sv2kit/daemon';
import { byOutcome, type MinerMetrics, minerMetrics, type Timing } from '@sv2kit/mining-server';
import { type BlockDeskMetrics, type TemplateLineMetrics, templateSourceMetrics } from '@sv2kit/template-source';
import type { UpstreamMetrics } from '@sv2kit/upstream';

/** What the job declarator client counts and times. */
export interface JdClientMetrics extends MinerMetrics, BlockDeskMetrics, TemplateLineMetrics {
  /** Connections to pools and to job declarator servers, by `event`. */
  readonly pools: UpstreamMetrics;
  readonly declarators: UpstreamMetrics;
  /** Shares for pools, by `outcome`. */
  readonly shares: Pick<Counter, 'inc'>;
  /** Jobs of one's own, by `event`. */
  readonly jobs: Pick<Counter, 'inc'>;
  /** A pool was left or not found, by `reason`. */
  readonly fallbacks: Pick<Counter, 'inc'>;
  /** From a template to its job's acknowledgement. */
  readonly templateToAcknowledged: Timing;
  /** From a share's way to the pool until its answer. */
  readonly shareToAnswer: Timing;
  /** From DeclareMiningJob to its answer. */
  readonly declareToAnswer: Timing;
}

/** Declares the metrics. Latencies go to /status, where they have quantiles. */
export function jdClientMetrics(metrics: Metrics, latencies: Latencies): JdClientMetrics {
  const counter = (rest: string, help: string, labels: readonly string[]) =>
    metrics.counter(`sv2_jd_client_${rest}`, help, labels);
  return {
    ...minerMetrics(metrics, latencies, 'sv2_jd_client'),
    ...templateSourceMetrics(metrics, 'sv2_jd_client'),
    pools: { events: counter('pool_events_total', 'Connections to pools.', ['event']) },
    declarators: { events: counter('declarator_events_total', 'Connections to job declarator servers.', ['event']) },
    shares: byOutcome(counter('upstream_shares_total', 'What became of shares for pools.', ['outcome'])),
    jobs: counter('jobs_total', 'What became of declared jobs.', ['event']),
    fallbacks: counter('fallbacks_total', 'Why a pool was left or not found.', ['reason']),
    templateToAcknowledged: latencies.recorder('template-to-acknowledged'),
    shareToAnswer: latencies.recorder('share-to-upstream-answer'),
    declareToAnswer: latencies.recorder('declare-to-answer'),
  };
}
