import type { BoundCounter, Counter, Latencies, Metrics } from '@sv2kit/daemon';
import type { MiningServerMetrics } from '@sv2kit/mining-server';
import type { NetMetrics } from '@sv2kit/net';
import type { UpstreamMetrics } from '@sv2kit/upstream';

/** What the pool counts. */
export interface PoolMetrics {
  readonly net: NetMetrics;
  readonly mining: MiningServerMetrics;
  readonly templateProviders: UpstreamMetrics;
  readonly jobDeclaration: JobDeclarationMetrics;
  /** What template providers sent, by `event`. */
  readonly templates: Counter;
  /** Blocks found, by `via` and `path`. */
  readonly blocksFound: Counter;
  /** What became of blocks, by `status` and `by`: a node, or `template-provider`. */
  readonly blockStatus: Counter;
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
  const counter = (rest: string, help: string, labels: readonly string[] = []) =>
    metrics.counter(`sv2_pool_${rest}`, help, labels);
  return {
    net: {
      accepted: counter('connections_accepted_total', 'Connections accepted.'),
      refused: counter('connections_refused_total', 'Connections turned away.', ['limit']),
      closed: counter('connections_closed_total', 'Connections that ended.', ['reason']),
      bugs: counter('connection_bugs_total', 'Mistakes of ours that ended a connection.'),
      connections: metrics.gauge('sv2_pool_connections', 'Connections open now.'),
    },
    mining: {
      shares: byOutcome(counter('shares_total', 'Shares judged.', ['outcome'])),
      channelsOpened: counter('channels_opened_total', 'Channels opened.', ['kind']),
      channelsRefused: counter('channels_refused_total', 'Channels refused.', ['code']),
      channelsClosed: counter('channels_closed_total', 'Channels closed.', ['reason']),
      channels: metrics.gauge('sv2_pool_channels', 'Channels open now.'),
      customJobs: counter('custom_jobs_total', "Jobs of miners' own, by what became of them.", ['outcome']),
      strays: counter('stray_messages_total', 'Messages for channels that are not there.', ['message']),
      shareToSuccess: latencies.recorder('share-to-success'),
      shareToError: latencies.recorder('share-to-error'),
      workToLast: latencies.recorder('template-to-last-job'),
      fanOut: latencies.recorder('fan-out'),
    },
    templateProviders: {
      events: counter('template_provider_events_total', 'Connections to template providers.', ['event']),
    },
    jobDeclaration: {
      declarators: {
        events: counter('job_declarator_events_total', 'Connections to job declarator servers.', ['event']),
      },
      partlyPaid: counter('partly_paid_custom_jobs_total', 'Custom jobs that pay the pool in part.', ['mode']),
      work: counter('custom_work_total', 'Difficulty proven on custom jobs.', ['mode']),
      creditedWork: counter('credited_custom_work_total', 'Difficulty credited on custom jobs.', ['mode']),
    },
    templates: counter('template_messages_total', 'What template providers sent.', ['event']),
    blocksFound: counter('blocks_found_total', 'Blocks found by miners.', ['via', 'path']),
    blockStatus: counter('block_status_total', 'What became of blocks.', ['status', 'by']),
  };
}

/** On every share's way: labels are looked up once per outcome. */
function byOutcome(counter: Counter): Pick<Counter, 'inc'> {
  const bound = new Map<string, BoundCounter>();
  return {
    inc(labels = {}, n) {
      const outcome = labels['outcome'] ?? '';
      let series = bound.get(outcome);
      if (series === undefined) {
        series = counter.bind({ outcome });
        bound.set(outcome, series);
      }
      series.inc(n);
    },
  };
}
