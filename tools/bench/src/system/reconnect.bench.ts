// Miners that all come back at once: handshakes a second of one listener, and what its event loop feels meanwhile.
// node tools/bench/src/system/reconnect.bench.ts [--peers 1000] [--runs 10] [--profile DIR]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openFleet } from '../load/fleet.ts';
import { handshakeBurst } from '../load/handshake-burst.ts';
import { needOpenFiles } from '../load/open-files.ts';
import type { Usage } from '../load/inside.ts';
import type { PlacedProcess } from '../load/placed-process.ts';
import { startPool } from '../load/pool-process.ts';
import { templateSource } from '../load/template-source.ts';
import { spread } from '../samples.ts';
import { Table } from '../table.ts';

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '10' },
    profile: { type: 'string' },
  },
});
const [peers, runs] = [Number(values.peers), Number(values.runs)];
/** Between bursts: closed sockets are gone, ephemeral keys are made ahead again. */
const PAUSE_MS = 1_500;

interface Run {
  readonly seconds: number;
  readonly pool: Usage;
}

/** Connects, opens a channel each, and leaves again; the first time is not counted. */
async function rounds(
  pool: PlacedProcess,
  round: () => Promise<{ seconds: number; leave(): Promise<void> }>,
): Promise<Run[]> {
  const all: Run[] = [];
  for (let run = 0; run <= runs; run += 1) {
    await sleep(PAUSE_MS);
    await pool.begin();
    const { seconds, leave } = await round();
    const usage = await pool.usage();
    if (run > 0) all.push({ seconds, pool: usage });
    await leave();
  }
  return all;
}

function report(table: Table, name: string, all: readonly Run[]): void {
  const of = (pick: (run: Run) => number, digits = 1) => spread(all.map(pick), digits);
  table.row(
    name,
    of(({ seconds }) => peers / seconds, 0),
    of(({ pool }) => pool.loopDelay.p50),
    of(({ pool }) => pool.loopDelay.p99),
    of(({ pool }) => pool.loopDelay.max),
  );
}

needOpenFiles(peers);
await using source = await templateSource();
await using pool = await startPool({ templates: source, profile: values.profile });
const { port, authority } = pool;
const table = new Table(`${peers} peers at once, ${runs} times: median (lowest–highest)`, [
  'what',
  'a second',
  'event-loop delay p50 ms',
  'p99 ms',
  'max ms',
]);
const handshakes = await rounds(pool, async () => ({
  seconds: await handshakeBurst(port, peers),
  leave: async () => {},
}));
report(table, 'handshakes answered', handshakes);
const reconnects = await rounds(pool, async () => {
  const start = performance.now();
  const fleet = await openFleet({ port, authority, connections: peers, atOnce: peers });
  return { seconds: (performance.now() - start) / 1000, leave: () => fleet.close() };
});
report(table, 'miners back at work: handshake, set-up, a channel, its first job', reconnects);
