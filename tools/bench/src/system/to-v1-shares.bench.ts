// V2 devices on one translator process, its journal on disk, and a V1 pool that takes everything: shares a second.
// node tools/bench/src/system/to-v1-shares.bench.ts [--channels 10,1000] [--rate 15000] [--runs 3] [--seconds 5]
//   [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openFleet } from '../load/fleet.ts';
import type { Usage } from '../load/inside.ts';
import { LOAD_PLAN, type LoadResult, refusals } from '../load/offered-load.ts';
import { needOpenFiles } from '../load/open-files.ts';
import { startTranslatorToV1 } from '../load/translator-to-v1-process.ts';
import { V1LoadPool } from '../load/v1-load-pool.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    channels: { type: 'string', default: '10,1000' },
    rate: { type: 'string', default: '15000' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    profile: { type: 'string' },
  },
});
const channelCounts = values.channels.split(',').map(Number);
const [rate, runs, seconds] = [Number(values.rate), Number(values.runs), Number(values.seconds)];

interface Run extends LoadResult {
  readonly translator: Usage;
  /** Shares that the V1 pool has got. */
  readonly relayed: number;
}

function report(table: Table, name: string, all: readonly Run[]): void {
  const of = (pick: (run: Run) => number, digits = 1) => spread(all.map(pick), digits);
  table.row(
    name,
    of((run) => run.rate, 0),
    of((run) => run.p50),
    of((run) => run.p99),
    of((run) => (100 * run.relayed) / run.acknowledged),
    of((run) => run.translator.loopBusy * 100, 0),
    of((run) => run.generatorBusy * 100, 0),
    of((run) => (run.translator.cpuSeconds * 1e6) / run.acknowledged),
    refusals(all),
  );
}

needOpenFiles(Math.max(...channelCounts));
const table = new Table(`One translator process, every share relayed, ${runs} runs: median (lowest–highest)`, [
  'channels, load',
  'shares/s acknowledged',
  'p50 ms',
  'p99 ms',
  'of them at the V1 pool %',
  'translator loop busy %',
  'generator and V1 pool busy %',
  'translator CPU µs a share',
  'refused',
]);
for (const channels of channelCounts) {
  await using pool = await V1LoadPool.open();
  await using translator = await startTranslatorToV1(pool, values.profile);
  const fleet = await openFleet({ port: translator.port, authority: translator.authority, connections: channels });
  const measured = async (load: () => Promise<LoadResult>): Promise<Run> => {
    const arrived = fleet.nextTip();
    pool.nextTip();
    await arrived;
    await sleep(LOAD_PLAN.settleMs);
    await translator.begin();
    pool.submits = 0;
    const result = await load();
    return { ...result, translator: await translator.usage(), relayed: pool.submits };
  };
  const series = async (name: string, load: () => Promise<LoadResult>): Promise<void> => {
    const all: Run[] = [];
    for (let run = 0; run < runs; run += 1) all.push(await measured(load));
    report(table, `${channels}, ${name}`, all);
  };
  await fleet.offer(rate, LOAD_PLAN.warmUpSeconds);
  await series(`${rate}/s`, () => fleet.offer(rate, seconds));
  await series('all it takes', () => fleet.saturate(LOAD_PLAN.unanswered, LOAD_PLAN.fullSeconds));
  await fleet.close();
}
