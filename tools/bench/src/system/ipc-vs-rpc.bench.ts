// One node over its IPC socket and over RPC with ZMQ, in turns: a new tip or fee until a client has its template, the
// bytes that takes, and the processor time of both.
// node tools/bench/src/system/ipc-vs-rpc.bench.ts [--transactions 3000] [--tips 25] [--fees 10] [--rounds 2] [--idle 15]
//   [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BackEnd, type NodeDoor, Relay } from '@sv2kit/regtest';
import { BackEndRun, type Cpu, type TipRun } from '../load/back-end-run.ts';
import { NodeScene } from '../load/node-scene.ts';
import { settled, startProvider } from '../load/provider-process.ts';
import { TemplateClients } from '../load/template-clients.ts';
import { deciles, quantile } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '3000' },
    tips: { type: 'string', default: '25' },
    fees: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
    idle: { type: 'string', default: '15' },
    profile: { type: 'string' },
  },
});
const [tips, fees, rounds, idle] = [values.tips, values.fees, values.rounds, values.idle].map(Number) as [
  number,
  number,
  number,
  number,
];
const { profile } = values;
const WARM_UP = 5;
const BACK_ENDS = ['ipc', 'rpc'] as const satisfies readonly BackEnd[];
/** Tips and transactions whose bytes are counted. */
const COUNTED = 5;
const SETTLE_MS = 2_000;
const KILOBYTE = 1_000;

/** Of one back end, all rounds together. */
interface Collected {
  readonly tips: TipRun[];
  readonly fees: number[];
  /** For each round, over all its tips. */
  readonly tipCpu: Cpu[];
  /** For each round, a second of nothing. */
  readonly idleCpu: Cpu[];
}
const nothing = (): Collected => ({ tips: [], fees: [], tipCpu: [], idleCpu: [] });

async function withProvider<T>(scene: NodeScene, node: NodeDoor, act: (run: BackEndRun) => Promise<T>): Promise<T> {
  await using provider = await startProvider({ node, profile });
  const { port, authority } = provider;
  const clients = await TemplateClients.open({ port, authority, clients: 1 });
  try {
    await settled(provider, 1);
    return await act(new BackEndRun(scene.lab.node, provider, clients));
  } finally {
    clients.close();
  }
}

async function round(scene: NodeScene, backEnd: BackEnd, into: Collected): Promise<void> {
  await withProvider(scene, scene.lab.node.door({ backEnd }), async (run) => {
    await run.tips(WARM_UP);
    const { result, ...cpu } = await run.cpu(() => run.tips(tips));
    into.tips.push(...result);
    into.tipCpu.push({ node: cpu.node / tips, provider: cpu.provider / tips });
    into.fees.push(...(await run.fees(scene.fresh.splice(0, fees))));
    await sleep(SETTLE_MS);
    const still = await run.cpu(() => sleep(idle * 1000));
    into.idleCpu.push({ node: still.node / idle, provider: still.provider / idle });
  });
}

interface Moved {
  /** Bytes from the node, for each. */
  readonly tip: number;
  readonly fee: number;
}

/** In kB from the node, for a tip and for a transaction, through a relay that counts. */
async function moved(scene: NodeScene, node: NodeDoor, passed: () => { readonly down: number }): Promise<Moved> {
  return await withProvider(scene, node, async (run) => {
    const counted = async (act: () => Promise<unknown>): Promise<number> => {
      await sleep(SETTLE_MS);
      const before = passed().down;
      await act();
      await sleep(SETTLE_MS);
      return (passed().down - before) / COUNTED / KILOBYTE;
    };
    await run.tips(1);
    const tip = await counted(() => run.tips(COUNTED));
    return { tip, fee: await counted(() => run.fees(scene.fresh.splice(0, COUNTED))) };
  });
}

async function bytes(scene: NodeScene, backEnd: BackEnd): Promise<Moved> {
  const { node, folder } = scene.lab;
  if (backEnd === 'ipc') {
    const path = `${folder}/relay.sock`;
    await using relay = await Relay.open({ path }, { path: node.ipcSocket });
    return await moved(scene, node.door({ backEnd, ipcSocket: path }), () => relay.passed);
  }
  await using relay = await Relay.open({ port: 0 }, { port: Number(new URL(node.rpcUrl).port) });
  const rpcUrl = `http://127.0.0.1:${relay.port}`;
  return await moved(scene, node.door({ backEnd, rpcUrl }), () => relay.passed);
}

await using scene = await NodeScene.open({
  transactions: Number(values.transactions),
  fresh: BACK_ENDS.length * (fees * rounds + COUNTED),
});
const collected = { ipc: nothing(), rpc: nothing() };
for (let count = 0; count < rounds; count += 1) {
  for (const backEnd of BACK_ENDS) await round(scene, backEnd, collected[backEnd]);
}
const through = { ipc: await bytes(scene, 'ipc'), rpc: await bytes(scene, 'rpc') };

const table = new Table(
  `One node, ${values.transactions} transactions in its mempool, ${rounds} rounds of ${tips} tips and ${fees} transactions ` +
    'each way, in turns: median (first–ninth decile)',
  ['what', 'IPC', 'RPC with ZMQ'],
);
function row(name: string, cell: (of: Collected, backEnd: 'ipc' | 'rpc') => string): void {
  table.row(name, ...BACK_ENDS.map((backEnd) => cell(collected[backEnd], backEnd)));
}
const times = (name: string, of: (run: TipRun) => number): void =>
  row(name, (collected) => deciles(collected.tips.map(of)));
const middle = (cpus: readonly Cpu[], of: keyof Cpu): string =>
  quantile(
    cpus.map((cpu) => cpu[of]),
    0.5,
  ).toFixed(1);

times('block submitted -> tip of the node, ms', ({ submitted, node }) => node.tip - submitted);
times('tip of the node -> SetNewPrevHash at the client, ms', ({ node, tipAtClient }) => tipAtClient - node.tip);
times(
  "tip of the node -> the node's first template with transactions is made, ms",
  ({ node }) => node.template - node.tip,
);
times('… of which it was at work on it, ms', ({ node }) => node.templateMs);
times(
  'that -> NewTemplate with transactions at the client, ms',
  ({ node, templateAtClient }) => templateAtClient - node.template,
);
times(
  'tip of the node -> NewTemplate with transactions at the client, ms',
  ({ node, templateAtClient }) => templateAtClient - node.tip,
);
row('transaction sent to the node -> NewTemplate with it at the client, ms', (of) => deciles(of.fees, 0));
row('from the node for a tip, kB', (_, backEnd) => through[backEnd].tip.toFixed(0));
row('from the node for a transaction, kB', (_, backEnd) => through[backEnd].fee.toFixed(0));
row('CPU of the node for a tip, ms', (of) => middle(of.tipCpu, 'node'));
row('CPU of the provider for a tip, ms', (of) => middle(of.tipCpu, 'provider'));
row('CPU of the node while nothing happens, ms a second', (of) => middle(of.idleCpu, 'node'));
row('CPU of the provider while nothing happens, ms a second', (of) => middle(of.idleCpu, 'provider'));
