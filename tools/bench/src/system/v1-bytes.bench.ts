// Bytes per share and per job: V1 miners on translators and V2 devices, on one pool, with the same jobs, in the same minute.
// node tools/bench/src/system/v1-bytes.bench.ts [--miners 250] [--cycles 6]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Passed, Relay } from '@sv2kit/regtest';
import { openFleet } from '../load/fleet.ts';
import { needOpenFiles } from '../load/open-files.ts';
import type { OfferedLoad } from '../load/offered-load.ts';
import { startPool } from '../load/pool-process.ts';
import { templateSource } from '../load/template-source.ts';
import { startTranslator } from '../load/translator-process.ts';
import { openV1Fleet } from '../load/v1-fleet.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: { miners: { type: 'string', default: '250' }, cycles: { type: 'string', default: '6' } },
});
const miners = Number(values.miners);
const cycles = Number(values.cycles);
/** A cycle: a job, time for it to arrive, one share of each miner, time for the answers. */
const CYCLE = { job: 2_000, shares: 6_000, answers: 2_000 } as const;
/** Files that a miner needs here: its own, and two of each relay that it goes through. */
const FILES_OF_ALL = 4 * 5;
/** After everybody has work. */
const SETTLE_MS = 3_000;

/** One way from miners to the pool, and where its bytes are counted. */
interface Flow {
  readonly name: string;
  readonly fleet: OfferedLoad;
  readonly sides: readonly { readonly name: string; readonly relay: Relay }[];
}

/** Bytes of one side of a flow, by what they were for. */
interface Account {
  readonly tip: Passed[];
  readonly template: Passed[];
  readonly shares: Passed[];
}

const stack = new AsyncDisposableStack();
const relayTo = async (port: number): Promise<Relay> => stack.use(await Relay.open({ port: 0 }, { port }));

async function v1Flow(name: string, pool: { port: number; authority: Uint8Array }, aggregate: boolean): Promise<Flow> {
  const atPool = await relayTo(pool.port);
  const upstream = { port: atPool.port, authority: pool.authority };
  const translator = stack.use(await startTranslator({ upstream, aggregate }));
  const atMiners = await relayTo(translator.port);
  const fleet = await openV1Fleet({ port: atMiners.port, miners });
  stack.defer(() => fleet.close());
  const sides = [
    { name: "miners' side", relay: atMiners },
    { name: "pool's side", relay: atPool },
  ];
  return { name, fleet, sides };
}

async function v2Flow(
  name: string,
  { port, authority }: { port: number; authority: Uint8Array },
  shape: { readonly connections: number; readonly channels: number; readonly kind: 'standard' | 'extended' },
): Promise<Flow> {
  const relay = await relayTo(port);
  const fleet = await openFleet({ port: relay.port, authority, ...shape });
  stack.defer(() => fleet.close());
  return { name, fleet, sides: [{ name: shape.connections === 1 ? "pool's side" : 'both sides', relay }] };
}

/** What passes at each side of each flow while something is done. */
async function during(flows: readonly Flow[], act: () => Promise<unknown>): Promise<Passed[][]> {
  const read = () => flows.map(({ sides }) => sides.map(({ relay }) => relay.passed));
  const before = read();
  await act();
  return read().map((sides, flow) =>
    sides.map(({ up, down }, side) => {
      const then = before[flow]?.[side] ?? { up: 0, down: 0 };
      return { up: up - then.up, down: down - then.down };
    }),
  );
}

/** Bytes a miner, of all events. */
function sum(all: readonly Passed[], key: keyof Passed): string {
  return bytes(all.reduce((total, each) => total + each[key], 0) / miners);
}

/** Bytes a miner and an event. */
function mean(all: readonly Passed[], key: keyof Passed): string {
  return bytes(all.reduce((total, each) => total + each[key], 0) / all.length / miners);
}

/** A whole number, but for what is below one. */
function bytes(amount: number): string {
  return amount.toLocaleString('en', { maximumFractionDigits: amount < 1 ? 2 : 0 });
}

needOpenFiles(miners * FILES_OF_ALL);
await using _ = stack;
const source = stack.use(await templateSource());
const pool = stack.use(await startPool({ templates: source }));
const alone = { connections: miners, channels: 1 };
const flows = [
  await v1Flow('V1, a channel for each', pool, false),
  await v1Flow('V1, one channel for all', pool, true),
  await v2Flow('V2, extended channels', pool, { ...alone, kind: 'extended' }),
  await v2Flow('V2, standard channels', pool, { ...alone, kind: 'standard' }),
  await v2Flow('V2, extended channels of one connection', pool, { connections: 1, channels: miners, kind: 'extended' }),
];
const accounts = flows.map(({ sides }) => sides.map((): Account => ({ tip: [], template: [], shares: [] })));
const note = (what: keyof Account, passed: Passed[][]) =>
  passed.forEach((sides, flow) => sides.forEach((bytes, side) => accounts[flow]?.[side]?.[what].push(bytes)));
await sleep(SETTLE_MS);
for (let cycle = 0; cycle < cycles; cycle += 1) {
  const what = cycle % 2 === 0 ? 'tip' : 'template';
  const job = await during(flows, async () => {
    if (what === 'tip') source.nextTip();
    else source.nextTemplate();
    await sleep(CYCLE.job);
  });
  note(what, job);
  const shares = await during(flows, async () => {
    const seconds = CYCLE.shares / 1000;
    await Promise.all(flows.map(({ fleet }) => fleet.offer(miners / seconds, seconds)));
    await sleep(CYCLE.answers);
  });
  note('shares', shares);
}
const table = new Table(
  `${miners} miners each way, ${cycles} jobs and shares of each miner: bytes a miner, TCP payload`,
  [
    'way, counted at',
    'a share, up',
    'its answer, down',
    'a job of a new tip, down',
    'a job on the same tip, down',
    'all, up',
    'all, down',
  ],
);
flows.forEach(({ name, sides }, flow) => {
  sides.forEach((side, at) => {
    const { tip, template, shares } = accounts[flow]?.[at] ?? { tip: [], template: [], shares: [] };
    const [up, answer] = [mean(shares, 'up'), mean(shares, 'down')];
    const all = [...tip, ...template, ...shares];
    const sums = [sum(all, 'up'), sum(all, 'down')];
    table.row(`${name}, ${side.name}`, up, answer, mean(tip, 'down'), mean(template, 'down'), ...sums);
  });
});
