// Memory of the translator per idle V1 miner, each with a job.
// node tools/bench/src/system/v1-idle.bench.ts [--miners 5000] [--channels own,aggregated] [--runs 3]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { needOpenFiles } from '../load/open-files.ts';
import type { Memory } from '../load/inside.ts';
import type { PlacedProcess } from '../load/placed-process.ts';
import { openV1Fleet } from '../load/v1-fleet.ts';
import { openV1Scene } from '../load/v1-scene.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    miners: { type: 'string', default: '5000' },
    channels: { type: 'string', default: 'own,aggregated' },
    runs: { type: 'string', default: '3' },
  },
});
const miners = Number(values.miners);
const runs = Number(values.runs);
/** Miners before the first measurement, which leave again: code is compiled, pools are filled. */
const WARM_UP = 500;
/** Tips that the miners have seen: what is kept of jobs is there. */
const TIPS = 5;
const SETTLE_MS = 3_000;
const KILOBYTE = 1_000;

/** Pages go back to the system some time after what was in them is collected. */
async function settled(translator: PlacedProcess): Promise<Memory> {
  await sleep(SETTLE_MS);
  await translator.memory();
  await sleep(SETTLE_MS);
  return await translator.memory();
}

/** Bytes per miner. */
async function perMiner(aggregate: boolean): Promise<Memory> {
  await using scene = await openV1Scene({ miners: WARM_UP, aggregate });
  const { translator, source, fleet: first } = scene;
  await first.close();
  const before = await settled(translator);
  const fleet = await openV1Fleet({ port: translator.port, miners });
  for (let tip = 0; tip < TIPS; tip += 1) {
    const arrived = fleet.nextTip();
    source.nextTip();
    await arrived;
  }
  const after = await settled(translator);
  await fleet.close();
  const part = (key: keyof Memory) => (after[key] - before[key]) / miners;
  return { rss: part('rss'), heapUsed: part('heapUsed'), external: part('external') };
}

needOpenFiles(miners);
const table = new Table(
  `${miners} idle V1 miners, after collection, ${runs} translators each: kB per miner, median (lowest–highest)`,
  ['upstream channels', 'resident memory', 'JavaScript heap', 'outside the heap'],
);
for (const channels of values.channels.split(',')) {
  const all: Memory[] = [];
  for (let run = 0; run < runs; run += 1) all.push(await perMiner(channels === 'aggregated'));
  const kilobytes = (key: keyof Memory) =>
    spread(
      all.map((each) => each[key] / KILOBYTE),
      1,
    );
  table.row(channels, kilobytes('rss'), kilobytes('heapUsed'), kilobytes('external'));
}
