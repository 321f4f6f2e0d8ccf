import { templateDistribution } from '@sv2kit/codec';
import { createMetrics, type Labels, LatencyRecorder, type Metrics, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { listen, serve } from '@sv2kit/net';
import { chainRules, TemplatePublisher } from '@sv2kit/templates';
import { afterEach, describe, expect, test } from 'vitest';
import { templateProviderMetrics } from '../src/metrics.ts';
import { TemplateServer } from '../src/template-server.ts';
import { hashOf, template, tip } from './fake-node.ts';
import { mine, SMALL, TestClient } from './test-client.ts';

let stack: AsyncDisposableStack | undefined;
afterEach(async () => {
  await stack?.disposeAsync();
  stack = undefined;
});

interface Harness {
  readonly server: TemplateServer;
  readonly clock: VirtualClock;
  readonly blocks: Uint8Array[];
  readonly metrics: Metrics;
  readonly latency: LatencyRecorder;
  /** Why the first connection that ended did. */
  readonly ended: Promise<string>;
  client(): Promise<TestClient>;
}

/** A server without encryption, whose clock stands still, with a template of height 101 unless told otherwise. */
async function serving(options: { readonly empty?: boolean } = {}): Promise<Harness> {
  const clock = new VirtualClock();
  const metrics = createMetrics();
  const latency = new LatencyRecorder();
  const blocks: Uint8Array[] = [];
  const counters = templateProviderMetrics(metrics);
  const server = new TemplateServer({
    publisher: new TemplatePublisher({
      rules: chainRules('regtest'),
      firstTemplateId: 1n,
      feeThreshold: 1000n,
      minIntervalMs: 5000,
      emptyAhead: true,
    }),
    desk: { submit: (block) => void blocks.push(block) },
    clock,
    log: silentLogger,
    metrics: counters,
    tipLatency: latency,
    emptyAhead: 'named',
  });
  if (options.empty !== true) server.onTemplate(template(101, clock), 'node');
  const resources = new AsyncDisposableStack();
  stack = resources;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const closed = { inc: (labels: Labels = {}) => resolve(labels['reason'] ?? '') };
  const listener = resources.use(
    await listen({
      host: '127.0.0.1',
      port: 0,
      services: [serve(templateDistribution, { accept: (connection) => server.accept(connection) })],
      metrics: { ...counters.net, closed },
    }),
  );
  const client = async () => resources.use(await TestClient.connect({ port: listener.port }));
  return { server, clock, blocks, metrics, latency, ended, client };
}

describe('a client of the template provider (§7)', () => {
  test('says nothing and hears nothing; asks, and has work at once', async () => {
    const { client } = await serving();
    const one = await client();
    const { template: work, tip: at } = await one.ask();
    expect(work).toMatchObject({ coinbaseTxValueRemaining: 50_0000_0000n, coinbaseTxLocktime: 100 });
    expect(at.prevHash).toEqual(hashOf('100'));
    await one.next('future-template');
    expect(one.events.map(({ kind }) => kind)).toEqual(['future-template', 'activated', 'future-template']);
  });

  test('waits for the first template of a node that has none yet', async () => {
    const { client, server, clock } = await serving({ empty: true });
    const one = await client();
    one.send(one.templates.constraints(SMALL));
    one.send(one.templates.requestTransactionData(1n));
    await one.next('transaction-data-refused'); // so the constraints are there
    server.onTemplate(template(101, clock), 'node');
    await one.next('activated');
  });

  test('starts on a new tip as soon as all others do', async () => {
    const { client, server, clock, latency, metrics } = await serving();
    const clients = await Promise.all([client(), client(), client()]);
    for (const one of clients) await one.ask();
    for (const one of clients) await one.next('future-template');
    const news = tip(101, clock);
    clock.advance(3);
    server.onTip(news);
    for (const one of clients) expect((await one.next('activated')).tip.prevHash).toEqual(hashOf('101'));
    expect(latency.summary()).toMatchObject({ samples: 1 });
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_deliveries_total{reason="announced-tip"}': 3,
    });
  });

  test('gets a due update when the clock says so, without being asked', async () => {
    const { client, server, clock } = await serving();
    const one = await client();
    await one.ask();
    const data = hashOf('data');
    const paying = { txid: hashOf('a'), wtxid: hashOf('b'), data, fee: 5000n, weight: 400, sigops: 0, depends: [] };
    server.onTemplate(template(101, clock, { transactions: [paying], coinbaseValue: 50_0000_5000n }), 'node');
    clock.advance(5000);
    server.tick();
    const { template: work } = await one.next('update');
    expect(work.coinbaseTxValueRemaining).toBe(50_0000_5000n);
    one.send(one.templates.requestTransactionData(work.templateId));
    expect((await one.next('transaction-data')).transactions).toEqual([data]);
  });

  test('hands in a block, which goes on at once', async () => {
    const { client, blocks, metrics } = await serving();
    const one = await client();
    await one.ask();
    one.submitBlock();
    one.send(one.templates.requestTransactionData(9n));
    await one.next('transaction-data-refused');
    expect(blocks).toHaveLength(1);
    expect(await metrics.snapshot()).toMatchObject({ 'sv2_template_provider_solutions_total{outcome="block"}': 1 });
  });

  test('hands in a block on a new connection, before anything else (§7.7)', async () => {
    const { client, blocks } = await serving();
    const one = await client();
    const { template: work, tip: at } = await one.ask();
    await one[Symbol.asyncDispose]();
    const again = await client();
    again.send(mine(work, at).solution);
    await again.ask();
    expect(blocks).toHaveLength(1);
  });

  test('leaves, and the others do not notice', async () => {
    const { client, server, clock } = await serving();
    const [one, two] = await Promise.all([client(), client()]);
    await one.ask();
    await two.ask();
    await one[Symbol.asyncDispose]();
    server.onTemplate(template(102, clock), 'node');
    expect((await two.next('activated')).tip.prevHash).toEqual(hashOf('101'));
  });
});

