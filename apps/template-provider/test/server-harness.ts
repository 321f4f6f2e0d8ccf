import type { HeldTemplate } from '@sv2kit/bitcoin-node';
import { templateDistribution } from '@sv2kit/codec';
import { createMetrics, type Labels, LatencyRecorder, type Metrics, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { type Limits, listen, serve } from '@sv2kit/net';
import { chainRules, TemplatePublisher } from '@sv2kit/templates';
import { Allowances, type Rates } from '../src/allowance.ts';
import { BlockDesk } from '../src/block-desk.ts';
import type { FoundBlock } from '../src/found-block.ts';
import { HeldTemplates } from '../src/held-templates.ts';
import { templateProviderMetrics } from '../src/metrics.ts';
import { Solutions } from '../src/solutions.ts';
import { TemplateServer } from '../src/template-server.ts';
import { TipWatch } from '../src/tip-watch.ts';
import { FakeNode, template } from './fake-node.ts';
import { TestClient } from './test-client.ts';

export interface Harness extends AsyncDisposable {
  readonly server: TemplateServer;
  readonly publisher: TemplatePublisher<HeldTemplate>;
  readonly held: HeldTemplates;
  /** Whose templates those are that the node holds. */
  readonly node: FakeNode;
  readonly clock: VirtualClock;
  /** What was handed to the desk. */
  readonly found: FoundBlock[];
  readonly metrics: Metrics;
  readonly latency: LatencyRecorder;
  /** Why the first connection that ended did. */
  readonly ended: Promise<string>;
  readonly port: number;
  client(): Promise<TestClient>;
  /** A template that the node holds, with its stream's bookkeeping. */
  give(held: HeldTemplate): void;
}

export interface HarnessOptions {
  /** Without a template of height 101 from the start. */
  readonly empty?: boolean;
  readonly emptyAhead?: 'named' | 'never';
  readonly rates?: Partial<Rates>;
  readonly ratesPerAddress?: Partial<Rates>;
  readonly exempt?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly minIntervalMs?: number;
}

export const RATES: Rates = {
  constraintsPerMinute: 30,
  transactionDataPerMinute: 60,
  refusedSolutionsPerMinute: 20,
  outstandingTemplates: 1000,
};

/** A server without encryption, whose clock stands still. */
export async function serving(options: HarnessOptions = {}): Promise<Harness> {
  const clock = new VirtualClock();
  const metrics = createMetrics();
  const counters = templateProviderMetrics(metrics);
  const latency = new LatencyRecorder();
  const { emptyAhead = 'named', minIntervalMs = 5000 } = options;
  const publisher = new TemplatePublisher<HeldTemplate>({
    rules: chainRules('regtest'),
    firstTemplateId: 1n,
    feeThreshold: 1000n,
    minIntervalMs,
    emptyAhead: emptyAhead !== 'never',
  });
  const node = new FakeNode('node', clock);
  const held = new HeldTemplates({
    user: publisher,
    takesBlocks: () => node.takesBlocks,
    clock,
    log: silentLogger,
    metrics: counters,
  });
  const store = { save: () => Promise.resolve('file'), async *recent() {} };
  const events = new Events({ now: () => clock.now() });
  const log = silentLogger;
  const toNode = new LatencyRecorder();
  const desk = new BlockDesk({ nodes: [node], store, clock, log, metrics: counters, events, toNode });
  const found: FoundBlock[] = [];
  const remembering = {
    submit: (block: FoundBlock) => {
      found.push(block);
      return desk.submit(block);
    },
  };
  const server = new TemplateServer({
    publisher,
    held,
    solutions: new Solutions({ publisher, held, desk: remembering, clock, metrics: counters }),
    allowances: new Allowances({
      perClient: { ...RATES, ...options.rates },
      perAddress: { ...RATES, ...options.ratesPerAddress },
      exempt: options.exempt ?? ['127.0.0.1'],
    }),
    clock,
    log: silentLogger,
    metrics: counters,
    tipLatency: latency,
    templateLatency: new LatencyRecorder(),
    tips: new TipWatch({ events, templateLatency: new LatencyRecorder() }),
    emptyAhead,
    takesBlocks: () => node.takesBlocks,
    onNeeds: () => {},
  });
  if (options.empty !== true) server.onTemplate(template(101, clock), 'node');
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const closed = { inc: (labels: Labels = {}) => resolve(labels['reason'] ?? '') };
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    services: [serve(templateDistribution, { accept: (connection) => server.accept(connection) })],
    metrics: { ...counters.net, closed },
    clock,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const clients = new AsyncDisposableStack();
  let latest: HeldTemplate | undefined;
  return {
    server,
    publisher,
    held,
    node,
    clock,
    found,
    metrics,
    latency,
    ended,
    port: listener.port,
    client: async () => clients.use(await TestClient.connect({ port: listener.port })),
    give(template) {
      held.add(template, node);
      if (latest !== undefined) held.retire(latest);
      latest = template;
      if (held.takeLost()) server.onLost();
      server.onTemplate(template, node.name);
    },
    async [Symbol.asyncDispose]() {
      await clients.disposeAsync();
      await listener.close();
      await desk.close();
    },
  };
}
