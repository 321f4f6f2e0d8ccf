// Many clients on one template provider over one node: a new tip until the last of them knows, memory, transactions for all.
// node tools/bench/src/system/template-clients.bench.ts [--clients 1,1000] [--spaces 1,8] [--transactions 3000] [--runs 10]
//   [--over ipc] [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BackEnd, usageOf } from '@sv2kit/regtest';
import type { Memory } from '../load/inside.ts';
import { NodeScene } from '../load/node-scene.ts';
import { needOpenFiles } from '../load/open-files.ts';
import type { PlacedProcess } from '../load/placed-process.ts';
import { settled, startProvider } from '../load/provider-process.ts';
import { type Arrivals, TemplateClients } from '../load/template-clients.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1,1000' },
    spaces: { type: 'string', default: '1,8' },
    transactions: { type: 'string', default: '3000' },
    runs: { type: 'string', default: '10' },
    over: { type: 'string', default: 'ipc' },
    profile: { type: 'string' },
  },
});
const numbers = (text: string): number[] => text.split(',').map(Number);
const runs = Number(values.runs);
const { profile } = values;
const PAUSE_MS = 1_500;
const SETTLE_MS = 3_000;
/** Clients before the first measurement: code is compiled, pools are filled. */
const WARM_UP = 50;
const FEW = 100;
const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;

interface Run {
  readonly tip: Arrivals;
  readonly full: Arrivals;
  /** When the block was handed to the node; `performance.now()`. */
  readonly start: number;
  readonly providerCpuMs: number;
  readonly nodeCpuMs: number;
}

/** Sizes of coinbase outputs that reserve so many different spaces. */
const sizesOf = (spaces: number): number[] => Array.from({ length: spaces }, (_, index) => 1_000 + 500 * index);

async function tip({ lab: { node } }: NodeScene, provider: PlacedProcess, clients: TemplateClients): Promise<Run> {
  const block = await node.prepareBlock();
  await sleep(PAUSE_MS);
  const before = await usageOf(node.pid);
  await provider.begin();
  const arriving = clients.nextTip();
  const start = performance.now();
  const taken = node.call('submitblock', block);
  const { tip, full } = await arriving;
  await taken;
  const { cpuSeconds } = await provider.usage();
  const after = await usageOf(node.pid);
  const nodeCpuMs = (after.cpuSeconds - before.cpuSeconds) * 1000;
  return { tip, full, start, providerCpuMs: cpuSeconds * 1000, nodeCpuMs };
}

async function measure(scene: NodeScene, count: number, spaces: number): Promise<void> {
  const node = scene.lab.node.door({ backEnd: values.over as BackEnd });
  await using provider = await startProvider({ node, clients: count + WARM_UP, feeInterval: 86_400, profile });
  const { port, authority } = provider;
  const coinbaseSizes = sizesOf(spaces);
  const first = await TemplateClients.open({ port, authority, clients: Math.min(WARM_UP, count), coinbaseSizes });
  await tip(scene, provider, first);
  first.close();
  await sleep(SETTLE_MS);
  const before = await provider.memory();
  const clients = await TemplateClients.open({ port, authority, clients: count, coinbaseSizes });
  await tip(scene, provider, clients);
  await settled(provider, spaces);
  await sleep(SETTLE_MS);
  const after = await provider.memory();
  const all: Run[] = [];
  for (let run = 0; run < runs; run += 1) all.push(await tip(scene, provider, clients));
  await sleep(SETTLE_MS);
  const asked = performance.now();
  const data = await clients.transactionData();
  const loaded = await provider.memory();
  clients.close();
  const of = (pick: (run: Run) => number, digits = 1) => spread(all.map(pick), digits);
  // What comes and goes in a process is more than a few clients take.
  const part = (key: keyof Memory) => (count < FEW ? '' : ((after[key] - before[key]) / count / KILOBYTE).toFixed(1));
  table.row(
    count,
    spaces,
    of(({ tip, start }) => tip.first - start),
    of(({ tip, start }) => tip.last - start),
    of(({ full, start }) => full.first - start),
    of(({ full, start }) => full.last - start),
    of((run) => run.providerCpuMs),
    of((run) => run.nodeCpuMs, 0),
    part('rss'),
    part('heapUsed'),
    (after.rss / MEGABYTE).toFixed(0),
    (data.first - asked).toFixed(0),
    (data.last - asked).toFixed(0),
    (loaded.rss / MEGABYTE).toFixed(0),
  );
}

const counts = numbers(values.clients);
needOpenFiles(Math.max(...counts) + WARM_UP);
await using scene = await NodeScene.open({ transactions: Number(values.transactions), fresh: 0 });
const table = new Table(
  `A template provider over ${values.over} on a node with ${values.transactions} transactions in its mempool, ${runs} tips: ` +
    'median (lowest–highest)',
  [
    'clients',
    'coinbase spaces',
    'block submitted -> first client knows the tip, ms',
    '-> last client',
    '-> first client has a template with transactions',
    '-> last client',
    'CPU of the provider for a tip, ms',
    'CPU of the node for a tip, ms',
    'memory a client, kB',
    '… of it heap',
    'memory of the provider, MB',
    'all ask for the transactions: first has them, ms',
    'last',
    'memory of the provider then, MB',
  ],
);
for (const spaces of numbers(values.spaces)) {
  for (const count of counts.filter((each) => each >= spaces)) await measure(scene, count, spaces);
}
