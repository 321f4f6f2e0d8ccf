import type { Counter, LatencyRecorder, Latencies, Metrics } from '@sv2kit/daemon';
import type { NetMetrics } from '@sv2kit/net';

/** What a job declarator server counts. */
export interface JdServerMetrics {
  readonly net: NetMetrics;
  /** Tokens given, by `delayed`: whether the rate limit made them wait. */
  readonly tokens: Counter;
  /** Declarations answered, by `outcome`: `declared` or a code of DECLARE_ERRORS. */
  readonly declarations: Counter;
  /** PushSolution, by `outcome`: `block` or `no-block`. */
  readonly solutions: Counter;
  /** What became of blocks, by `status` and `by`. */
  readonly blockStatus: Counter;
  /** From a declaration's arrival to its Success. */
  readonly declared: Pick<LatencyRecorder, 'record'>;
  /** From a solution to the first node that has taken the block. */
  readonly blockToNode: Pick<LatencyRecorder, 'record'>;
}

/** Declares the metrics. Latencies go to /status, where they have quantiles. */
export function jdServerMetrics(metrics: Metrics, latencies: Latencies): JdServerMetrics {
  const counter = (rest: string, help: string, labels: readonly string[] = []) =>
    metrics.counter(`sv2_jd_server_${rest}`, help, labels);
  return {
    net: {
      accepted: counter('connections_accepted_total', 'Connections accepted.'),
      refused: counter('connections_refused_total', 'Connections turned away.', ['limit']),
      closed: counter('connections_closed_total', 'Connections that ended.', ['reason']),
      bugs: counter('connection_bugs_total', 'Mistakes of ours that ended a connection.'),
      connections: metrics.gauge('sv2_jd_server_connections', 'Connections open now.'),
    },
    tokens: counter('tokens_total', 'Tokens given.', ['delayed']),
    declarations: counter('declarations_total', 'Declared jobs answered.', ['outcome']),
    solutions: counter('solutions_total', 'Solutions that clients pushed.', ['outcome']),
    blockStatus: counter('block_status_total', 'What became of blocks.', ['status', 'by']),
    declared: latencies.recorder('declare-to-job'),
    blockToNode: latencies.recorder('block-to-node'),
  };
}
