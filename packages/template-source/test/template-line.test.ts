import { merklePathOf, parseTransaction } from '@sv2kit/bitcoin';
import type { NodeHealth } from '@sv2kit/bitcoin-node';
import { Health, VirtualClock } from '@sv2kit/daemon';
import { noMetrics, silentLogger } from '@sv2kit/net';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type ChainNode,
  type KnownBest,
  TEMPLATE_SOURCE_LIMITS,
  TemplateLine,
  TransactionStore,
} from '../src/index.ts';
import { bytes, FakeProvider, FakeSink, network, newTemplate, NOW, prevHash, solution } from './support.ts';

const constraints = { coinbaseOutputMaxAdditionalSize: 43, coinbaseOutputMaxAdditionalSigops: 0 };
const STALE_MS = 180_000;
const parse = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

interface LineOptions {
  readonly transactions?: TransactionStore;
  readonly transactionsAhead?: boolean;
  readonly bestBlock?: () => KnownBest | undefined;
  readonly nodes?: readonly ChainNode[];
}

async function line(providers: FakeProvider[], options: LineOptions = {}) {
  const clock = new VirtualClock(NOW);
  const sink = new FakeSink();
  const health = new Health(clock);
  health.started();
  const tips: number[] = [];
  const lost: string[] = [];
  const made = new TemplateLine({
    ...network(...providers),
    setup: { vendor: 'sv2kit', hardwareVersion: 'pool' },
    constraints,
    tag: bytes(8, 65),
    sink,
    transactions: options.transactions,
    transactionsAhead: options.transactionsAhead ?? false,
    onLost: ({ nonce }, reason) => void lost.push(`${nonce} ${reason}`),
    onTip: ({ prevHash }) => void tips.push(prevHash[0] ?? 0),
    bestBlock: options.bestBlock ?? (() => undefined),
    nodes: options.nodes ?? [],
    staleWorkMs: STALE_MS,
    condition: health.condition('templates', 'no template yet'),
    clock,
    log: silentLogger,
    metrics: {
      templates: noMetrics.accepted,
      templateProviders: { events: noMetrics.accepted },
    },
  });
  const timer = clock.every(TEMPLATE_SOURCE_LIMITS.tickMs, () => made.tick());
  onTestFinished(async () => {
    timer[Symbol.dispose]();
    await made.close();
  });
  await clock.advanceAsync(0);
  return { line: made, clock, sink, health, tips, lost };
}

describe('work', () => {
  test('comes from the first template provider, after it was told what the coinbase needs (§7.1)', async () => {
    const provider = new FakeProvider();
    const { sink, tips, line: made } = await line([provider]);
    expect(provider.received).toEqual([{ type: 'CoinbaseOutputConstraints', ...constraints }]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99), newTemplate(2, 101, true), newTemplate(3, 100, false));
    expect(sink.take()).toEqual(['forget', 'activate 1 on 99', 'prepare 2', 'update 3']);
    expect([tips, made.height]).toEqual([[99], 100]);
  });

  test('that was prepared is the same object when it is activated', async () => {
    const provider = new FakeProvider();
    const { sink } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99), newTemplate(2, 101, true), prevHash(2, 100));
    expect(sink.take()).toEqual(['forget', 'activate 1 on 99', 'prepare 2', 'activate 2 on 100']);
    expect(sink.templates.map(({ templateId }) => templateId)).toEqual([1n, 2n]);
  });

  test('comes from the next provider while the first is away, and from the first again when it is back', async () => {
    const [first, second] = [new FakeProvider(), new FakeProvider()];
    const { sink, clock } = await line([first, second]);
    first.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(31_000);
    first.lose();
    await clock.advanceAsync(2_000);
    second.says(newTemplate(1, 100, true), prevHash(1, 99), newTemplate(2, 101, true));
    expect(sink.take()).toEqual(['forget', 'activate 1 on 99', 'forget', 'activate 1 on 99', 'prepare 2']);
    first.up = true;
    // The first is looked for at a random moment, and passed over again if it then stays silent for too long.
    for (let seconds = 0; seconds <= 61 && first.connections < 2; seconds += 1) await clock.advanceAsync(1_000);
    expect(first.connections).toBe(2);
    first.says(newTemplate(7, 101, true), prevHash(7, 100));
    expect(sink.take()).toEqual(['forget', 'activate 7 on 100']);
  });

  test('never goes back to an older height, until the provider has caught up', async () => {
    const [first, second] = [new FakeProvider(), new FakeProvider()];
    const { sink, clock } = await line([first, second]);
    first.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(31_000);
    first.lose();
    await clock.advanceAsync(2_000);
    sink.take();
    second.says(newTemplate(1, 99, true), prevHash(1, 98), newTemplate(2, 99, false), newTemplate(3, 100, true));
    expect(sink.take()).toEqual([]);
    second.says(prevHash(3, 99));
    expect(sink.take()).toEqual(['forget', 'activate 3 on 99']);
  });

  test('of an older height is better than none: a chain may have been set back', async () => {
    const provider = new FakeProvider();
    const { sink, clock, line: made } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(31_000);
    provider.lose();
    provider.up = true;
    await clock.advanceAsync(2_000);
    provider.says(newTemplate(9, 98, true), prevHash(9, 97));
    await clock.advanceAsync(STALE_MS);
    expect(sink.take()).toEqual(['forget', 'activate 1 on 99', 'suspend', 'forget', 'activate 9 on 97']);
    expect(made.height).toBe(98);
  });
});

