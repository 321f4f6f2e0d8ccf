// V1 miners on one translator process, its pool in another: submits a second, and how long their answers take.
// node tools/bench/src/system/v1-miners.bench.ts [--miners 10,5000] [--rate 15000] [--runs 3] [--seconds 4]
//   [--channels own,own/64,aggregated/64] [--profile DIR]
// own: an upstream channel for each miner; aggregated: one for all; /64: one share in 64 goes on to the pool.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { needOpenFiles } from '../load/open-files.ts';
import { LOAD_PLAN, type LoadResult, refusals } from '../load/offered-load.ts';
import type { Usage } from '../load/inside.ts';
import { openV1Scene, type V1Scene } from '../load/v1-scene.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    miners: { type: 'string', default: '10,100,1000,5000' },
    rate: { type: 'string', default: '15000' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    channels: { type: 'string', default: 'own,own/64,aggregated/64' },
    profile: { type: 'string' },
  },
});
const minerCounts = values.miners.split(',').map(Number);
const [rate, runs, seconds] = [Number(values.rate), Number(values.runs), Number(values.seconds)];

interface Run extends LoadResult {
  readonly translator: Usage;
}

async function measured(
  { translator, fleet, source }: V1Scene,
  load: () => Promise<LoadResult>,
  tips = 0,
): Promise<Run> {
  const arrived = fleet.nextTip();
  source.nextTip();
  await arrived;
  await sleep(LOAD_PLAN.settleMs);
  await translator.begin();
  const timers = Array.from({ length: tips }, (_, index) =>
    setTimeout(() => source.nextTip(), ((index + 0.5) * seconds * 1000) / tips),
  );
  const result = await load();
  for (const timer of timers) clearTimeout(timer);
  return { ...result, translator: await translator.usage() };
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
    of((run) => run.p50),
    of((run) => run.p99),
    of((run) => run.translator.loopBusy * 100, 0),
    of((run) => run.generatorBusy * 100, 0),
    of((run) => (run.translator.cpuSeconds * 1e6) / run.acknowledged),
    refusals(all),
  );
}

needOpenFiles(Math.max(...minerCounts));
const table = new Table(`One translator process, ${runs} runs of ${seconds} s each: median (lowest–highest)`, [
  'miners, upstream channels, submits',
  'submits/s answered',
  'p50 ms',
  'p99 ms',
  'translator loop busy %',
  'generator busy %',
  'translator CPU µs a submit',
  'refused',
]);
for (const miners of minerCounts) {
  for (const channels of values.channels.split(',')) {
    const [kind, every = '1'] = channels.split('/');
    const wishes = { miners, aggregate: kind === 'aggregated', every: Number(every), profile: values.profile };
    await using scene = await openV1Scene(wishes);
    const { fleet } = scene;
    await fleet.offer(rate, LOAD_PLAN.warmUpSeconds);
    const name = `${miners}, ${channels}`;
    report(table, `${name}, ${rate}/s`, await series(() => measured(scene, () => fleet.offer(rate, seconds))));
    const tips = Math.max(1, Math.floor(seconds / LOAD_PLAN.tipEverySeconds));
    const busy = await series(() => measured(scene, () => fleet.offer(rate, seconds), tips));
    report(table, `${name}, ${rate}/s, new tip each ${LOAD_PLAN.tipEverySeconds} s`, busy);
    const full = await series(() => measured(scene, () => fleet.saturate(LOAD_PLAN.unanswered, LOAD_PLAN.fullSeconds)));
    report(table, `${name}, all it takes`, full);
  }
}
