import { displayHash, encodeBlock } from '@sv2kit/bitcoin';
import type { Confirmation, SubmitResult } from '@sv2kit/bitcoin-node';
import { VirtualClock } from '@sv2kit/daemon';
import type { JournalRecord } from '@sv2kit/ledger';
import type { FoundBlock } from '@sv2kit/mining-server';
import { noMetrics, silentLogger } from '@sv2kit/net';
import { expect, test } from 'vitest';
import {
  BlockDesk,
  type BlockNode,
  type BlockWay,
  TEMPLATE_PROVIDER,
  TEMPLATE_SOURCE_LIMITS,
  TransactionStore,
} from '../src/index.ts';
import { bytes, newTemplate, NOW, solution } from './support.ts';

class FakeNode implements BlockNode {
  readonly name: string;
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
    return { state: 'ok' as const };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const counter = { ...noMetrics.accepted, bind: () => ({ inc() {} }) };

function desk(nodes: FakeNode[] = [], providerIsThere = true) {
  const clock = new VirtualClock(NOW);
  const records: JournalRecord[] = [];
  const transactions = new TransactionStore(4);
  const way: BlockWay = { name: TEMPLATE_PROVIDER, take: () => (providerIsThere ? 'sent' : 'waits') };
  const made = new BlockDesk({
    ways: [way],
    nodes,
    transactions: nodes.length === 0 ? undefined : transactions,
    journal: { append: (record) => records.push(record) },
    clock,
    log: silentLogger,
    metrics: { blocksFound: counter, blockStatus: counter },
  });
  const statuses = () =>
    records.flatMap((record) => (record.type === 'BlockStatus' ? [`${record.status} ${record.by}`] : []));
  return { desk: made, clock, transactions, statuses };
}

function found(fill = 1): FoundBlock {
  const { type: _type, futureTemplate: _future, ...template } = newTemplate(1, 100, false, 3);
  const userIdentity = new TextEncoder().encode('alice.rig');
  return {
    solution: solution(template, fill),
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
  transactions.put(block.solution.job.template, rest);
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
  transactions.put(first.solution.job.template, []);
  await clock.advanceAsync(0);
  expect(node.blocks).toHaveLength(1);
  made.found(second);
  await clock.advanceAsync(TEMPLATE_SOURCE_LIMITS.transactionsMs);
  transactions.put(second.solution.job.template, []);
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
  transactions.put(block.solution.job.template, []);
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
  transactions.put(block.solution.job.template, []);
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
  transactions.put(sent.solution.job.template, []);
  made.found(sent);
  made.found(waiting);
  await clock.advanceAsync(0);
  await made.close();
  expect(clock.pending).toBe(0);
});
