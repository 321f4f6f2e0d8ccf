// A new block: from the template provider's SetNewPrevHash, by pool and translator, to the first and the last V1 miner.
// node tools/bench/src/system/v1-notify.bench.ts [--miners 1000,5000] [--channels own,aggregated] [--shares 0,5000]
//   [--runs 10] [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { needOpenFiles } from '../load/open-files.ts';
import { openV1Scene, type V1Scene } from '../load/v1-scene.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    miners: { type: 'string', default: '1000,5000' },
    channels: { type: 'string', default: 'own,aggregated' },
    shares: { type: 'string', default: '0,5000' },
    runs: { type: 'string', default: '10' },
    profile: { type: 'string' },
  },
});
const minerCounts = values.miners.split(',').map(Number);
const shareRates = values.shares.split(',').map(Number);
const runs = Number(values.runs);
/** Of an aggregated channel, one share in so many goes upstream. */
const EVERY = 64;
/** Between tips, for the event loops to calm down. */
const PAUSE_MS = 1_500;

interface Run {
  /** From the template provider's message to the first and the last miner's notify; milliseconds. */
  readonly first: number;
  readonly last: number;
  /** As the translator sees it: from the first miner's turn to the last's. */
  readonly atTranslator: number;
}

async function oneTip({ translator, fleet, source }: V1Scene): Promise<Run> {
  await translator.begin();
  const arrived = fleet.nextTip();
  const start = performance.now();
  source.nextTip();
  const { first, last } = await arrived;
  await sleep(PAUSE_MS);
  const { latency } = await translator.usage();
  return { first: first - start, last: last - start, atTranslator: latency['job-to-last-miner']?.max ?? Number.NaN };
}

needOpenFiles(Math.max(...minerCounts));
const table = new Table(`A new tip, ${runs} times: milliseconds, median (lowest–highest)`, [
  'miners, upstream channels',
  'submits/s meanwhile',
  'TP -> first miner',
  'TP -> last miner',
  'first -> last miner',
  'first -> last at the translator',
]);
for (const miners of minerCounts) {
  for (const channels of values.channels.split(',')) {
    const aggregate = channels === 'aggregated';
    await using scene = await openV1Scene({ miners, aggregate, every: aggregate ? EVERY : 1, profile: values.profile });
    for (const shares of shareRates) {
      const load = scene.fleet.offer(shares, ((runs + 2) * PAUSE_MS) / 1000);
      await oneTip(scene);
      const all: Run[] = [];
      for (let run = 0; run < runs; run += 1) all.push(await oneTip(scene));
      const of = (pick: (run: Run) => number) => spread(all.map(pick));
      table.row(
        `${miners}, ${channels}`,
        shares,
        of(({ first }) => first),
        of(({ last }) => last),
        of(({ first, last }) => last - first),
        of(({ atTranslator }) => atTranslator),
      );
      await load;
    }
  }
}
