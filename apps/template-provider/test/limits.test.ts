import { NewTemplate } from '@sv2kit/codec';
import { createMetrics, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { templateProviderMetrics } from '../src/metrics.ts';
import { Solutions } from '../src/solutions.ts';
import { hashOf, template } from './fake-node.ts';
import { type Harness, type HarnessOptions, serving as startServing } from './server-harness.ts';
import { mine, SMALL, type TestClient } from './test-client.ts';

let running: Harness | undefined;
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});

async function serving(options: HarnessOptions = {}): Promise<Harness> {
  running = await startServing(options);
  return running;
}

/** Sends it so often, and hears every answer. */
async function askForNothing(one: TestClient, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    one.send(one.templates.requestTransactionData(99n));
    expect(await one.next('transaction-data-refused')).toMatchObject({ errorCode: 'template-id-not-found' });
  }
}

/** A template of height 101 that pays this much in one transaction. */
function paying({ clock }: Harness, fee: bigint) {
  const label = String(fee);
  const one = {
    txid: hashOf(`a${label}`),
    wtxid: hashOf(`b${label}`),
    data: hashOf(label),
    fee,
    weight: 400,
    sigops: 0,
  };
  return template(101, clock, { transactions: [{ ...one, depends: [] }], coinbaseValue: 50_0000_0000n + fee });
}

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
    const { client, clock, ended } = await serving({ rates: { constraintsPerMinute: 10 } });
    const one = await client();
    for (let i = 0; i < 10; i++) await one.ask();
    clock.advance(6000);
    await one.ask();
    await expect(one.ask()).rejects.toThrow('the connection ended');
    expect(await ended).toBe('too-many-constraints');
  });

  test('for transaction data: too-many-transaction-requests', async () => {
    const { client, ended } = await serving({ rates: { transactionDataPerMinute: 16 } });
    const one = await client();
    await askForNothing(one, 16);
    one.send(one.templates.requestTransactionData(99n));
    await one.closed;
    expect(await ended).toBe('too-many-transaction-requests');
  });

  test('of our patience with bad solutions: too-many-refused-solutions', async () => {
    const { client, found, metrics, ended } = await serving();
    const one = await client();
    const { template: work, tip: at } = await one.ask();
    const { solution } = mine(work, at);
    for (let i = 0; i < 21; i++) one.send({ ...solution, coinbaseTx: new Uint8Array(5) });
    await one.closed;
    expect(await ended).toBe('too-many-refused-solutions');
    expect(found).toEqual([]);
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_solutions_total{outcome="malformed-coinbase"}': 21,
    });
  });

  test('with one block over and over: it is submitted once', async () => {
    const { client, node, metrics, ended } = await serving();
    const one = await client();
    const { template: work, tip: at } = await one.ask();
    const { solution } = mine(work, at);
    for (let i = 0; i < 22; i++) one.send(solution);
    await one.closed;
    expect(await ended).toBe('too-many-refused-solutions');
    expect(node.submitted).toHaveLength(1);
    expect(await metrics.snapshot()).toMatchObject({ 'sv2_template_provider_solutions_total{outcome="block"}': 1 });
  });
});

describe('an address that asks too much', () => {
  test('with all its clients together, whichever of them is the one too many', async () => {
    const { client, ended } = await serving({ exempt: [], ratesPerAddress: { transactionDataPerMinute: 20 } });
    const [one, two] = [await client(), await client()];
    await askForNothing(one, 12);
    await askForNothing(two, 8);
    two.send(two.templates.requestTransactionData(99n));
    await two.closed;
    expect(await ended).toBe('too-many-transaction-requests');
  });

  test('is not forgotten when it connects anew, until it has asked for nothing for long enough', async () => {
    const { client, clock } = await serving({ exempt: [], ratesPerAddress: { transactionDataPerMinute: 20 } });
    const one = await client();
    await askForNothing(one, 20);
    await one[Symbol.asyncDispose]();
    const again = await client();
    again.send(again.templates.requestTransactionData(99n));
    await again.closed;
    clock.advance(61_000);
    await askForNothing(await client(), 20);
  });

  test('is not held back at all when it is exempt', async () => {
    const { client } = await serving({ exempt: ['127.0.0.0/8'], ratesPerAddress: { transactionDataPerMinute: 1 } });
    await askForNothing(await client(), 10);
  });
});

