import type { BoundCounter, Counter, Latencies, LatencyRecorder, Metrics } from '@sv2kit/daemon';
import type { NetMetrics } from '@sv2kit/net';
import type { UpstreamMetrics } from '@sv2kit/upstream';

/** What the role `translator` counts and times. */
export interface TranslatorMetrics {
  readonly net: NetMetrics;
  /** Connections to upstreams, by `event`. */
  readonly upstreams: UpstreamMetrics;
  /** Shares of miners judged here, by `outcome`: accepted, or a code of SHARE_REFUSALS. */
  readonly shares: Pick<Counter, 'inc'>;
  readonly blocks: Pick<Counter, 'inc'>;
  /** What became of shares for upstreams, by `outcome`. */
  readonly upstreamShares: Pick<Counter, 'inc'>;
  /** Channels at upstreams, by `event`. */
  readonly channels: Pick<Counter, 'inc'>;
  /** Jobs for miners, by `kind`: new-tip, same-tip, difficulty, keep-alive. */
  readonly jobs: Pick<Counter, 'inc'>;
  /** What came of bad shares, by `step`: new-work, reconnect, ban, refused. */
  readonly badShares: Pick<Counter, 'inc'>;
  /** From a share for an upstream to its answer; of each channel one share at a time. */
  readonly shareToAnswer: Pick<LatencyRecorder, 'record'>;
  /** From an upstream's message to the last miner's line. */
  readonly jobToLast: Pick<LatencyRecorder, 'record'>;
}

/** Levels that are asked for when somebody looks. */
export interface Levels {
  miners(): number;
  channels(): number;
  hashrate(): number;
}

/** Declares the metrics. Latencies go to /status, where they have quantiles. */
export function translatorMetrics(metrics: Metrics, latencies: Latencies, levels: Levels): TranslatorMetrics {
  const counter = (rest: string, help: string, labels: readonly string[] = []) =>
    metrics.counter(`sv2_translator_${rest}`, help, labels);
  const gauge = (rest: string, help: string, read: () => number) =>
    metrics.gauge(`sv2_translator_${rest}`, help, [], read);
  gauge('miners', 'Miners that are authorised.', () => levels.miners());
  gauge('upstream_channels', 'Channels open at the upstream.', () => levels.channels());
  gauge('hashrate', 'Hashes per second of all miners, as their shares show it.', () => levels.hashrate());
  return {
    net: {
      accepted: counter('connections_accepted_total', 'Connections accepted.'),
      refused: counter('connections_refused_total', 'Connections turned away.', ['limit']),
      closed: counter('connections_closed_total', 'Connections that ended.', ['reason']),
      bugs: counter('connection_bugs_total', 'Mistakes of ours that ended a connection.'),
      connections: metrics.gauge('sv2_translator_connections', 'Connections open now.'),
    },
    upstreams: { events: counter('upstream_events_total', 'Connections to upstreams.', ['event']) },
    shares: bound(counter('shares_total', 'Shares of miners judged.', ['outcome']), 'outcome'),
    blocks: counter('blocks_found_total', 'Shares that are blocks.'),
    upstreamShares: bound(
      counter('upstream_shares_total', 'What became of shares for upstreams.', ['outcome']),
      'outcome',
    ),
    channels: counter('channels_total', 'Channels at upstreams.', ['event']),
    jobs: bound(counter('jobs_total', 'Jobs sent to miners.', ['kind']), 'kind'),
    badShares: counter('bad_share_steps_total', 'What came of bad shares.', ['step']),
    shareToAnswer: latencies.recorder('share-to-upstream-answer'),
    jobToLast: latencies.recorder('job-to-last-miner'),
  };
}

/** On every share's way: the label is looked up once for each value. */
function bound(counter: Counter, label: string): Pick<Counter, 'inc'> {
  const series = new Map<string, BoundCounter>();
  return {
    inc(labels = {}, n) {
      const value = labels[label] ?? '';
      let one = series.get(value);
      if (one === undefined) {
        one = counter.bind({ [label]: value });
        series.set(value, one);
      }
      one.inc(n);
    },
  };
}
