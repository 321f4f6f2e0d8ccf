import type { Counter, Gauge, Metrics } from '@sv2kit/daemon';
import type { NetMetrics } from '@sv2kit/net';
import type { UpstreamMetrics } from '@sv2kit/upstream';

/** What the device counts. */
export interface MiningDeviceMetrics {
  readonly net: NetMetrics;
  readonly upstream: UpstreamMetrics;
  readonly submitted: Counter;
  /** Shares as the server counts them. */
  readonly accepted: Counter;
  /** By `code`. */
  readonly rejected: Counter;
  /** Shares that also met the network's target. */
  readonly blocks: Counter;
  /** Jobs taken up, by `kind`: `tip` or `update`. */
  readonly jobs: Counter;
  /** Messages that named nothing known, by `type`. */
  readonly unexpected: Counter;
  readonly hashrate: Gauge;
  readonly nominalHashrate: Gauge;
}

/** Declares the metrics. */
export function miningDeviceMetrics(metrics: Metrics): MiningDeviceMetrics {
  const name = (rest: string) => `sv2_mining_device_${rest}`;
  return {
    net: {
      accepted: metrics.counter(name('connections_made_total'), 'Connections made.'),
      refused: metrics.counter(name('connections_refused_total'), 'Connections turned away.', ['limit']),
      closed: metrics.counter(name('connections_closed_total'), 'Connections that ended.', ['reason']),
      bugs: metrics.counter(name('connection_bugs_total'), 'Mistakes of ours that ended a connection.'),
      connections: metrics.gauge(name('connections'), 'Connections open now.'),
    },
    upstream: {
      events: metrics.counter(name('upstream_events_total'), 'What happened to the connection.', ['event']),
    },
    submitted: metrics.counter(name('shares_submitted_total'), 'Shares submitted.'),
    accepted: metrics.counter(name('shares_accepted_total'), 'Shares that the server accepted.'),
    rejected: metrics.counter(name('shares_rejected_total'), 'Shares that the server rejected.', ['code']),
    blocks: metrics.counter(name('blocks_total'), "Shares that met the network's target."),
    jobs: metrics.counter(name('jobs_total'), 'Jobs taken up.', ['kind']),
    unexpected: metrics.counter(name('unexpected_messages_total'), 'Messages that named nothing known.', ['type']),
    hashrate: metrics.gauge(name('hashes_per_second'), 'Hashes per second over the last minute.'),
    nominalHashrate: metrics.gauge(name('nominal_hashes_per_second'), 'Hashes per second as told to the server.'),
  };
}