describe('a template provider of no use', () => {
  test('is passed over for the next', async () => {
    const [silent, good] = [new FakeProvider(), new FakeProvider()];
    const { sink, clock } = await line([silent, good]);
    await clock.advanceAsync(TEMPLATE_SOURCE_LIMITS.uselessProviderMs + 2_000);
    good.says(newTemplate(1, 100, true), prevHash(1, 99));
    expect(sink.take()).toEqual(['forget', 'activate 1 on 99']);
  });

  test('is waited for when there is no other', async () => {
    const provider = new FakeProvider();
    const { sink, clock, health } = await line([provider]);
    await clock.advanceAsync(300_000);
    expect(provider.connections).toBe(1);
    expect(health.report()).toMatchObject({ state: 'degraded', reason: 'templates: no template yet' });
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(1_000);
    expect(sink.working).toBe(true);
    expect(health.report().state).toBe('ok');
  });
});

describe('a broken template', () => {
  test.each([
    ['a coinbase that cannot be', [{ ...newTemplate(1, 100, true), coinbaseTxOutputs: bytes(3, 1) }]],
    ['nbits that are none', [newTemplate(1, 100, true), { ...prevHash(1, 99), nbits: 0x21ffffff }]],
  ])('with %s ends the connection to its provider and nothing else', async (_, messages) => {
    const provider = new FakeProvider();
    const { sink } = await line([provider]);
    expect(() => provider.says(...messages)).toThrow(expect.objectContaining({ code: 'unusable-template' }));
    expect(sink.working).toBe(false);
  });
});

test('a tip without a template leaves the work at hand with nobody behind it', async () => {
  const provider = new FakeProvider();
  const { sink, clock, health, tips } = await line([provider]);
  provider.says(newTemplate(1, 100, true), prevHash(1, 99), prevHash(8, 100));
  await clock.advanceAsync(2_000);
  expect([sink.working, tips]).toEqual([true, [99, 100]]);
  expect(health.report().reason).toMatch(/no template provider since 2024-01-01/);
  provider.says(newTemplate(8, 101, true));
  expect(sink.log.at(-1)).toBe('activate 8 on 100');
  await clock.advanceAsync(1_000);
  expect(health.report().state).toBe('ok');
});

