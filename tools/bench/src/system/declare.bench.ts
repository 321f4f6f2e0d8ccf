// Job declaration on real nodes: from a full template at the client to an acknowledged job, and what shares feel of it.
// node tools/bench/src/system/declare.bench.ts [--transactions 4000] [--missing 0,5] [--runs 20] [--shares 500] [--profile DIR]
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
    shares: { type: 'string', default: '500' },
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
const IDLE_MS = 1_000;
const WARM_UP = 3;
const ACKNOWLEDGED = 'template-to-acknowledged';

interface Run {
  readonly acknowledgedMs: number;
  readonly shares: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly loopDelayMs: number;
}

/** A new tip, with which the client gets a full template: until the pool has acknowledged its job. */
async function declare(scene: DeclarationScene, mempools: Mempools): Promise<Run> {
  const { pool, client, miners } = scene;
  const mined = await mempools.prepare();
  await sleep(PAUSE_MS);
  await Promise.all([pool.begin(), client.begin()]);
  await miners.mineExactly(mined);
  const acknowledged = await eventually('a job to be acknowledged', async () => {
    const summary = (await client.usage()).latency[ACKNOWLEDGED];
    return (summary?.samples ?? 0) > 0 ? summary : undefined;
  });
  const { latency, loopDelay } = await pool.usage();
  return { acknowledgedMs: acknowledged.max, shares: sharesOf(latency), loopDelayMs: loopDelay.max };
}

function sharesOf(latency: Readonly<Record<string, { p50: number; p99: number; max: number }>>): Run['shares'] {
  return latency['share-to-success'] ?? { p50: Number.NaN, p99: Number.NaN, max: Number.NaN };
}

async function idle({ pool }: DeclarationScene): Promise<Run> {
  await pool.begin();
  await sleep(IDLE_MS);
  const { latency, loopDelay } = await pool.usage();
  return { acknowledgedMs: Number.NaN, shares: sharesOf(latency), loopDelayMs: loopDelay.max };
}

async function series(make: () => Promise<Run>): Promise<Run[]> {
  const all: Run[] = [];
  for (let run = -WARM_UP; run < runs; run += 1) {
    const one = await make();
    if (run >= 0) all.push(one);
  }
  return all;
}

function report(table: Table, name: string, all: readonly Run[]): void {
  const of = (pick: (run: Run) => number) => spread(all.map(pick), 1);
  table.row(
    name,
    all.some(({ acknowledgedMs }) => Number.isNaN(acknowledgedMs)) ? '' : of(({ acknowledgedMs }) => acknowledgedMs),
    of(({ shares }) => shares.p50),
    of(({ shares }) => shares.p99),
    of(({ shares }) => shares.max),
    of(({ loopDelayMs }) => loopDelayMs),
  );
}

async function declarations(): Promise<void> {
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
    const mempools = await Mempools.fill(scene, {
      count,
      missing: Math.round((count * percent) / 100),
      runs: runs + WARM_UP,
    });
    await using _ = await ShareLoad.start(scene, shareRate);
    if (percent === 0) report(table, 'nothing declared', await series(() => idle(scene)));
    report(table, percent === 0 ? 'all known' : `${percent} % missing`, await series(() => declare(scene, mempools)));
  }
}

await declarations();
