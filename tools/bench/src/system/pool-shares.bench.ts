// One pool process, journal on disk, miners over Noise: shares a second, and how long their Success takes.
// node tools/bench/src/system/pool-shares.bench.ts [--channels 10,1000] [--rate 20000] [--runs 3] [--seconds 8] [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Fleet, openFleet } from '../load/fleet.ts';
import { LOAD_PLAN, type LoadResult, refusals } from '../load/offered-load.ts';
import { needOpenFiles } from '../load/open-files.ts';
import type { PlacedProcess } from '../load/placed-process.ts';
import { startPool } from '../load/pool-process.ts';
import type { Usage } from '../load/inside.ts';
import { type TemplateSource, templateSource } from '../load/template-source.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    channels: { type: 'string', default: '10,100,1000,5000' },
    rate: { type: 'string', default: '20000' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    profile: { type: 'string' },
  },
});
const channelCounts = values.channels.split(',').map(Number);
const [rate, runs, seconds] = [Number(values.rate), Number(values.runs), Number(values.seconds)];

interface Scene {
  readonly pool: PlacedProcess;
  readonly fleet: Fleet;
  readonly source: TemplateSource;
}
interface Run extends LoadResult {
  readonly pool: Usage;
  /** The pool's own measure: from a share's arrival to its Success on its way. */
  readonly atPool: { readonly p50: number; readonly p99: number };
}

async function measured(scene: Scene, load: () => Promise<LoadResult>, tips = 0): Promise<Run> {
  const { pool, source } = scene;
  // A channel remembers 65,536 shares of a tip.
  await newTip(scene);
  await pool.begin();
  const timers = Array.from({ length: tips }, (_, index) =>
    setTimeout(() => source.nextTip(), ((index + 0.5) * seconds * 1000) / tips),
  );
  const result = await load();
  for (const timer of timers) clearTimeout(timer);
  const usage = await pool.usage();
  const { p50 = Number.NaN, p99 = Number.NaN } = usage.latency['share-to-success'] ?? {};
  return { ...result, pool: usage, atPool: { p50, p99 } };
}

async function newTip({ fleet, source }: Scene): Promise<void> {
  const arrived = fleet.nextTip();
  source.nextTip();
  await arrived;
  await sleep(LOAD_PLAN.settleMs);
}

async function series(make: () => Promise<Run>): Promise<Run[]> {
  const all: Run[] = [];
  for (let run = 0; run < runs; run += 1) all.push(await make());
  return all;
}

function report(table: Table, name: string, all: readonly Run[]): void {
  const of = (pick: (run: Run) => number, digits = 1) => spread(all.map(pick), digits);
  table.row(
    name,
    of((run) => run.rate, 0),
    of((run) => run.atPool.p50),
    of((run) => run.atPool.p99),
    of((run) => run.p50),
    of((run) => run.p99),
    of((run) => run.pool.loopBusy * 100, 0),
    of((run) => run.generatorBusy * 100, 0),
    of((run) => (run.pool.cpuSeconds * 1e6) / run.acknowledged),
    refusals(all),
  );
}

async function withChannels(channels: number, act: (scene: Scene) => Promise<void>): Promise<void> {
  await using source = await templateSource();
  await using pool = await startPool({ templates: source, profile: values.profile });
  const fleet = await openFleet({ port: pool.port, authority: pool.authority, connections: channels });
  await fleet.offer(rate, LOAD_PLAN.warmUpSeconds);
  await act({ pool, fleet, source });
  await fleet.close();
}

needOpenFiles(Math.max(...channelCounts));
const table = new Table(
  `One pool process, one channel per connection, ${runs} runs of ${seconds} s each: median (lowest–highest)`,
  [
    'channels, load',
    'shares/s acknowledged',
    'arrival -> Success p50 ms',
    'p99 ms',
    'at the miner p50 ms',
    'p99 ms',
    'pool loop busy %',
    'generator busy %',
    'pool CPU µs a share',
    'refused',
  ],
);
for (const channels of channelCounts) {
  await withChannels(channels, async (scene) => {
    const { fleet } = scene;
    report(table, `${channels}, ${rate}/s`, await series(() => measured(scene, () => fleet.offer(rate, seconds))));
    const busy = await series(() =>
      measured(scene, () => fleet.offer(rate, seconds), seconds / LOAD_PLAN.tipEverySeconds),
    );
    report(table, `${channels}, ${rate}/s, new tip each ${LOAD_PLAN.tipEverySeconds} s`, busy);
    const full = await series(() => measured(scene, () => fleet.saturate(LOAD_PLAN.unanswered, LOAD_PLAN.fullSeconds)));
    report(table, `${channels}, all it takes`, full);
  });
}