describe('without any template provider', () => {
  test('the work at hand is served on for a while, which health says; then miners are sent away', async () => {
    const provider = new FakeProvider();
    const { sink, clock, health } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(600_000);
    expect(health.report().state).toBe('ok');
    provider.lose();
    await clock.advanceAsync(100_000);
    expect(sink.working).toBe(true);
    expect(health.report().reason).toMatch(/has had no template provider since 2024-01-01T00:10:00/);
    await clock.advanceAsync(100_000);
    expect(sink.log.at(-1)).toBe('suspend');
    expect(health.report().reason).toMatch(/nothing to mine/);
    provider.up = true;
    await clock.advanceAsync(61_000);
    provider.says(newTemplate(1, 101, true), prevHash(1, 100));
    expect(sink.log.at(-1)).toBe('activate 1 on 100');
  });

  test('health says the same from second to second, since when it is so', async () => {
    const provider = new FakeProvider();
    const { clock, health } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(1_000);
    provider.lose();
    const reasons = new Set<string | undefined>();
    for (let second = 0; second < 600; second += 1) {
      await clock.advanceAsync(1_000);
      reasons.add(health.report().reason);
    }
    expect([...reasons]).toEqual([
      expect.stringContaining('the work served has had no template provider since 2024-01-01T00:00:01'),
      expect.stringContaining('nothing to mine since 2024-01-01T00:00:01'),
    ]);
  });

  test('one that is there, and had templates before, is not said to have none yet', async () => {
    const provider = new FakeProvider();
    const { clock, health, sink } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99), prevHash(7, 100));
    await clock.advanceAsync(STALE_MS + 5_000);
    expect(sink.working).toBe(false);
    expect(health.report().reason).toMatch(/the template provider has given no template since 2024-01-01T00:00:0/);
  });
});

describe('a solution', () => {
  test('goes to the provider that made its template (§7.7)', async () => {
    const provider = new FakeProvider();
    const { sink, line: made } = await line([provider]);
    provider.says(newTemplate(5, 100, true), prevHash(5, 99));
    const [template] = sink.templates;
    if (template === undefined) throw new Error('no template');
    const solved = solution(template);
    expect(made.submit(solved)).toBe('sent');
    expect(provider.of('SubmitSolution')).toEqual([
      {
        type: 'SubmitSolution',
        templateId: 5n,
        version: 0x20000000,
        headerTimestamp: NOW / 1000,
        headerNonce: 1,
        coinbaseTx: solved.coinbase,
      },
    ]);
  });

  test('waits for its provider when that is away, and never goes to another', async () => {
    const [first, second] = [new FakeProvider(), new FakeProvider()];
    const { sink, line: made, clock } = await line([first, second]);
    first.says(newTemplate(5, 100, true), prevHash(5, 99));
    await clock.advanceAsync(31_000);
    first.lose();
    const [template] = sink.templates;
    if (template === undefined) throw new Error('no template');
    expect(made.submit(solution(template))).toBe('waits');
    first.up = true;
    await clock.advanceAsync(70_000);
    expect(new Set(first.of('SubmitSolution').map(({ headerNonce }) => headerNonce))).toEqual(new Set([1]));
    expect(second.of('SubmitSolution')).toEqual([]);
  });
});

describe('transactions', () => {
  test('are asked for once per template when there are nodes to give whole blocks to (§7.4)', async () => {
    const provider = new FakeProvider();
    const transactions = new TransactionStore(2);
    const { sink } = await line([provider], { transactions });
    provider.says(newTemplate(1, 100, true, 3), prevHash(1, 99), newTemplate(2, 100, false));
    expect(provider.of('RequestTransactionData')).toEqual([{ type: 'RequestTransactionData', templateId: 1n }]);
    const received = bytes(10, 7);
    provider.says({
      type: 'RequestTransactionDataSuccess',
      templateId: 1n,
      excessData: bytes(0, 0),
      transactionList: [received],
    });
    received.fill(0);
    const [full, empty] = sink.templates;
    if (full === undefined || empty === undefined) throw new Error('no templates');
    const never = new AbortController().signal;
    expect((await transactions.wait(full, never))?.data).toEqual([bytes(10, 7)]);
    expect((await transactions.wait(empty, never))?.data).toEqual([]);
  });

  test('are not asked for without nodes', async () => {
    const provider = new FakeProvider();
    await line([provider]);
    provider.says(newTemplate(1, 100, true, 3), prevHash(1, 99));
    expect(provider.of('RequestTransactionData')).toEqual([]);
  });
});

