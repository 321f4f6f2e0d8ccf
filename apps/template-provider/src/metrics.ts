import type { MiningNode, NodeHealth } from '@sv2kit/bitcoin-node';
import type { Counter, Gauge, Metrics } from '@sv2kit/daemon';
import type { NetMetrics } from '@sv2kit/net';

/** What the template provider counts. */
export interface TemplateProviderMetrics {
  readonly net: NetMetrics;
  /** Messages that carried templates or tips, by `reason`. */
  readonly deliveries: Counter;
  /** Templates that the nodes gave, by `node`. */
  readonly nodeTemplates: Counter;
  /** RequestTransactionData, by `outcome`. */
  readonly transactionData: Counter;
  /** SubmitSolution, by `outcome`: `block`, or why not. */
  readonly solutions: Counter;
  /** Blocks handed to nodes, by `node` and `outcome`. */
  readonly submissions: Counter;
  /** Solutions handed to nodes that hold the template, by `node` and `outcome`. */
  readonly solutionsToNodes: Counter;
  /** Transactions of held templates that were fetched, by `node` and `outcome`. */
  readonly heldLoads: Counter;
  /** Templates that nodes hold for clients now. */
  readonly heldTemplates: Gauge;
  /** Bytes of transaction data on their way to clients now. */
  readonly transactionDataBytes: Gauge;
  /** Clients that get new tips only, for they do not read or hold too many templates. */
  readonly pausedClients: Gauge;
  /** Solved blocks, by `outcome`: `saved`, `save-failed`, `not-taken`, `confirmed`, `orphaned`. */
  readonly blocks: Counter;
}

/** Declares the metrics. */
export function templateProviderMetrics(metrics: Metrics): TemplateProviderMetrics {
  const name = (rest: string) => `sv2_template_provider_${rest}`;
  return {
    net: {
      accepted: metrics.counter(name('connections_accepted_total'), 'Connections accepted.'),
      refused: metrics.counter(name('connections_refused_total'), 'Connections turned away.', ['limit']),
      closed: metrics.counter(name('connections_closed_total'), 'Connections that ended.', ['reason']),
      bugs: metrics.counter(name('connection_bugs_total'), 'Mistakes of ours that ended a connection.'),
      connections: metrics.gauge(name('connections'), 'Connections open now.'),
    },
    deliveries: metrics.counter(name('deliveries_total'), 'Templates and tips sent to a client.', ['reason']),
    nodeTemplates: metrics.counter(name('node_templates_total'), 'Templates that nodes gave.', ['node']),
    transactionData: metrics.counter(name('transaction_data_total'), 'RequestTransactionData answered.', ['outcome']),
    solutions: metrics.counter(name('solutions_total'), 'Solutions that clients submitted.', ['outcome']),
    submissions: metrics.counter(name('submissions_total'), 'Blocks handed to nodes.', ['node', 'outcome']),
    solutionsToNodes: metrics.counter(
      name('solutions_to_nodes_total'),
      'Solutions handed to nodes that hold the template.',
      ['node', 'outcome'],
    ),
    heldLoads: metrics.counter(name('held_loads_total'), 'Transactions of held templates fetched.', [
      'node',
      'outcome',
    ]),
    heldTemplates: metrics.gauge(name('held_templates'), 'Templates that nodes hold for clients now.'),
    transactionDataBytes: metrics.gauge(
      name('transaction_data_bytes'),
      'Bytes of transaction data on their way to clients now.',
    ),
    pausedClients: metrics.gauge(name('paused_clients'), 'Clients that get new tips only.'),
    blocks: metrics.counter(name('blocks_total'), 'Solved blocks.', ['outcome']),
  };
}

/** What each node says of itself, asked for when somebody looks. */
export function nodeSeries(metrics: Metrics, nodes: readonly Pick<MiningNode, 'name' | 'health'>[]): void {
  const series = (rest: string, help: string, value: (health: NodeHealth) => number | undefined): void =>
    metrics.series(`sv2_template_provider_node_${rest}`, help, ['node'], () =>
      nodes.flatMap((node) => {
        const read = value(node.health());
        return read === undefined ? [] : [[{ node: node.name }, read] as const];
      }),
    );
  series('ok', 'Whether templates can be had of the node: 1, or 0.', ({ state }) => (state === 'ok' ? 1 : 0));
  series('tip_height', "Height of the node's tip.", ({ tipHeight }) => tipHeight);
  series('template_timestamp_seconds', 'When the node gave its last template, unix time.', ({ lastTemplateAtMs }) =>
    lastTemplateAtMs === undefined ? undefined : lastTemplateAtMs / 1000,
  );
}

/** The metrics of connections, with a tally of those turned away, by limit. */
export function tallyingRefusals(net: NetMetrics): { readonly net: NetMetrics; readonly tally: Map<string, number> } {
  const tally = new Map<string, number>();
  const refused: NetMetrics['refused'] = {
    inc(labels = {}, n = 1) {
      const { limit = '' } = labels;
      tally.set(limit, (tally.get(limit) ?? 0) + n);
      net.refused.inc(labels, n);
    },
  };
  return { net: { ...net, refused }, tally };
}
