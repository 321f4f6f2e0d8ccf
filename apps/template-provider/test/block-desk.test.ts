import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { displayHash } from '@sv2kit/bitcoin';
import type { SubmitResult } from '@sv2kit/bitcoin-node';
import { createMetrics, LatencyRecorder, type Logger, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlockDesk } from '../src/block-desk.ts';
import { templateProviderMetrics } from '../src/metrics.ts';
import { SolvedBlocks } from '../src/solved-blocks.ts';
import { BLOCK, BLOCK_HASH, FakeHeldTemplate, FakeNode } from './fake-node.ts';

const FOUND = { hash: BLOCK_HASH, block: BLOCK };
let folder: string;
const open = new Set<BlockDesk>();
const hanging = new Set<() => void>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sv2kit-desk-'));
});
afterEach(async () => {
  for (const release of hanging) release();
  hanging.clear();
  await Promise.all(Array.from(open, (made) => made.close()));
  open.clear();
  await rm(folder, { recursive: true, force: true });
});

function desk(options: { readonly nodes?: number; readonly folder?: string; readonly log?: Logger } = {}) {
  const clock = new VirtualClock();
  const nodes = Array.from({ length: options.nodes ?? 1 }, (_, i) => new FakeNode(`node${i}`, clock));
  const [first] = nodes;
  if (first === undefined) throw new Error('no node');
  const metrics = createMetrics();
  const store = new SolvedBlocks(options.folder ?? join(folder, 'solved-blocks'));
  const events = new Events({ now: () => clock.now() });
  const toNode = new LatencyRecorder();
  const counters = templateProviderMetrics(metrics);
  const made = new BlockDesk({
    nodes,
    store,
    clock,
    log: options.log ?? silentLogger,
    metrics: counters,
    events,
    toNode,
  });
  open.add(made);
  return { desk: made, clock, nodes, first, metrics, events, toNode };
}

/** No answer until the test is over. */
function never(): Promise<SubmitResult> {
  const { promise, resolve } = Promise.withResolvers<SubmitResult>();
  hanging.add(() => resolve({ kind: 'unreachable', reason: 'the test is over' }));
  return promise;
}

