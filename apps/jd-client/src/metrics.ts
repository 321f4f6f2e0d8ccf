import type { BoundCounter, Counter, Latencies, Metrics } from '@sv2kit/daemon';
import type { MiningServerMetrics, Timing } from '@sv2kit/mining-server';
import type { NetMetrics } from '@sv2kit/net';
import type { BlockDeskMetrics, TemplateLineMetrics } from '@sv2kit/template-source';
import type { UpstreamMetrics } from '@sv2kit/upstream';

/** What the job declarator client counts and times. */
export interface JdClientMetrics extends BlockDeskMetrics, TemplateLineMetrics {
  readonly net: NetMetrics;
  readonly mining: MiningServerMetrics;
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
  /** From DeclareMiningJob to its answer. */
  readonly declareToAnswer: Timing;
}

/** Declares the metrics. Latencies go to /status, where they have quantiles. */
export function jdClientMetrics(metrics: Metrics, latencies: Latencies): JdClientMetrics {
  const counter = (rest: string, help: string, labels: readonly string[] = []) =>
    metrics.counter(`sv2_jd_client_${rest}`, help, labels);
  return {
    net: {
      accepted: counter('connections_accepted_total', 'Connections accepted.'),
      refused: counter('connections_refused_total', 'Connections turned away.', ['limit']),
      closed: counter('connections_closed_total', 'Connections that ended.', ['reason']),
      bugs: counter('connection_bugs_total', 'Mistakes of ours that ended a connection.'),
      connections: metrics.gauge('sv2_jd_client_connections', 'Connections open now.'),
    },
    mining: {
      shares: byOutcome(counter('shares_total', 'Shares of miners judged.', ['outcome'])),
      channelsOpened: counter('channels_opened_total', 'Channels opened.', ['kind']),
      channelsRefused: counter('channels_refused_total', 'Channels refused.', ['code']),
      channelsClosed: counter('channels_closed_total', 'Channels closed.', ['reason']),
      channels: metrics.gauge('sv2_jd_client_channels', 'Channels open now.'),
      customJobs: counter('custom_jobs_total', 'Jobs of miners of their own.', ['outcome']),
      strays: counter('stray_messages_total', 'Messages for channels that are not there.', ['message']),
      shareToSuccess: latencies.recorder('share-to-success'),
      shareToError: latencies.recorder('share-to-error'),
      workToLast: latencies.recorder('template-to-last-job'),
      fanOut: latencies.recorder('fan-out'),
    },
    templateProviders: {
      events: counter('template_provider_events_total', 'Connections to template providers.', ['event']),
    },
    templates: counter('template_messages_total', 'What template providers sent.', ['event']),
    blocksFound: counter('blocks_found_total', 'Blocks found by miners.', ['via', 'path']),
    blockStatus: counter('block_status_total', 'What became of blocks.', ['status', 'by']),
    pools: { events: counter('pool_events_total', 'Connections to pools.', ['event']) },
    declarators: { events: counter('declarator_events_total', 'Connections to job declarator servers.', ['event']) },
    shares: byOutcome(counter('upstream_shares_total', 'What became of shares for pools.', ['outcome'])),
    jobs: counter('jobs_total', 'What became of declared jobs.', ['event']),
    fallbacks: counter('fallbacks_total', 'Why a pool was left or not found.', ['reason']),
    templateToAcknowledged: latencies.recorder('template-to-acknowledged'),
    declareToAnswer: latencies.recorder('declare-to-answer'),
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
