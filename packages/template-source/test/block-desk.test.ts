import { displayHash, encodeBlock } from '@sv2kit/bitcoin';
import type { Confirmation, NodeHealth, SubmitResult } from '@sv2kit/bitcoin-node';
import { LatencyRecorder, VirtualClock } from '@sv2kit/daemon';
import type { JournalRecord } from '@sv2kit/ledger';
import type { Solution } from '@sv2kit/mining';
import type { FoundBlock } from '@sv2kit/mining-server';
import { Events } from '@sv2kit/monitor';
import { noMetrics, silentLogger } from '@sv2kit/net';
import { describe, expect, test } from 'vitest';
import {
  BlockDesk,
  type BlockNode,
  type BlockStore,
  type BlockWay,
  type Taken,
  TEMPLATE_PROVIDER,
  TEMPLATE_SOURCE_LIMITS,
  TransactionStore,
  type UnsettledBlock,
} from '../src/index.ts';
import { bytes, customSolution, madeFrom, newTemplate, NOW, solution } from './support.ts';

class FakeNode implements BlockNode {
  readonly name: string;
  takesBlocks = true;
  state: NodeHealth['state'] = 'ok';
  tipHeight = 100;
  readonly blocks: Uint8Array[] = [];
  result: SubmitResult = { kind: 'accepted' };
  confirmation: Confirmation | Error = { inBestChain: false, confirmations: 0 };