describe('solved blocks', () => {
  test('go to every node at once, and to disk', async () => {
    const { desk: made, nodes } = desk({ nodes: 3 });
    made.submit(FOUND);
    expect(nodes.map(({ submitted }) => submitted)).toEqual([[BLOCK], [BLOCK], [BLOCK]]);
    await made.close();
    const file = join(folder, 'solved-blocks', `${displayHash(BLOCK_HASH)}.block`);
    expect(Uint8Array.from(await readFile(file))).toEqual(BLOCK);
    expect(await readdir(join(folder, 'solved-blocks'))).toHaveLength(1);
  });

  test('a node that does not answer, or fails, keeps no other waiting', async () => {
    const { desk: made, nodes, metrics, clock } = desk({ nodes: 3 });
    const [silent, failing] = nodes;
    if (silent === undefined || failing === undefined) throw new Error('no nodes');
    silent.answer = never;
    failing.answer = () => Promise.reject(new Error('a bug'));
    made.submit(FOUND);
    await clock.advanceAsync(1);
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_submissions_total{node="node2",outcome="accepted"}': 1,
    });
    expect(made.standings()).toMatchObject({ accepted: 1 });
  });

  test('a disk that fails keeps no block from the nodes', async () => {
    await writeFile(join(folder, 'file'), '');
    const { desk: made, first, metrics } = desk({ folder: join(folder, 'file', 'not-a-folder') });
    made.submit(FOUND);
    await made.close();
    expect(first.submitted).toHaveLength(1);
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_blocks_total{outcome="save-failed"}': 1,
    });
  });

  test('a block that found no room on the disk is saved when there is some', async () => {
    await writeFile(join(folder, 'in-the-way'), '');
    const { desk: made, clock, metrics } = desk({ folder: join(folder, 'in-the-way') });
    made.submit(FOUND);
    const outcomes = async () => JSON.stringify(await metrics.snapshot());
    while (!(await outcomes()).includes('save-failed')) await clock.advanceAsync(0);
    await rm(join(folder, 'in-the-way'));
    await clock.advanceAsync(1000);
    await made.close();
    expect(await readdir(join(folder, 'in-the-way'))).toEqual([`${displayHash(BLOCK_HASH)}.block`]);
    expect(await outcomes()).toContain('saved');
  });

  test('are told as they are found, taken and confirmed, with the time to the first node', async () => {
    const { desk: made, clock, events, first, toNode } = desk();
    const foundAtMs = clock.now();
    made.submit({ ...FOUND, height: 101 });
    await clock.advanceAsync(1);
    first.confirmation = { inBestChain: true, confirmations: 1, height: 101 };
    await clock.advanceAsync(60_000);
    const hash = displayHash(BLOCK_HASH);
    const [told, ...statuses] = events.since(0);
    // Who found it, and on whose account, only its client knows.
    expect(told).toEqual({ type: 'block-found', hash, height: 101, id: 1, atMs: foundAtMs });
    expect(statuses).toMatchObject([
      { type: 'block-status', hash, height: 101, status: 'accepted', by: 'node0' },
      { type: 'block-status', hash, height: 101, status: 'confirmed', by: 'node0', confirmations: 1 },
    ]);
    expect(made.list()).toEqual([{ hash, height: 101, status: 'confirmed', by: 'node0', confirmations: 1, foundAtMs }]);
    expect(toNode.summary().samples).toBe(1);
  });

  test.each(['accepted', 'duplicate'] as const)('%s is success', async (kind) => {
    const { desk: made, first, clock } = desk();
    first.answer = () => Promise.resolve({ kind });
    made.submit(FOUND);
    await clock.advanceAsync(1);
    expect(made.standings()).toMatchObject({ accepted: 1 });
  });

  test.each(['rejected', 'unreachable', 'inconclusive', 'unable'] as const)('%s is none', async (kind) => {
    const { desk: made, first, clock } = desk();
    first.answer = () => Promise.resolve({ kind, reason: 'because' });
    made.submit(FOUND);
    await clock.advanceAsync(1);
    expect(made.standings()).toMatchObject({ accepted: 0, submitted: 1 });
  });

  test('a block that no node takes is on disk, and the counter says so', async () => {
    const { desk: made, nodes, metrics } = desk({ nodes: 2 });
    for (const node of nodes) node.answer = () => Promise.resolve({ kind: 'unable', reason: 'no submitBlock' });
    made.submit(FOUND);
    await made.close();
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_blocks_total{outcome="not-taken"}': 1,
      'sv2_template_provider_blocks_total{outcome="saved"}': 1,
    });
  });

  test('a block whose transactions come later goes out when they do, and is looked for in each chain once', async () => {
    const { desk: made, first, clock } = desk();
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const template = new FakeHeldTemplate(101, clock);
    const solution = { version: 1, ntime: 2, nonce: 3, coinbase: new Uint8Array(4) };
    made.submit({ hash: BLOCK_HASH, block: promise, held: { template, node: first, solution } });
    expect(template.solutions).toEqual([solution]);
    await clock.advanceAsync(500);
    expect(made.standings()).toMatchObject({ accepted: 1 });
    expect(first.submitted).toEqual([]);
    resolve(BLOCK);
    await clock.advanceAsync(100);
    expect(first.submitted).toEqual([BLOCK]);
    expect(clock.pending).toBe(1);
  });

  test('the same block twice is submitted once', async () => {
    const { desk: made, first } = desk();
    made.submit(FOUND);
    made.submit({ hash: BLOCK_HASH.slice(), block: BLOCK.slice() });
    await made.close();
    expect(first.submitted).toHaveLength(1);
  });

  test('a block taken is looked for in the best chain, and looked for again', async () => {
    const { desk: made, first, clock, metrics } = desk();
    made.submit(FOUND);
    await clock.advanceAsync(1001);
    expect(made.standings()).toMatchObject({ confirmed: 1 });
    first.confirmation = { inBestChain: false, confirmations: 0 };
    await clock.advanceAsync(60_000);
    expect(made.standings()).toMatchObject({ confirmed: 0, orphaned: 1 });
    first.confirmation = { inBestChain: true, confirmations: 2, height: 101 };
    await clock.advanceAsync(3_600_000);
    expect(made.standings()).toMatchObject({ confirmed: 1, orphaned: 0 });
    expect(await metrics.snapshot()).toMatchObject({
      'sv2_template_provider_blocks_total{outcome="confirmed"}': 2,
      'sv2_template_provider_blocks_total{outcome="orphaned"}': 1,
    });
    expect(clock.pending).toBe(0);
  });

  test('a node that is away makes one warning, however many blocks it is to be asked for, until it has answered', async () => {
    const warnings: string[] = [];
    const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message), child: () => log };
    const { desk: made, first, clock } = desk({ log });
    const { confirm } = first;
    first.confirm = () => Promise.reject(new Error('ECONNREFUSED'));
    for (let block = 0; block < 5; block += 1) made.submit({ ...FOUND, hash: new Uint8Array(32).fill(block) });
    await clock.advanceAsync(60_000);
    expect(warnings).toEqual(['the node could not be asked for the block, and is asked again later']);
    first.confirm = confirm;
    await clock.advanceAsync(600_000);
    first.confirm = () => Promise.reject(new Error('ECONNREFUSED'));
    await clock.advanceAsync(3_600_000);
    expect(warnings).toHaveLength(2);
  });

  test('a block that the node has forgotten, because it was killed right after it took it, is submitted again', async () => {
    const { desk: made, first, clock } = desk();
    first.confirmation = { inBestChain: false, confirmations: 0 };
    made.submit(FOUND);
    await clock.advanceAsync(999);
    expect(first.submitted).toEqual([BLOCK]);
    await clock.advanceAsync(1);
    expect(first.submitted).toEqual([BLOCK, BLOCK]);
    first.confirmation = { inBestChain: true, confirmations: 1, height: 101 };
    await clock.advanceAsync(10_000);
    expect(made.standings()).toMatchObject({ confirmed: 1 });
    first.confirmation = { inBestChain: false, confirmations: 0, height: 101 }; // known, and orphaned
    await clock.advanceAsync(3_600_000);
    expect(first.submitted).toHaveLength(2);
    expect(made.standings()).toMatchObject({ orphaned: 1 });
  });

  test('a start submits again what was saved shortly before it, and nothing older', async () => {
    const before = desk();
    before.desk.submit(FOUND);
    await before.desk.close();
    const { desk: made, first, clock } = desk();
    const [name] = await readdir(join(folder, 'solved-blocks'));
    const file = join(folder, 'solved-blocks', name ?? '');
    const seconds = (ms: number) => (clock.now() - ms) / 1000;
    await utimes(file, seconds(7_200_001), seconds(7_200_001));
    made.resubmitRecent();
    await made.close();
    expect(first.submitted).toHaveLength(0);
    await utimes(file, seconds(7_199_000), seconds(7_199_000));
    made.resubmitRecent();
    await made.close();
    expect(first.submitted.map((block) => Uint8Array.from(block))).toEqual([BLOCK]);
  });

  test('a start without saved blocks has nothing to submit', async () => {
    const { desk: made, first } = desk();
    made.resubmitRecent();
    await made.close();
    expect(first.submitted).toHaveLength(0);
  });

  test('a stop waits for a submission under way, but not for ever', async () => {
    const { desk: made, first, clock } = desk();
    first.answer = never;
    made.submit(FOUND);
    const closing = made.close();
    await clock.advanceAsync(5000);
    await expect(closing).resolves.toBeUndefined();
    expect(clock.pending).toBe(0);
  });
});
