import type { Counter, Latencies, Metrics } from '@sv2kit/daemon';
import { byOutcome, type MinerMetrics, minerMetrics, type Timing } from '@sv2kit/mining-server';
import type { BlockDeskMetrics } from '@sv2kit/template-source';
import type { UpstreamMetrics } from '@sv2kit/upstream';

type Count = Pick<Counter, 'inc'>;

/** What the translator to V1 counts and times. */
export interface TranslatorToV1Metrics extends MinerMetrics, BlockDeskMetrics {
  /** Connections to pools, by `event`. */
  readonly pools: UpstreamMetrics;
  /** Shares of devices and the pool, by `outcome`. */
  readonly poolShares: Count;
  /** Difficulty of shares that the pool accepted. */
  readonly poolWork: Count;
  /** Jobs of the pool, by `kind`. */
  readonly jobs: Count;
  /** Pools given up, by `reason`. */
  readonly failures: Count;
  /** From a share's way to the pool until its answer. */
  readonly shareToVerdict: Timing;
}

/** Declares the metrics. Latencies go to /status, where they have quantiles. */
export function translatorToV1Metrics(metrics: Metrics, latencies: Latencies): TranslatorToV1Metrics {
  const counter = (rest: string, help: string, labels: readonly string[] = []) =>
    metrics.counter(`sv2_translator_to_v1_${rest}`, help, labels);
  return {
    ...minerMetrics(metrics, latencies, 'sv2_translator_to_v1'),
    pools: { events: counter('pool_events_total', 'Connections to pools.', ['event']) },
    poolShares: byOutcome(counter('pool_shares_total', 'What became of shares at the pool.', ['outcome'])),
    poolWork: counter('pool_work_total', 'Difficulty of shares that the pool accepted.'),
    jobs: counter('pool_jobs_total', 'Jobs of the pool.', ['kind']),
    failures: counter('pool_failures_total', 'Pools given up.', ['reason']),
    blocksFound: counter('blocks_found_total', 'Blocks found by miners.', ['via', 'path']),
    blockStatus: counter('block_status_total', 'What became of blocks.', ['status', 'by']),
    shareToVerdict: latencies.recorder('share-to-upstream-answer'),
  };
}