describe('room for the coinbase', () => {
  test('is asked for again when it has to grow, and never shrinks (§7.1)', async () => {
    const provider = new FakeProvider();
    const { line: made, clock } = await line([provider]);
    made.setConstraints({ coinbaseOutputMaxAdditionalSize: 40, coinbaseOutputMaxAdditionalSigops: 0 });
    expect(provider.of('CoinbaseOutputConstraints')).toHaveLength(1);
    made.setConstraints({ coinbaseOutputMaxAdditionalSize: 20, coinbaseOutputMaxAdditionalSigops: 4 });
    const grown = { coinbaseOutputMaxAdditionalSize: 43, coinbaseOutputMaxAdditionalSigops: 4 };
    expect(made.constraints).toEqual(grown);
    expect(provider.of('CoinbaseOutputConstraints')[1]).toEqual({ type: 'CoinbaseOutputConstraints', ...grown });
    provider.lose();
    provider.up = true;
    await clock.advanceAsync(61_000);
    expect(provider.of('CoinbaseOutputConstraints')).toHaveLength(3);
    expect(provider.received.at(-1)).toMatchObject(grown);
  });
});

describe("a future template's transactions", () => {
  test('are asked for ahead of its activation where that is wanted, and only once', async () => {
    const provider = new FakeProvider();
    const transactions = new TransactionStore();
    await line([provider], { transactions, transactionsAhead: true });
    provider.says(newTemplate(1, 100, true, 3), prevHash(1, 99), newTemplate(2, 101, true, 4), prevHash(2, 100));
    expect(provider.of('RequestTransactionData').map(({ templateId }) => templateId)).toEqual([1n, 2n]);
  });

  test('are waited for no longer when the connection is lost or they are refused', async () => {
    const provider = new FakeProvider();
    const transactions = new TransactionStore();
    const { sink } = await line([provider], { transactions });
    provider.says(newTemplate(1, 100, true, 3), prevHash(1, 99), newTemplate(2, 100, false, 4));
    const waits = sink.templates.map((template) => transactions.wait(template, new AbortController().signal));
    provider.says({ type: 'RequestTransactionDataError', templateId: 1n, errorCode: 'stale-template-id' });
    expect(await waits[0]).toBeUndefined();
    provider.lose();
    expect(await waits[1]).toBeUndefined();
  });
});