describe('templates that a client holds', () => {
  test('are no more of one tip than it may; the next tip is for everybody', async () => {
    const harness = await serving({ rates: { outstandingTemplates: 3 }, minIntervalMs: 0, emptyAhead: 'never' });
    const { client, server, clock } = harness;
    const one = await client();
    await one.ask();
    for (const fee of [10_000n, 20_000n, 30_000n, 40_000n]) server.onTemplate(paying(harness, fee), 'node');
    expect(server.status()).toMatchObject({ outstandingTemplates: 3, pausedClients: 1 });
    server.onTemplate(template(102, clock), 'node');
    await one.next('activated', ({ tip }) => Buffer.compare(tip.prevHash, hashOf('101')) === 0);
    const fees = one.events.flatMap((event) =>
      event.kind === 'update' ? [event.template.coinbaseTxValueRemaining - 50_0000_0000n] : [],
    );
    expect(fees).toEqual([10_000n, 20_000n]);
    expect(server.status()).toMatchObject({ outstandingTemplates: 1, pausedClients: 0 });
  });

  test('are counted for its address as well', async () => {
    const harness = await serving({
      exempt: [],
      ratesPerAddress: { outstandingTemplates: 3 },
      minIntervalMs: 0,
      emptyAhead: 'never',
    });
    const { client, server } = harness;
    const [one, two] = [await client(), await client()];
    await one.ask();
    await two.ask();
    for (const fee of [10_000n, 20_000n, 30_000n]) server.onTemplate(paying(harness, fee), 'node');
    expect(server.status()).toMatchObject({ outstandingTemplates: 4, pausedClients: 2 });
    await two[Symbol.asyncDispose]();
    expect(server.status()).toMatchObject({ outstandingTemplates: 2 });
    server.tick(); // there is room: it gets the best one, of which it heard nothing
    expect(server.status()).toMatchObject({ outstandingTemplates: 3 });
  });
});

test('solutions that are none cost the log a few warnings a minute, however many clients send them', () => {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const solutions = new Solutions({
    publisher: {
      solve: ({ templateId }) => ({ kind: 'refused', templateId, code: 'insufficient-work' }),
      blockOf: () => undefined,
    },
    held: { find: () => undefined, complete: () => Promise.resolve() },
    desk: { submit: () => true },
    clock,
    metrics: templateProviderMetrics(createMetrics()),
  });
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const fields = { templateId: 1n, version: 0, headerTimestamp: 0, headerNonce: 0, coinbaseTx: new Uint8Array() };
  for (let id = 0; id < 1000; id++) solutions.submit({ type: 'SubmitSolution', ...fields }, id, log);
  expect(warnings).toHaveLength(20);
  clock.advance(60_000);
  solutions.submit({ type: 'SubmitSolution', ...fields }, 1, log);
  expect(warnings).toHaveLength(21);
});

test('a message for many clients is encoded once', async () => {
  const { client, server, clock } = await serving({ emptyAhead: 'never' });
  const clients = await Promise.all(Array.from({ length: 5 }, client));
  for (const one of clients) await one.ask();
  const [, u64] = NewTemplate.fieldList[0] ?? [];
  if (u64 === undefined) throw new Error('NewTemplate has fields');
  const written = vi.spyOn(u64, 'write');
  server.onTemplate(template(102, clock), 'node');
  const times = written.mock.calls.length;
  written.mockRestore();
  for (const one of clients) await one.next('activated');
  expect(times).toBe(3); // NewTemplate has two such fields, SetNewPrevHash one
});
