// Memory of the pool per idle connection: sealed and set up, then with a channel that has work.
// node tools/bench/src/system/idle-memory.bench.ts [--connections 5000] [--runs 3]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openFleet } from '../load/fleet.ts';
import { needOpenFiles } from '../load/open-files.ts';
import type { Memory } from '../load/inside.ts';
import { startPool } from '../load/pool-process.ts';
import { templateSource } from '../load/template-source.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: { connections: { type: 'string', default: '5000' }, runs: { type: 'string', default: '3' } },
});
const connections = Number(values.connections);
const runs = Number(values.runs);
/** Connections before the first measurement: code is compiled, pools are filled. */
const WARM_UP = 500;
const SETTLE_MS = 3_000;
const KILOBYTE = 1_000;

/** Bytes per connection. */
async function perConnection(channels: number): Promise<Memory> {
  await using source = await templateSource();
  await using pool = await startPool({ templates: source });
  const place = { port: pool.port, authority: pool.authority, channels };
  const first = await openFleet({ ...place, connections: WARM_UP });
  await first.close();
  await sleep(SETTLE_MS);
  const before = await pool.memory();
  const fleet = await openFleet({ ...place, connections });
  source.nextTip();
  await sleep(SETTLE_MS);
  const after = await pool.memory();
  await fleet.close();
  const part = (key: keyof Memory) => (after[key] - before[key]) / connections;
  return { rss: part('rss'), heapUsed: part('heapUsed'), external: part('external') };
}

async function series(channels: number): Promise<Memory[]> {
  const all: Memory[] = [];
  for (let run = 0; run < runs; run += 1) all.push(await perConnection(channels));
  return all;
}

needOpenFiles(connections);
const [bare, working] = [await series(0), await series(1)];
const table = new Table(
  `${connections} idle connections, after collection, ${runs} pools each: kB per connection, median (lowest–highest)`,
  ['of the pool', 'set up, no channel', 'with a channel and its work'],
);
const row = (name: string, key: keyof Memory) => {
  const kilobytes = (all: readonly Memory[]) =>
    spread(
      all.map((each) => each[key] / KILOBYTE),
      1,
    );
  table.row(name, kilobytes(bare), kilobytes(working));
};
row('resident memory', 'rss');
row('JavaScript heap', 'heapUsed');
row('outside the heap', 'external');