  constructor(name: string) {
    this.name = name;
  }
  submitBlock(block: Uint8Array): Promise<SubmitResult> {
    this.blocks.push(block);
    return Promise.resolve(this.result);
  }
  confirm(): Promise<Confirmation> {
    return this.confirmation instanceof Error ? Promise.reject(this.confirmation) : Promise.resolve(this.confirmation);
  }
  health() {
    return { state: this.state, tipHeight: this.tipHeight };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const counter = { ...noMetrics.accepted, bind: () => ({ inc() {} }) };

/** A way that keeps what it takes. */
class FakeWay implements BlockWay {
  readonly name: string;
  readonly blocks: FoundBlock[] = [];
  readonly #take: () => Taken;

  constructor(name: string, take: () => Taken) {
    this.name = name;
    this.#take = take;
  }
  take(block: FoundBlock): Taken {
    this.blocks.push(block);
    return this.#take();
  }
}

/** Keeps blocks in memory. */
class FakeStore extends Map<string, Uint8Array> implements BlockStore {
  async save(hash: string, block: Uint8Array): Promise<void> {
    this.set(hash, block);
  }
  async load(hash: string): Promise<Uint8Array | undefined> {
    return this.get(hash);
  }
  async remove(hash: string): Promise<void> {
    this.delete(hash);
  }
}

function desk(nodes: FakeNode[] = [], providerIsThere = true, more: BlockWay[] = []) {
  const clock = new VirtualClock(NOW);
  const records: JournalRecord[] = [];
  const transactions = new TransactionStore(4);
  const said: string[] = [];
  const keep = (level: string) => (message: string) => void said.push(`${level}: ${message}`);
  const log = { ...silentLogger, warn: keep('warn'), error: keep('error') };
  const way: BlockWay = {
    name: TEMPLATE_PROVIDER,
    take: ({ solution: { job } }) => {
      if (job.origin.kind !== 'template') return 'not-for-it';
      return providerIsThere ? 'sent' : 'waits';
    },
  };
  const kept = new FakeStore();
  const events = new Events({ now: () => clock.now() });
  const latency = new LatencyRecorder();
  const made = new BlockDesk({
    kept,
    events,
    latency,
    ways: [way, ...more],
    nodes,
    transactions: nodes.length === 0 ? undefined : transactions,
    journal: { append: (record) => records.push(record) },
    clock,
    log,
    metrics: { blocksFound: counter, blockStatus: counter },
  });
  const statuses = () =>
    records.flatMap((record) => (record.type === 'BlockStatus' ? [`${record.status} ${record.by}`] : []));
  const reasons = () =>
    records.flatMap((record) => (record.type === 'BlockStatus' ? [`${record.status}: ${record.reason}`] : []));
  return { desk: made, clock, transactions, statuses, reasons, said, kept, events, latency };
}

function found(fill = 1): FoundBlock {
  const { type: _type, futureTemplate: _future, ...template } = newTemplate(1, 100, false, 3);
  return asFound(solution(template, fill));
}

function pathOf({ job }: Solution): FoundBlock['path'] {
  if (job.origin.kind !== 'custom') return job.origin.kind === 'upstream' ? 'v1-pool' : 'pool-template';
  return job.origin.mode === 'full-template' ? 'declared-full-template' : 'coinbase-only';
}

function asFound(solved: Solution): FoundBlock {
  const userIdentity = new TextEncoder().encode('alice.rig');
  return {
    solution: solved,
    path: pathOf(solved),
    height: 100,
    foundAtMs: NOW,
    via: 'sv2-extended',
    userIdentity,
    worker: undefined,
    device: 'Maker X1',
  };
}

test('a block is listed with its finder and confirmed when the next tip builds on it', () => {
  const { desk: made, statuses } = desk();
  made.found(found(7));
  expect(made.list()).toEqual([
    {
      height: 100,
      hash: displayHash(bytes(32, 7)),
      path: 'pool-template',
      via: 'sv2-extended',
      device: 'Maker X1',
      userIdentity: 'alice.rig',
      state: 'submitted',
      by: 'template-provider',
      foundAtMs: NOW,
    },
  ]);
  made.onTip(bytes(32, 8));
  made.onTip(bytes(32, 7));
  made.onTip(bytes(32, 7));
  expect(statuses()).toEqual(['submitted template-provider', 'confirmed template-provider']);
  expect(made.list()).toMatchObject([{ state: 'confirmed' }]);
});

test('a block goes whole to every node at once, whether its template provider is there or not', async () => {
  const nodes = [new FakeNode('a'), new FakeNode('b')];
  const { desk: made, transactions, clock, statuses } = desk(nodes, false);
  const block = found();
  const rest = [bytes(60, 1), bytes(61, 2)];
  transactions.put(madeFrom(block), rest);
  made.found(block);
  await clock.advanceAsync(0);
  const whole = encodeBlock(block.solution.header, block.solution.coinbase, rest);
  expect(nodes.map(({ blocks }) => blocks)).toEqual([[whole], [whole]]);
  expect(statuses()).toEqual(['accepted a']);
});

test('a block waits for the transactions of its template, a minute at most', async () => {
  const node = new FakeNode('a');
  node.confirmation = { inBestChain: true, confirmations: 1, height: 100 };
  const { desk: made, transactions, clock } = desk([node]);
  const [first, second] = [found(1), found(2)];
  made.found(first);
  await clock.advanceAsync(20_000);
  transactions.put(madeFrom(first), []);
  await clock.advanceAsync(0);
  expect(node.blocks).toHaveLength(1);
  made.found(second);
  await clock.advanceAsync(TEMPLATE_SOURCE_LIMITS.transactionsMs);
  transactions.put(madeFrom(second), []);
  await clock.advanceAsync(0);
  expect(node.blocks).toHaveLength(1);
});

test('a duplicate is as good as accepted, a rejection is not the end of looking, and the best chain has the last word', async () => {
  const [fast, slow] = [new FakeNode('fast'), new FakeNode('slow')];
  fast.result = { kind: 'duplicate' };
  slow.result = { kind: 'rejected', reason: 'high-hash' };
  slow.confirmation = new Error('away');
  const { desk: made, transactions, clock, statuses } = desk([fast, slow]);
  const block = found();
  transactions.put(madeFrom(block), []);
  made.found(block);
  await clock.advanceAsync(0);
  expect(statuses()).toEqual(['submitted template-provider', 'accepted fast', 'rejected slow']);
  fast.confirmation = { inBestChain: true, confirmations: 1, height: 100 };
  await clock.advanceAsync(1_000);
  expect(made.list()).toMatchObject([{ state: 'confirmed', by: 'fast' }]);
  fast.confirmation = { inBestChain: false, confirmations: 0, height: 100 };
  await clock.advanceAsync(30_000);
  expect(made.list()).toMatchObject([{ state: 'orphaned', by: 'fast' }]);
});

test('the same block is handed on once, and the list is bounded', () => {
  const node = new FakeNode('a');
  const { desk: made, transactions } = desk([node]);
  const block = found(1);
  transactions.put(madeFrom(block), []);
  made.found(block);
  made.found(block);
  expect(made.list()).toHaveLength(1);
  for (let fill = 2; fill < 200; fill += 1) made.found(found(fill));
  expect(made.list()).toHaveLength(TEMPLATE_SOURCE_LIMITS.listedBlocks);
  expect(made.list()[0]?.hash).toBe(displayHash(bytes(32, 199)));
});

test('closing leaves no timer behind', async () => {
  const { desk: made, clock, transactions } = desk([new FakeNode('a')]);
  const [sent, waiting] = [found(1), found(2)];
  transactions.put(madeFrom(sent), []);
  made.found(sent);
  made.found(waiting);
  await clock.advanceAsync(0);
  await made.close();
  expect(clock.pending).toBe(0);
});

describe('ways', () => {
  test('are offered every block, and none that fails or is away keeps it from another', () => {
    const broken = new FakeWay('broken', () => {
      throw new Error('no');
    });
    const [away, upstream] = [new FakeWay('away', () => 'waits'), new FakeWay('upstream', () => 'sent')];
    const { desk: made, statuses, said } = desk([], true, [broken, away, upstream]);
    made.found(found());
    expect([broken, away, upstream].map(({ blocks }) => blocks.length)).toEqual([1, 1, 1]);
    expect(statuses()).toEqual(['submitted template-provider', 'submitted upstream']);
    expect(said).toEqual([
      'error: a way for a found block failed',
      'warn: who a block is to be handed to is away: the block waits for it',
    ]);
  });

  test('that have no use for a block any more are named in an error, and nothing is said to wait for them', () => {
    const { desk: made, statuses, said } = desk([], true, [new FakeWay('v1-pool', () => 'lost')]);
    made.found(found());
    expect(statuses()).toEqual(['submitted template-provider']);
    expect(said).toEqual(['error: a block cannot be handed to whom it is for, and may be lost']);
  });
});

describe('a way that answers later', () => {
  const taken = () => {
    const made = desk([], true, [new FakeWay('v1-pool', () => 'sent')]);
    const block = found(3);
    made.desk.found(block);
    return { ...made, hash: block.solution.hash };
  };

  test('has what it says recorded, and its tips confirm blocks in its name', () => {
    const { desk: made, statuses, hash } = taken();
    made.answered(bytes(32, 9), 'accepted', 'v1-pool', '');
    made.answered(hash, 'accepted', 'v1-pool', '');
    made.onTip(hash, 'v1-pool');
    expect(statuses().slice(2)).toEqual(['accepted v1-pool', 'confirmed v1-pool']);
  });

  test('does not make a block less sure that is in the chain', () => {
    const { desk: made, statuses, hash } = taken();
    made.onTip(hash);
    made.answered(hash, 'rejected', 'v1-pool', 'stale');
    expect(statuses().at(-1)).toBe('confirmed template-provider');
    expect(made.list()).toMatchObject([{ state: 'confirmed' }]);
  });
});

test("a block of a miner's own transactions goes to no node, but is looked for at them and behind new tips (§6.3.1)", async () => {
  const node = new FakeNode('a');
  const { desk: made, clock, statuses } = desk([node]);
  const block = asFound(customSolution('coinbase-only', 5));
  made.found(block);
  expect(made.list()).toMatchObject([{ path: 'coinbase-only', state: 'submitted', by: 'finder' }]);
  node.confirmation = { inBestChain: true, confirmations: 1, height: 100 };
  await clock.advanceAsync(1_000);
  expect(node.blocks).toEqual([]);
  expect(statuses()).toEqual(['submitted finder', 'confirmed a']);
  const second = asFound(customSolution('coinbase-only', 6));
  made.found(second);
  made.onTip(second.solution.hash);
  expect(made.list()[0]).toMatchObject({ state: 'confirmed', by: 'template-provider' });
});

describe('a node', () => {
  test('that has forgotten a block gets it again', async () => {
    const node = new FakeNode('a');
    node.confirmation = { inBestChain: true, confirmations: 1, height: 100 };
    const { desk: made, transactions, clock } = desk([node]);
    const block = found();
    transactions.put(madeFrom(block), [bytes(60, 1)]);
    made.found(block);
    await clock.advanceAsync(1_000);
    node.confirmation = { inBestChain: false, confirmations: 0 };
    await clock.advanceAsync(4_000);
    expect(node.blocks).toHaveLength(2);
    expect(node.blocks[1]).toEqual(node.blocks[0]);
    node.confirmation = { inBestChain: true, confirmations: 2, height: 100 };
    await clock.advanceAsync(3_600_000);
    expect(node.blocks).toHaveLength(2);
  });

  test('that has lost a block which was in its chain confirms it no longer, until it has it again', async () => {
    const node = new FakeNode('node');
    const { desk: made, clock, transactions, statuses } = desk([node]);
    const block = found();
    transactions.put(madeFrom(block), [bytes(9, 1)]);
    node.confirmation = { inBestChain: true, confirmations: 1, height: 100 };
    made.found(block);
    await clock.advanceAsync(1_000);
    node.confirmation = { inBestChain: false, confirmations: 0 };
    await clock.advanceAsync(4_000);
    expect(made.list()).toMatchObject([{ state: 'accepted', by: 'node' }]);
    node.confirmation = { inBestChain: true, confirmations: 1, height: 100 };
    await clock.advanceAsync(25_000);
    expect(made.list()).toMatchObject([{ state: 'confirmed' }]);
    expect(statuses().slice(-4)).toEqual(['confirmed node', 'submitted node', 'accepted node', 'confirmed node']);
  });

  test('that has refused a block does not get it again', async () => {
    const node = new FakeNode('a');
    node.result = { kind: 'rejected', reason: 'bad-txns' };
    const { desk: made, transactions, clock } = desk([node]);
    const block = found();
    transactions.put(madeFrom(block), []);
    made.found(block);
    await clock.advanceAsync(3_600_000);
    expect(node.blocks).toHaveLength(1);
  });

  test('that has no way to take a block is asked for it all the same, and not offered it again', async () => {
    const node = new FakeNode('a');
    node.takesBlocks = false;
    node.result = { kind: 'unable', reason: 'no RPC' };
    const { desk: made, transactions, clock, said, statuses } = desk([node]);
    const block = found();
    transactions.put(madeFrom(block), []);
    made.found(block);
    await clock.advanceAsync(1_000);
    expect(said).toEqual([]);
    node.confirmation = { inBestChain: true, confirmations: 1, height: 100 };
    await clock.advanceAsync(3_600_000);
    expect(node.blocks).toHaveLength(1);
    expect(statuses().at(-1)).toBe('confirmed a');
  });
});

describe('a solution that no template provider can use any more', () => {
  test('is handed to the nodes once more as a whole block, which the log says', async () => {
    const node = new FakeNode('a');
    node.result = { kind: 'unreachable', reason: 'away' };
    node.confirmation = new Error('away');
    const { desk: made, transactions, clock, said } = desk([node], false);
    const block = found();
    transactions.put(madeFrom(block), [bytes(60, 1)]);
    made.found(block);
    await clock.advanceAsync(0);
    made.lost(block.solution, 'forgotten');
    await clock.advanceAsync(0);
    expect(node.blocks).toHaveLength(2);
    expect(said.at(-1)).toBe('warn: a block may have missed its template provider: the nodes get it whole');
  });

  test('is no trouble when the block is in the chain already', () => {
    const { desk: made, said } = desk([], false);
    const block = found();
    made.found(block);
    made.onTip(block.solution.hash);
    made.lost(block.solution, 'expired');
    expect(said).toEqual(['warn: the template provider of a block is away: the block waits for it']);
  });

  test.each([
    ['there is no node', []],
    ['no node takes whole blocks', [Object.assign(new FakeNode('a'), { takesBlocks: false })]],
  ])('is an error with its hash when %s', (_name, nodes) => {
    const { desk: made, said } = desk(nodes, false);
    const block = found();
    made.found(block);
    made.lost(block.solution, 'forgotten');
    expect(said.at(-1)).toBe('error: a block may have missed its template provider, and be lost');
  });
});

test.each(['coinbase-only', 'full-template'] as const)(
  'a block that is its coinbase alone goes to the nodes whole, although a miner chose it (%s)',
  async (mode) => {
    const node = new FakeNode('a');
    const { desk: made, clock, statuses } = desk([node]);
    const block = asFound(customSolution(mode, 5, 0));
    made.found(block);
    await clock.advanceAsync(0);
    const { header, coinbase } = block.solution;
    expect(node.blocks).toEqual([encodeBlock(header, coinbase, [])]);
    expect(statuses()).toEqual(['accepted a']);
    await made.close();
  },
);

describe('the life of a block', () => {
  const inChain = (confirmations: number): Confirmation => ({ inBestChain: true, confirmations, height: 100 });
  const beside: Confirmation = { inBestChain: false, confirmations: 0, height: 100 };
  const unknown: Confirmation = { inBestChain: false, confirmations: 0 };

  function foundOn(...nodes: FakeNode[]) {
    const made = desk(nodes);
    const block = found(7);
    made.transactions.put(madeFrom(block), [bytes(60, 1)]);
    made.desk.found(block);
    const tip = async (confirmation: Confirmation, tipHeight = 100): Promise<void> => {
      for (const node of nodes) Object.assign(node, { confirmation, tipHeight });
      made.desk.onTip(bytes(32, 200));
      await made.clock.advanceAsync(0);
    };
    return { ...made, block, tip };
  }

  test('is recorded with each new count of confirmations, until its coinbase may be spent', async () => {
    const { tip, reasons, desk: made, clock, events } = foundOn(new FakeNode('a'));
    await tip(inChain(1));
    await tip(inChain(1));
    await tip(inChain(2), 101);
    expect(made.list()).toMatchObject([{ state: 'confirmed', confirmations: 2 }]);
    await tip(inChain(99), 198);
    await tip(inChain(100), 199);
    expect(reasons().slice(-4)).toEqual([
      'confirmed: 1 confirmation',
      'confirmed: 2 confirmations',
      'confirmed: 99 confirmations',
      'matured: 100 confirmations',
    ]);
    const told = events.since(0).map((event) => (event.type === 'block-status' ? event.status : event.type));
    expect(told).toEqual(['block-found', 'submitted', 'accepted', 'confirmed', 'matured']);
    await tip(beside, 300);
    expect(made.list()).toMatchObject([{ state: 'matured' }]);
    expect(clock.pending).toBe(0);
  });

  test('is orphaned by a longer branch, and back when that is left', async () => {
    const { tip, statuses } = foundOn(new FakeNode('a'));
    await tip(inChain(1));
    await tip(beside, 101);
    await tip(inChain(3), 102);
    expect(statuses().slice(-3)).toEqual(['confirmed a', 'orphaned a', 'confirmed a']);
  });

  test('ends with an orphan that is buried as deep as a block that has matured', async () => {
    const { tip, desk: made, clock, kept } = foundOn(new FakeNode('a'));
    expect(kept.size).toBe(1);
    await tip(beside, 198);
    expect(clock.pending).toBeGreaterThan(0);
    await tip(beside, 199);
    expect([clock.pending, kept.size]).toEqual([0, 0]);
    expect(made.list()).toMatchObject([{ state: 'orphaned' }]);
  });

  test('ends with a block that no node knows when it is buried as deep, and not while a node may have yet to load it', async () => {
    const { tip, desk: made, clock, kept, reasons } = foundOn(new FakeNode('a'));
    await tip(inChain(1));
    await tip(unknown, 99);
    expect(made.list()).toMatchObject([{ state: 'confirmed' }]);
    await tip(unknown, 198);
    expect(made.list()).toMatchObject([{ state: 'accepted' }]);
    await tip(unknown, 199);
    expect(reasons().at(-1)).toBe('orphaned: no node knows it, and others are in its place');
    expect([clock.pending, kept.size]).toEqual([0, 0]);
  });

  test('is not judged by a node that is only watched, of before it was', async () => {
    const { tip, desk: made, statuses, kept } = foundOn(new FakeNode('a'));
    await tip(inChain(2), 101);
    const before = statuses().length;
    await tip({ ...unknown, seenFrom: 150 }, 300);
    await tip({ ...unknown, seenFrom: Number.POSITIVE_INFINITY }, 300);
    expect(statuses()).toHaveLength(before);
    await tip({ ...unknown, seenFrom: 90 }, 300);
    expect([made.list()[0]?.state, kept.size]).toEqual(['accepted', 1]);
    await made.close();
  });

  test('is told by the node with the highest tip, and not at all by one on another chain', async () => {
    const [right, slow, wrong] = [new FakeNode('right'), new FakeNode('slow'), new FakeNode('wrong')];
    const { tip, statuses, desk: made, clock } = foundOn(slow, wrong, right);
    await tip(unknown);
    Object.assign(right, { confirmation: inChain(2), tipHeight: 101 });
    Object.assign(slow, { confirmation: beside, tipHeight: 100 });
    Object.assign(wrong, { confirmation: beside, tipHeight: 500, state: 'wrong-chain' });
    made.onTip(bytes(32, 200));
    await clock.advanceAsync(60_000);
    expect(statuses().at(-1)).toBe('confirmed right');
    wrong.state = 'ok';
    await clock.advanceAsync(60_000);
    expect(statuses().at(-1)).toBe('orphaned wrong');
  });

  test('goes on after a restart, and a node that has lost the block gets it from disk', async () => {
    const before = foundOn(new FakeNode('a'));
    await before.tip(inChain(1));
    await before.desk.close();
    const [node, other] = [new FakeNode('a'), new FakeNode('b')];
    const after = desk([node, other]);
    for (const [hash, block] of before.kept) after.kept.set(hash, block);
    const hash = displayHash(before.block.solution.hash);
    const unsettled: UnsettledBlock = {
      hash,
      height: 100,
      status: 'confirmed',
      by: 'a',
      reason: '1 confirmation',
      foundAtMs: NOW,
      user: 'alice.rig',
      worker: '',
      via: 'sv2-extended',
      path: 'pool-template',
    };
    node.confirmation = inChain(1);
    after.desk.restore([unsettled, { ...unsettled, hash: displayHash(bytes(32, 9)), height: undefined }]);
    await after.clock.advanceAsync(0);
    expect(after.desk.list()).toMatchObject([{ hash, state: 'confirmed', confirmations: 1, foundAtMs: NOW }]);
    expect(after.statuses()).toEqual([]);
    expect([node.blocks.length, other.blocks]).toEqual([0, [before.kept.get(hash)]]);
    node.confirmation = inChain(3);
    await after.clock.advanceAsync(60_000);
    expect(after.reasons()).toContain('confirmed: 3 confirmations');
  });

  test('goes on while the clock is set back by a day', async () => {
    const node = new FakeNode('a');
    const { clock, desk: made, statuses } = foundOn(node);
    await clock.advanceAsync(5_000);
    clock.now = () => NOW - 86_400_000;
    node.confirmation = inChain(1);
    await clock.advanceAsync(60_000);
    expect(statuses().at(-1)).toBe('confirmed a');
    await made.close();
  });

  test('begins with how long it took until a node had accepted it, once', async () => {
    const [fast, slow] = [new FakeNode('fast'), new FakeNode('slow')];
    const { clock, latency } = foundOn(fast, slow);
    await clock.advanceAsync(0);
    expect(latency.summary().samples).toBe(1);
  });
});
