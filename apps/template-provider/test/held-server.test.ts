import { parseTransaction, type TxOut } from '@sv2kit/bitcoin';
import type { BlockTransaction } from '@sv2kit/bitcoin-node';
import type { WorkTemplate, WorkTip } from '@sv2kit/templates';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeHeldTemplate, template, tip, transaction } from './fake-node.ts';
import { type Harness, type HarnessOptions, serving as startServing } from './server-harness.ts';
import { ANYBODY, mine, SMALL, type TestClient } from './test-client.ts';

let running: Harness | undefined;
const open = new Set<() => void>();
afterEach(async () => {
  for (const settle of open) settle();
  open.clear();
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});

async function serving(options: HarnessOptions = {}): Promise<Harness> {
  running = await startServing({ empty: true, emptyAhead: 'never', ...options });
  return running;
}

const LABELS = ['a', 'b', 'c'];

/** A node that gives the transactions of its template when the test says so. */
function slow(held: FakeHeldTemplate) {
  const { promise, resolve, reject } = Promise.withResolvers<readonly BlockTransaction[]>();
  promise.catch(() => {});
  held.load = () => promise;
  open.add(() => resolve([]));
  return {
    give: (labels: readonly string[] = LABELS) => resolve(labels.map(transaction)),
    fail: () => reject(new Error('the node was killed')),
  };
}

/** Everything that one client and a held template need. */
async function stage(options: HarnessOptions = {}) {
  const harness = await serving(options);
  const held = new FakeHeldTemplate(101, harness.clock, { labels: LABELS, fees: 5000n });
  const one = await harness.client();
  return { ...harness, harness, one, held };
}

async function solvedBy(one: TestClient): Promise<{ readonly template: WorkTemplate; readonly hash: Uint8Array }> {
  const work = one.templates.current;
  if (work === undefined) throw new Error('nothing to mine');
  const { solution, hash } = mine(work.template, work.tip);
  one.send(solution);
  await heard(one);
  return { template: work.template, hash };
}

/** Resolves when the server has seen everything that was sent. */
async function heard(one: TestClient): Promise<void> {
  one.send(one.templates.requestTransactionData(99_999n));
  await one.next('transaction-data-refused');
}