describe('a solution that waited', () => {
  const TRANSACTION = parse(
    '0100000001' + '11'.repeat(32) + '00000000' + '00' + 'ffffffff' + '01' + '00'.repeat(8) + '0151' + '00000000',
  );
  const merklePath = merklePathOf([parseTransaction(TRANSACTION).txid]);

  /** A block whose provider goes away before it hears of it, and comes back. */
  async function waited(after: (provider: FakeProvider) => void) {
    const provider = new FakeProvider();
    const { sink, line: made, clock, lost } = await line([provider]);
    provider.says({ ...newTemplate(5, 100, true), merklePath }, prevHash(5, 99));
    provider.lose();
    const [template] = sink.templates;
    if (template === undefined) throw new Error('no template');
    expect(made.submit(solution(template, 7))).toBe('waits');
    provider.up = true;
    await clock.advanceAsync(61_000);
    expect(provider.received.slice(-2)).toMatchObject([
      { type: 'SubmitSolution', templateId: 5n, headerNonce: 7 },
      { type: 'RequestTransactionData', templateId: 5n },
    ]);
    after(provider);
    return { lost, provider };
  }

  const answer = (transactionList: Uint8Array[]) =>
    ({ type: 'RequestTransactionDataSuccess', templateId: 5n, excessData: bytes(0, 0), transactionList }) as const;

  test('is in good hands when its provider still knows the template', async () => {
    expect((await waited((provider) => provider.says(answer([TRANSACTION])))).lost).toEqual([]);
  });

  test('is lost when its provider has been restarted, and that is said (§7.7 has no answer)', async () => {
    const forgotten = {
      type: 'RequestTransactionDataError',
      templateId: 5n,
      errorCode: 'template-id-not-found',
    } as const;
    expect((await waited((provider) => provider.says(forgotten))).lost).toEqual(['7 forgotten']);
  });

  test.each([
    { name: 'other transactions', transactionList: [] },
    { name: 'what is none', transactionList: [bytes(9, 1)] },
  ])('is lost when another template has its id now, with $name', async ({ transactionList }) => {
    expect((await waited((provider) => provider.says(answer(transactionList)))).lost).toEqual(['7 forgotten']);
  });

  test('is not mixed up with a new template of the same id', async () => {
    const { provider } = await waited((each) => {
      each.says({ ...newTemplate(5, 101, true), merklePath }, prevHash(5, 100));
      each.says(answer([TRANSACTION]));
    });
    expect(provider.of('RequestTransactionData')).toHaveLength(1);
  });

  test('is handed over again when its connection ended right after it went out, and not when that was long ago', async () => {
    const provider = new FakeProvider();
    const { sink, line: made, clock } = await line([provider]);
    provider.says(newTemplate(5, 100, true), prevHash(5, 99));
    const [template] = sink.templates;
    if (template === undefined) throw new Error('no template');
    expect(made.submit(solution(template, 1))).toBe('sent');
    await clock.advanceAsync(TEMPLATE_SOURCE_LIMITS.doubtfulSolutionMs);
    expect(made.submit(solution(template, 2))).toBe('sent');
    provider.lose();
    provider.up = true;
    await clock.advanceAsync(61_000);
    expect(provider.of('SubmitSolution').map(({ headerNonce }) => headerNonce)).toEqual([1, 2, 2]);
  });

  test('is lost after a while, and when too many wait', async () => {
    const provider = new FakeProvider();
    const { sink, line: made, clock, lost } = await line([provider]);
    provider.says(newTemplate(5, 100, true), prevHash(5, 99));
    provider.lose();
    const [template] = sink.templates;
    if (template === undefined) throw new Error('no template');
    const most = TEMPLATE_SOURCE_LIMITS.waitingSolutions;
    for (let fill = 1; fill <= most + 1; fill += 1) made.submit(solution(template, fill));
    expect(lost).toEqual(['1 crowded-out']);
    await clock.advanceAsync(TEMPLATE_SOURCE_LIMITS.waitingSolutionMs + 1_000);
    expect(lost).toHaveLength(1 + most);
    expect(lost.at(-1)).toBe(`${most + 1} expired`);
  });
});