describe('a client that asks too much', () => {
  test('of a block: coinbase-space-too-large (§7.1)', async () => {
    const { client, ended } = await serving();
    const one = await client();
    one.send(one.templates.constraints({ ...SMALL, coinbaseOutputMaxAdditionalSize: 1_000_000 }));
    await one.closed;
    expect(await ended).toBe('coinbase-space-too-large');
    expect(one.events).toEqual([]);
  });

  test('too often: too-many-constraints', async () => {
    const { client, clock, ended } = await serving();
    const one = await client();
    for (let i = 0; i < 10; i++) await one.ask();
    clock.advance(1000);
    await one.ask();
    await expect(one.ask()).rejects.toThrow('the connection ended');
    expect(await ended).toBe('too-many-constraints');
  });

  test('for transaction data: too-many-transaction-requests', async () => {
    const { client, ended } = await serving();
    const one = await client();
    for (let i = 0; i < 16; i++) {
      one.send(one.templates.requestTransactionData(99n));
      expect(await one.next('transaction-data-refused')).toMatchObject({ errorCode: 'template-id-not-found' });
    }
    one.send(one.templates.requestTransactionData(99n));
    await one.closed;
    expect(await ended).toBe('too-many-transaction-requests');
  });

  test('of our patience with bad solutions: too-many-refused-solutions', async () => {
    const { client, blocks, metrics, ended } = await serving();
    const one = await client();
    const { template: work, tip: at } = await one.ask();
    const { solution } = mine(work, at);
    for (let i = 0; i < 21; i++) one.send({ ...solution, coinbaseTx: new Uint8Array(5) });
    await one.closed;
    expect(await ended).toBe('too-many-refused-solutions');
    expect(blocks).toEqual([]);
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_solutions_total{outcome="malformed-coinbase"}': 21,
    });
  });
});

test('clients are sent away when no node is there any more, and wait when they come back', async () => {
  const { client, server, clock, ended } = await serving();
  const one = await client();
  await one.ask();
  server.onAway();
  await one.closed;
  expect(await ended).toBe('node-away');
  const again = await client();
  again.send(again.templates.constraints(SMALL));
  again.send(again.templates.requestTransactionData(999n));
  await again.next('transaction-data-refused');
  expect(again.events).toHaveLength(1);
  server.onTemplate(template(101, clock), 'node');
  await again.next('activated');
});