describe('a template that the node holds', () => {
  test('goes out as the node made it, its transactions are fetched and handed out (§7.2, §7.5)', async () => {
    const { one, held, give } = await stage();
    give(held);
    expect(held.asked).toBe(1);
    const { template: work, tip: at } = await one.ask();
    expect(work).toMatchObject({
      coinbaseTxValueRemaining: 50_0000_5000n,
      coinbaseTxOutputsCount: 1,
      coinbaseTxLocktime: 100,
      merklePath: held.merklePath,
      coinbasePrefix: held.coinbase.scriptSigPrefix,
    });
    expect(at.prevHash).toEqual(held.prevHash);
    one.send(one.templates.requestTransactionData(work.templateId));
    const { transactions } = await one.next('transaction-data');
    expect(transactions).toEqual(LABELS.map((label) => transaction(label).data));
    expect(held.asked).toBe(1);
  });

  test('is solved at its node at once, and the whole block goes to every node and to disk at the same time (§7.7)', async () => {
    const { one, held, give, node, found } = await stage();
    give(held);
    await one.ask();
    const { hash } = await solvedBy(one);
    const [solution] = held.solutions;
    expect(held.solutions).toHaveLength(1);
    const outputs: readonly TxOut[] = parseTransaction(solution?.coinbase ?? new Uint8Array()).outputs;
    expect(outputs[0]).toEqual({ value: 50_0000_5000n, script: ANYBODY });
    expect(node.submitted).toHaveLength(1);
    expect(found[0]).toMatchObject({ hash, block: node.submitted[0] });
  });

  test('is solved at once while its transactions are on their way; the block follows them', async () => {
    const { one, held, give, node, harness } = await stage();
    const load = slow(held);
    give(held);
    await one.ask();
    await solvedBy(one);
    expect(held.solutions).toHaveLength(1);
    expect(node.submitted).toEqual([]);
    load.give();
    await harness.clock.advanceAsync(0);
    expect(node.submitted).toHaveLength(1);
    const [block] = node.submitted;
    expect(Buffer.from(block ?? []).includes(transaction('c').data)).toBe(true);
  });

  test('of a node that is gone is handed to the others as a whole block', async () => {
    const { one, held, give, node, metrics, harness } = await stage();
    held.answer = () => Promise.resolve({ kind: 'unable', reason: 'the node was restarted' });
    give(held);
    await one.ask();
    await harness.clock.advanceAsync(0);
    await solvedBy(one);
    expect(node.submitted).toHaveLength(1);
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_solutions_to_nodes_total{node="node",outcome="unable"}': 1,
      'sv2_template_provider_submissions_total{node="node",outcome="accepted"}': 1,
    });
  });

  test('is tried once more for its transactions when a block depends on them', async () => {
    const { one, held, give, node, harness } = await stage();
    const first = slow(held);
    give(held);
    await one.ask();
    first.fail();
    await harness.clock.advanceAsync(0);
    held.load = () => Promise.resolve(LABELS.map(transaction));
    await solvedBy(one);
    await harness.clock.advanceAsync(0);
    expect(node.submitted).toHaveLength(1);
  });

  test('is lost with its node when that is killed before it gave the transactions: what is left is in the log', async () => {
    const { one, held, give, node, metrics, found, harness } = await stage();
    const load = slow(held);
    held.answer = () => Promise.resolve({ kind: 'unreachable', reason: 'the node was killed' });
    give(held);
    await one.ask();
    await solvedBy(one);
    load.fail();
    await harness.clock.advanceAsync(0);
    expect(node.submitted).toEqual([]);
    expect(found[0]?.remains?.header).toHaveLength(160);
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_blocks_total{outcome="not-taken"}': 1,
    });
  });

  test('whose solution throws is a block all the same', async () => {
    const { one, held, give, node, harness } = await stage();
    held.answer = () => Promise.reject(new Error('a bug'));
    give(held);
    await one.ask();
    await harness.clock.advanceAsync(0);
    await solvedBy(one);
    expect(node.submitted).toHaveLength(1);
  });

  test.each([
    { takesBlocks: false, isLoaded: true, what: 'is replaced after its node was away: its blocks have no taker' },
    { takesBlocks: true, isLoaded: false, what: 'is replaced when its transactions cannot be had any more' },
    { takesBlocks: true, isLoaded: true, what: 'stays when its blocks can be handed in as a whole' },
  ])('$what, whatever the next one pays', async ({ takesBlocks, isLoaded }) => {
    const { one, held, give, clock, server, node, harness } = await stage();
    node.takesBlocks = takesBlocks;
    const load = slow(held);
    give(held);
    const before = await one.ask();
    if (isLoaded) load.give();
    else load.fail();
    await clock.advanceAsync(0);
    harness.held.doubt(node);
    give(new FakeHeldTemplate(101, clock, { labels: LABELS, fees: 5000n }));
    clock.advance(1000);
    server.tick();
    await heard(one);
    const { template: now, tip: at } = one.templates.current ?? before;
    expect(now.templateId > before.template.templateId).toBe(!(takesBlocks && isLoaded));
    expect(at.prevHash).toEqual(before.tip.prevHash);
    give(new FakeHeldTemplate(101, clock, { labels: LABELS, fees: 5000n }));
    await heard(one);
    expect(one.templates.current?.template.templateId).toBe(now.templateId); // once
  });

  test('is solved when a newer tip is there already: a block is a block', async () => {
    const { one, held, give, clock, node } = await stage();
    give(held);
    const work = await one.ask();
    give(new FakeHeldTemplate(102, clock, { reserve: { weight: 2000, sigops: 4 } }));
    await one.next('activated');
    one.send(mine(work.template, work.tip).solution);
    await heard(one);
    expect(held.solutions).toHaveLength(1);
    expect(node.submitted).toHaveLength(1);
  });

  test('stays with the node as long as a client may solve it, and no longer', async () => {
    const { one, held, give, clock, server, harness } = await stage();
    const registry = harness.held;
    give(held);
    await one.ask();
    await clock.advanceAsync(0);
    const successors = [102, 103, 104].map((height) => new FakeHeldTemplate(height, clock));
    const released: number[] = [];
    for (const next of successors) {
      give(next);
      clock.advance(11_000);
      server.tick();
      await clock.advanceAsync(0);
      registry.sweep();
      released.push(held.released);
    }
    expect(released).toEqual([0, 1, 1]); // those of the tip before may win yet
    expect(registry.count).toBe(2);
  });
});

describe('transaction data that is with the node yet', () => {
  test('is waited for', async () => {
    const { one, held, give } = await stage();
    const load = slow(held);
    give(held);
    const { template: work } = await one.ask();
    one.send(one.templates.requestTransactionData(work.templateId));
    await heardConstraints(one);
    load.give();
    expect((await one.next('transaction-data')).transactions).toHaveLength(3);
  });

  test.each(['fails', 'takes too long'])('that %s is refused: stale-template-id (§7.6)', async (what) => {
    const { one, held, give, clock } = await stage();
    const load = slow(held);
    give(held);
    const { template: work } = await one.ask();
    one.send(one.templates.requestTransactionData(work.templateId));
    await heardConstraints(one);
    if (what === 'fails') load.fail();
    else await clock.advanceAsync(10_000);
    expect(await one.next('transaction-data-refused')).toMatchObject({ errorCode: 'stale-template-id' });
  });

  test('that the node failed to give is asked for again, a few times', async () => {
    const { held, give, harness, one } = await stage();
    held.load = () => Promise.reject(new Error('busy'));
    give(held);
    await one.ask();
    for (let i = 0; i < 60; i++) {
      await harness.clock.advanceAsync(1000);
      harness.held.load();
    }
    expect(held.asked).toBe(4);
  });
});

/** Resolves when the server has seen everything that was sent, although an answer is owed. */
async function heardConstraints(one: TestClient): Promise<WorkTip> {
  return (await one.ask(SMALL)).tip;
}

describe('empty templates', () => {
  test('are for nodes that take whole blocks: their block is no node’s template', async () => {
    const { client, server, clock, node } = await serving({ empty: false, emptyAhead: 'named' });
    const one = await client();
    await one.ask();
    await one.next('future-template');
    node.takesBlocks = false;
    server.onTip(tip(101, clock));
    server.onTemplate(template(102, clock), 'node');
    await one.next('activated');
    node.takesBlocks = true;
    server.tick();
    await one.next('future-template');
    expect(one.events.map(({ kind }) => kind)).toEqual([
      'future-template',
      'activated',
      'future-template',
      'future-template',
      'activated',
      'future-template',
    ]);
  });
});
