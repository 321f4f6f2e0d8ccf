import { afterEach, describe, expect, test } from 'vitest';
import { hashOf, template, tip } from './fake-node.ts';
import { type Harness, type HarnessOptions, serving as startServing } from './server-harness.ts';
import { mine, SMALL } from './test-client.ts';

let running: Harness | undefined;
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});

async function serving(options: HarnessOptions = {}): Promise<Harness> {
  running = await startServing(options);
  return running;
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
    const { client, found, metrics } = await serving();
    const one = await client();
    await one.ask();
    one.submitBlock();
    one.send(one.templates.requestTransactionData(9n));
    await one.next('transaction-data-refused');
    expect(found).toHaveLength(1);
    expect(await metrics.snapshot()).toMatchObject({ 'sv2_template_provider_solutions_total{outcome="block"}': 1 });
  });

  test('hands in a block on a new connection, before anything else (§7.7)', async () => {
    const { client, found } = await serving();
    const one = await client();
    const { template: work, tip: at } = await one.ask();
    await one[Symbol.asyncDispose]();
    const again = await client();
    again.send(mine(work, at).solution);
    await again.ask();
    expect(found).toHaveLength(1);
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

test('clients are sent away when no node is there any more, and wait when they come back', async () => {
  const { client, server, clock, ended } = await serving();
  const one = await client();
  await one.ask();
  server.onAway('node-away');
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
