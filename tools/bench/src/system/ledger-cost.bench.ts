// What the ledger's database and being watched cost a pool: the same load on pools that differ in nothing else, turn by turn.
// node tools/bench/src/system/ledger-cost.bench.ts [--channels 100,1000] [--rate 10000] [--rounds 7] [--seconds 4] [--postgres URL]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Fleet, openFleet } from '../load/fleet.ts';
import { LOAD_PLAN, type LoadResult, refusals } from '../load/offered-load.ts';
import { Onlooker } from '../load/onlooker.ts';
import { needOpenFiles } from '../load/open-files.ts';
import type { PlacedProcess } from '../load/placed-process.ts';
import { type PoolDatabase, startPool } from '../load/pool-process.ts';
import type { Usage } from '../load/inside.ts';
import { type TemplateSource, templateSource } from '../load/template-source.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    channels: { type: 'string', default: '100,1000' },
    rate: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    postgres: { type: 'string' },
  },
});
const [rate, rounds, seconds] = [Number(values.rate), Number(values.rounds), Number(values.seconds)];

interface Variant {
  readonly name: string;
  readonly database: PoolDatabase;
  readonly watched: boolean;
}
const { postgres } = values;
const VARIANTS: readonly Variant[] = [
  { name: 'journal alone, nobody looks', database: { kind: 'none' }, watched: false },
  { name: 'journal and SQLite', database: { kind: 'sqlite' }, watched: false },
  { name: 'journal, watched', database: { kind: 'none' }, watched: true },
  { name: 'journal and SQLite, watched', database: { kind: 'sqlite' }, watched: true },
  ...(postgres === undefined
    ? []
    : [
        {
          name: 'journal and PostgreSQL, watched',
          database: { kind: 'postgres', url: postgres },
          watched: true,
        } as const,
      ]),
];

interface Scene extends AsyncDisposable {
  readonly variant: Variant;
  readonly pool: PlacedProcess;
  readonly fleet: Fleet;
  readonly source: TemplateSource;
}
interface Turn extends LoadResult {
  readonly pool: Usage;
}

async function open(variant: Variant, channels: number): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const source = stack.use(await templateSource());
  const pool = stack.use(await startPool({ templates: source, database: variant.database }));
  const fleet = await openFleet({ port: pool.port, authority: pool.authority, connections: channels });
  stack.defer(() => fleet.close());
  await fleet.offer(rate, LOAD_PLAN.warmUpSeconds);
  return { variant, pool, fleet, source, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** One stretch of load on one pool, on a tip of its own: a channel remembers 65,536 shares of a tip. */
async function turn(
  { variant, pool, fleet, source }: Scene,
  load: (fleet: Fleet) => Promise<LoadResult>,
): Promise<Turn> {
  const arrived = fleet.nextTip();
  source.nextTip();
  await arrived;
  await sleep(LOAD_PLAN.settleMs);
  await using onlooker = variant.watched ? new Onlooker(pool.monitoring) : undefined;
  await pool.begin();
  const result = await load(fleet);
  const usage = await pool.usage();
  if (onlooker !== undefined && onlooker.answers === 0) throw new Error('nobody has answered the onlooker');
  // What the database still has to take is not to be in the way of the next.
  await sleep(LOAD_PLAN.settleMs * 2);
  return { ...result, pool: usage };
}

/** Of the same round, so that what else the machine does is in both. */
const against = (turns: readonly Turn[], base: readonly Turn[], of: (turn: Turn) => number): string =>
  spread(
    turns.map((each, round) => (of(each) / of(base[round] ?? each)) * 100),
    1,
  );

const cpuOfShare = ({ pool, acknowledged }: Turn): number => (pool.cpuSeconds * 1e6) / acknowledged;

async function compare(title: string, scenes: readonly Scene[], load: (fleet: Fleet) => Promise<LoadResult>) {
  const table = new Table(title, [
    'pool',
    'shares/s acknowledged',
    '% of the first',
    'at the miner p99 ms',
    'pool loop busy %',
    'pool CPU µs a share, all threads',
    'refused',
  ]);
  const turns = new Map<Scene, Turn[]>(scenes.map((scene) => [scene, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first changes from round to round.
    for (let place = 0; place < scenes.length; place += 1) {
      const scene = scenes[(round + place) % scenes.length];
      if (scene !== undefined) turns.get(scene)?.push(await turn(scene, load));
    }
  }
  const [first] = scenes;
  const base = (first && turns.get(first)) ?? [];
  for (const [{ variant }, all] of turns) {
    const of = (pick: (each: Turn) => number, digits = 1) => spread(all.map(pick), digits);
    table.row(
      variant.name,
      of((each) => each.rate, 0),
      against(all, base, (each) => each.rate),
      of((each) => each.p99),
      of((each) => each.pool.loopBusy * 100, 0),
      of(cpuOfShare),
      refusals(all),
    );
  }
}

const channelCounts = values.channels.split(',').map(Number);
needOpenFiles(Math.max(...channelCounts) * VARIANTS.length);
for (const channels of channelCounts) {
  await using stack = new AsyncDisposableStack();
  const scenes: Scene[] = [];
  for (const variant of VARIANTS) scenes.push(stack.use(await open(variant, channels)));
  const rest = `, ${rounds} rounds: median (lowest–highest)`;
  await compare(`${channels} channels, ${rate} shares/s offered${rest}`, scenes, (fleet) => fleet.offer(rate, seconds));
  await compare(`${channels} channels, all they take${rest}`, scenes, (fleet) =>
    fleet.saturate(LOAD_PLAN.unanswered, LOAD_PLAN.fullSeconds),
  );
}