describe('a provider that is connected', () => {
  const { silentAskMs, silentAnswerMs } = TEMPLATE_SOURCE_LIMITS;

  test('and has nothing to say for hours is asked whether it is there, and miners stay', async () => {
    const provider = new FakeProvider();
    const { clock, sink, health } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    sink.take();
    for (let minutes = 0; minutes < 180; minutes += 1) await clock.advanceAsync(60_000);
    expect(provider.questions).toBeGreaterThan(180);
    expect([sink.take(), provider.connections, health.report().state]).toEqual([[], 1, 'ok']);
  });

  test('and does not answer is left, and its work counts as stale from when it was asked', async () => {
    const [stuck, next] = [new FakeProvider(), new FakeProvider()];
    const { clock, sink, health, line: made } = await line([stuck, next]);
    stuck.says(newTemplate(1, 100, true), prevHash(1, 99));
    stuck.isStuck = true;
    await clock.advanceAsync(silentAskMs + 5_000);
    expect([made.backed, made.staleForMs(clock.now())]).toEqual([true, 5_000]);
    await clock.advanceAsync(silentAnswerMs);
    expect(next.connections).toBe(1);
    expect(health.report().reason).toMatch(/has had no template provider since 2024-01-01T00:00:30/);
    next.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(1_000);
    expect(health.report().state).toBe('ok');
    expect(sink.working).toBe(true);
  });

  test('is given the time to answer though this process was stopped for long, and has not looked', async () => {
    const provider = new FakeProvider();
    const { clock, sink } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    sink.take();
    const now = clock.now.bind(clock);
    clock.now = () => now() + 3_600_000;
    await clock.advanceAsync(120_000);
    expect([sink.take(), provider.connections]).toEqual([[], 1]);
  });

  test('and has just been asked has the time to answer though the clock leaps by an hour', async () => {
    const provider = new FakeProvider();
    const { clock, sink } = await line([provider]);
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    sink.take();
    provider.isStuck = true;
    await clock.advanceAsync(silentAskMs + 1_000);
    expect(provider.questions).toBe(1);
    const now = clock.now.bind(clock);
    clock.now = () => now() + 3_600_000;
    await clock.advanceAsync(2_000);
    provider.isStuck = false;
    provider.says(newTemplate(2, 100, false));
    await clock.advanceAsync(120_000);
    expect([sink.take(), provider.connections]).toEqual([['update 2'], 1]);
  });

  test('and has not heard yet of a block that a node has is given the time though the clock leaps by an hour', async () => {
    const [first, second] = [new FakeProvider(), new FakeProvider()];
    const best = { height: 99, by: 'a' };
    const { clock, sink } = await line([first, second], { bestBlock: () => best });
    first.says(newTemplate(1, 100, true), prevHash(1, 99));
    best.height = 100;
    await clock.advanceAsync(2_000);
    const now = clock.now.bind(clock);
    clock.now = () => now() + 3_600_000;
    await clock.advanceAsync(2_000);
    first.says(newTemplate(2, 101, true), prevHash(2, 100));
    expect([sink.take().at(-1), first.connections, second.connections]).toEqual(['activate 2 on 100', 1, 0]);
  });

  test('alone, and does not answer, has miners sent away', async () => {
    const stuck = new FakeProvider();
    const { clock, sink } = await line([stuck]);
    stuck.says(newTemplate(1, 100, true), prevHash(1, 99));
    stuck.isStuck = true;
    await clock.advanceAsync(STALE_MS + silentAskMs + 2_000);
    expect(sink.take().at(-1)).toBe('suspend');
    stuck.says(newTemplate(2, 100, true), prevHash(2, 99));
    expect(sink.take().at(-1)).toBe('activate 2 on 99');
  });

  test('and is behind a block that a node has is dated, and miners are sent away until it has caught up', async () => {
    const provider = new FakeProvider();
    const best = { height: 99, by: 'a' };
    const { clock, sink, health } = await line([provider], { bestBlock: () => best });
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(600_000);
    expect(health.report().state).toBe('ok');
    best.height = 100;
    await clock.advanceAsync(40_000);
    expect(health.report().reason).toMatch(
      /the template provider has had no template on block 100 of node a since \d{4}-/,
    );
    expect(sink.working).toBe(true);
    await clock.advanceAsync(STALE_MS);
    expect(sink.take().at(-1)).toBe('suspend');
    await clock.advanceAsync(10_000);
    expect(sink.take()).toEqual([]);
    provider.says(newTemplate(2, 101, true), prevHash(2, 100));
    await clock.advanceAsync(1_000);
    expect([sink.take().at(-1), health.report().state]).toEqual(['activate 2 on 100', 'ok']);
  });
});

test('work without a provider is taken back in time though the clock is set back by a day meanwhile', async () => {
  const provider = new FakeProvider();
  const { clock, sink } = await line([provider]);
  provider.says(newTemplate(1, 100, true), prevHash(1, 99));
  provider.lose();
  await clock.advanceAsync(100_000);
  const now = clock.now.bind(clock);
  clock.now = () => now() - 86_400_000;
  await clock.advanceAsync(79_000);
  expect(sink.working).toBe(true);
  await clock.advanceAsync(4_000);
  expect(sink.working).toBe(false);
});

