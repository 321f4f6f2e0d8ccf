// A new block: from the template provider's SetNewPrevHash to the first and the last of many encrypted connections.
// node tools/bench/src/system/fan-out.bench.ts [--connections 1000,5000] [--runs 10] [--shares 0,5000] [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Fleet, openFleet } from '../load/fleet.ts';
import { needOpenFiles } from '../load/open-files.ts';
import type { PlacedProcess } from '../load/placed-process.ts';
import { startPool } from '../load/pool-process.ts';
import { type TemplateSource, templateSource } from '../load/template-source.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000,5000' },
    runs: { type: 'string', default: '10' },
    shares: { type: 'string', default: '0,5000' },
    profile: { type: 'string' },
  },
});
const connectionCounts = values.connections.split(',').map(Number);
const shareRates = values.shares.split(',').map(Number);
const runs = Number(values.runs);
/** Between tips, for the event loops to calm down. */
const PAUSE_MS = 1_500;

interface Run {
  /** From the template provider's message to the first and the last miner's; milliseconds. */
  readonly first: number;
  readonly last: number;
  /** As the pool sees it: from the first connection's messages on their way to the last's. */
  readonly atPool: number;
}

async function oneTip(pool: PlacedProcess, fleet: Fleet, source: TemplateSource): Promise<Run> {
  await pool.begin();
  const arrived = fleet.nextTip();
  const start = performance.now();
  source.nextTip();
  const { first, last } = await arrived;
  await sleep(PAUSE_MS);
  const { latency } = await pool.usage();
  return { first: first - start, last: last - start, atPool: latency['fan-out']?.max ?? Number.NaN };
}

needOpenFiles(Math.max(...connectionCounts));
const table = new Table(`A new tip, ${runs} times: milliseconds, median (lowest–highest)`, [
  'connections',
  'shares/s meanwhile',
  'TP -> first miner',
  'TP -> last miner',
  'first -> last miner',
  'first -> last at the pool',
]);
for (const connections of connectionCounts) {
  await using source = await templateSource();
  await using pool = await startPool({ templates: source, profile: values.profile });
  const fleet = await openFleet({ port: pool.port, authority: pool.authority, connections });
  for (const shares of shareRates) {
    const load = fleet.offer(shares, ((runs + 2) * PAUSE_MS) / 1000);
    await oneTip(pool, fleet, source);
    const all: Run[] = [];
    for (let run = 0; run < runs; run += 1) all.push(await oneTip(pool, fleet, source));
    const of = (pick: (run: Run) => number) => spread(all.map(pick));
    table.row(
      connections,
      shares,
      of(({ first }) => first),
      of(({ last }) => last),
      of(({ first, last }) => last - first),
      of(({ atPool }) => atPool),
    );
    await load;
  }
  await fleet.close();
}
