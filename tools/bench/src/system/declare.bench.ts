// Job declaration on real nodes: from a full template at the client to an acknowledged job, and what shares feel of it.
// node tools/bench/src/system/declare.bench.ts [--transactions 4000] [--missing 0,5] [--runs 20] [--shares 1000] [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventually } from '@sv2kit/regtest';
import { DeclarationScene } from '../load/declaration-scene.ts';
import { Mempools } from '../load/mempools.ts';
import { ShareLoad } from '../load/share-load.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '4000' },
    missing: { type: 'string', default: '0,5' },
    runs: { type: 'string', default: '20' },
    shares: { type: 'string', default: '1000' },
    profile: { type: 'string' },
  },
});
const count = Number(values.transactions);
const runs = Number(values.runs);
const shareRate = Number(values.shares);
const { profile } = values;
/** For what a run has stirred up to settle. */
const PAUSE_MS = 1_500;
/** How long shares are looked at when nothing is declared. */
const IDLE_MS = 200;
/** The shares of so many series of runs are looked at together: one run has too few of them for a p99. */
const SERIES = 4;
const WARM_UP = 3;
const ACKNOWLEDGED = 'template-to-acknowledged';

interface Series {
  /** Of each run, in milliseconds. */
  readonly acknowledged: readonly number[];
  /** The longest delay of the pool's event loop in each run, in milliseconds. */
  readonly loopDelays: readonly number[];
  /** Of all shares of the series. */
  readonly shares: { readonly p50: number; readonly p99: number; readonly max: number };
}
/** One run: what is measured happens while shares flow. @returns milliseconds until the acknowledgement */
type Run = () => Promise<number>;

/** A new tip, with which the client gets a full template: until the pool has acknowledged its job. */
async function declare(
  { pool, client, miners }: DeclarationScene,
  mempools: Mempools,
  load: ShareLoad,
): Promise<number> {
  const mined = await mempools.prepare();
  await sleep(PAUSE_MS);
  await Promise.all([client.begin(), pool.beginLoopDelay()]);
  return await load.during(async () => {
    await miners.mineExactly(mined);
    return await eventually('a job to be acknowledged', async () => {
      const summary = (await client.usage()).latency[ACKNOWLEDGED];
      return (summary?.samples ?? 0) > 0 ? summary?.max : undefined;
    });
  });
}

/** The same new tip without the client: what of a run is the tip's alone. */
async function tipAlone({ pool, client, miners }: DeclarationScene, load: ShareLoad): Promise<number> {
  await sleep(PAUSE_MS);
  await pool.beginLoopDelay();
  await client.without(() =>
    load.during(async () => {
      await miners.mineExactly([]);
      await sleep(IDLE_MS);
    }),
  );
  return Number.NaN;
}

async function idle({ pool }: DeclarationScene, load: ShareLoad): Promise<number> {
  await pool.beginLoopDelay();
  await load.during(() => sleep(IDLE_MS));
  return Number.NaN;
}

async function measure({ pool }: DeclarationScene, run: Run): Promise<Series[]> {
  for (let i = 0; i < WARM_UP; i += 1) await run();
  const all: Series[] = [];
  for (let series = 0; series < SERIES; series += 1) {
    const [acknowledged, loopDelays]: [number[], number[]] = [[], []];
    await pool.begin();
    for (let i = 0; i < runs / SERIES; i += 1) {
      acknowledged.push(await run());
      loopDelays.push((await pool.usage()).loopDelay.max);
    }
    const { latency } = await pool.usage();
    const none = { p50: Number.NaN, p99: Number.NaN, max: Number.NaN };
    all.push({ acknowledged, loopDelays, shares: latency['share-to-success'] ?? none });
  }
  return all;
}

function report(table: Table, name: string, all: readonly Series[]): void {
  const times = all.flatMap(({ acknowledged }) => acknowledged);
  const of = (pick: (series: Series) => number) => spread(all.map(pick), 1);
  table.row(
    name,
    times.some(Number.isNaN) ? '' : spread(times, 1),
    of(({ shares }) => shares.p50),
    of(({ shares }) => shares.p99),
    of(({ shares }) => shares.max),
    spread(
      all.flatMap(({ loopDelays }) => loopDelays),
      1,
    ),
  );
}

const table = new Table(
  `A template of ${count} transactions, declared ${runs} times, ${shareRate} shares a second meanwhile: milliseconds, ` +
    'median (lowest–highest)',
  [
    'what',
    'template at the client -> SetCustomMiningJob.Success',
    'share -> Success at the pool p50',
    'p99',
    'max',
    "longest delay of the pool's event loop",
  ],
);
for (const percent of values.missing.split(',').map(Number)) {
  await using scene = await DeclarationScene.open({ emptyAhead: false, profile });
  await scene.pooled();
  const missing = Math.round((count * percent) / 100);
  const mempools = await Mempools.fill(scene, { count, missing, runs: SERIES * Math.ceil(runs / SERIES) + WARM_UP });
  await using load = await ShareLoad.connect(scene, shareRate);
  if (percent === 0) {
    report(table, 'nothing declared', await measure(scene, () => idle(scene, load)));
    report(table, 'a new tip, nothing declared', await measure(scene, () => tipAlone(scene, load)));
  }
  const name = percent === 0 ? 'all known' : `${percent} % missing`;
  report(table, name, await measure(scene, () => declare(scene, mempools, load)));
}