describe('a template provider that builds on a block of a node on the wrong chain', () => {
  const WRONG =
    'template provider tp0 builds on the chain of node a, which is refused as wrong: nothing of it is mined';
  /** A node that has blocks of those heights in its best chain, as {@link prevHash} names them. */
  const nodeWith = (name: string, heights: number[], state: NodeHealth['state']) => ({
    name,
    heights,
    state,
    health() {
      return { state: this.state };
    },
    async confirm(hash: Uint8Array) {
      return { inBestChain: this.heights.includes(hash[0] ?? 0), confirmations: 1 };
    },
  });

  test('is not mined on, and is as soon as the node is mended', async () => {
    const provider = new FakeProvider();
    const node = nodeWith('a', [99], 'wrong-chain');
    const { clock, sink, health, tips } = await line([provider], { nodes: [node] });
    provider.says(newTemplate(1, 100, true), prevHash(1, 99), newTemplate(2, 100, false));
    await clock.advanceAsync(5_000);
    expect([sink.take(), tips]).toEqual([[], []]);
    expect(health.report()).toMatchObject({ serving: false, conditions: [{ code: 'wrong-chain', reason: WRONG }] });
    node.state = 'ok';
    await clock.advanceAsync(1_000);
    expect([sink.take(), health.report().state]).toEqual([['forget', 'activate 2 on 99'], 'ok']);
  });

  test('has miners sent away when work had only just begun, and else by the dated rule', async () => {
    const provider = new FakeProvider();
    const node = nodeWith('a', [99, 100], 'ok');
    const { clock, sink, health } = await line([provider], { nodes: [node] });
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    node.state = 'wrong-chain';
    await clock.advanceAsync(3_000);
    expect(sink.take().at(-1)).toBe('suspend');
    node.state = 'ok';
    await clock.advanceAsync(60_000);
    expect(sink.take().at(-1)).toBe('activate 1 on 99');
    node.state = 'wrong-chain';
    await clock.advanceAsync(3_000);
    expect(health.report().reason).toMatch(/: nothing of it is mined; .* work served .* since \d{4}-/);
    // Its next blocks do not make it fresh, though the node hears of the last a moment later.
    provider.says(newTemplate(2, 101, true), prevHash(2, 100), newTemplate(3, 102, true), prevHash(3, 101));
    await clock.advanceAsync(3_000);
    node.heights.push(101);
    await clock.advanceAsync(STALE_MS - 10_000);
    expect([sink.take(), sink.working]).toEqual([[], true]);
    await clock.advanceAsync(10_000);
    expect(sink.take()).toEqual(['suspend']);
  });

  test('is mined on when a trusted node has the block too', async () => {
    const provider = new FakeProvider();
    const nodes = [nodeWith('a', [99], 'wrong-chain'), nodeWith('b', [99], 'ok')];
    const { clock, sink } = await line([provider], { nodes });
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(1_000);
    expect(sink.take()).toEqual(['forget', 'activate 1 on 99']);
  });

  test('is passed over for one that does not, however much lower', async () => {
    const [first, second] = [new FakeProvider(), new FakeProvider()];
    const node = nodeWith('a', [109], 'ok');
    const { clock, sink, health } = await line([first, second], { nodes: [node] });
    first.says(newTemplate(1, 110, true), prevHash(1, 109));
    await clock.advanceAsync(60_000);
    sink.take();
    node.state = 'wrong-chain';
    await clock.advanceAsync(5_000);
    expect(second.connections).toBe(1);
    second.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(2_000);
    expect([sink.take(), health.report().state]).toEqual([['forget', 'activate 1 on 99'], 'ok']);
  });

  test('is mined on once it has come over to blocks that the node has not', async () => {
    const provider = new FakeProvider();
    const { clock, sink } = await line([provider], { nodes: [nodeWith('a', [99], 'wrong-chain')] });
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(3_000);
    provider.says(newTemplate(2, 102, true), prevHash(2, 101));
    await clock.advanceAsync(3_000);
    expect(sink.take()).toEqual([]);
    await clock.advanceAsync(6_000);
    expect(sink.take()).toEqual(['forget', 'activate 2 on 101']);
  });

  test('stays where it is while the node is away', async () => {
    const provider = new FakeProvider();
    const node = nodeWith('a', [99], 'wrong-chain');
    const { clock, sink } = await line([provider], { nodes: [node] });
    provider.says(newTemplate(1, 100, true), prevHash(1, 99));
    await clock.advanceAsync(3_000);
    node.state = 'away';
    provider.says(newTemplate(2, 101, true), prevHash(2, 100));
    await clock.advanceAsync(60_000);
    expect(sink.take()).toEqual([]);
  });
});
