import { silentLogger, systemClock } from '@sv2kit/daemon';
import type { BlockPayoutRow, Ledger } from '@sv2kit/ledger';
import type { MonitorEvent } from '@sv2kit/monitor';
import { expect, test } from 'vitest';
import { DueWatch } from '../src/payout/due-watch.ts';

const START_MS = 1_800_000_000_000;
type Row = Pick<BlockPayoutRow, 'block' | 'height' | 'state' | 'sinceMs' | 'owed' | 'owedAccounts'>;

function watching() {
  const world = { nowMs: START_MS, rows: [] as Row[], kind: 'ok', fails: false, events: [] as MonitorEvent[] };
  const ledger = {
    get state() {
      return { kind: world.kind };
    },
    query: async () => {
      if (world.fails) throw new Error('away');
      return { total: world.rows.length, items: world.rows };
    },
  } as unknown as Ledger;
  const clock = { ...systemClock, now: () => world.nowMs };
  const events = { emit: (event: MonitorEvent) => void world.events.push(event) };
  const watch = new DueWatch({ ledger, events, clock, log: silentLogger });
  const look = async () => {
    world.nowMs += 30_000;
    watch.tick();
    await new Promise((resolve) => setImmediate(resolve));
    return world.events.splice(0);
  };
  return { world, look };
}

const row = (changes: Partial<Row> = {}): Row => ({
  block: 'aa',
  height: 7,
  state: 'due',
  sinceMs: START_MS + 1,
  owed: 500n,
  owedAccounts: 2,
  ...changes,
});

test('what a block owes is told once, when it is due', async () => {
  const { world, look } = watching();
  world.rows = [row({ state: 'pending' })];
  expect(await look()).toEqual([]);
  world.rows = [row()];
  expect(await look()).toEqual([{ type: 'payouts-due', hash: 'aa', height: 7, amount: 500, accounts: 2 }]);
  expect(await look()).toEqual([]);
});

test('old news, what coinbases have paid, and what was reversed are not told', async () => {
  const { world, look } = watching();
  world.rows = [row({ sinceMs: START_MS - 1 }), row({ owed: 0n }), row({ state: 'orphaned' })];
  expect(await look()).toEqual([]);
});

test('while the database is away nothing is told, and all of it later', async () => {
  const { world, look } = watching();
  world.rows = [row({ block: 'bb', height: undefined }), row()];
  world.kind = 'behind';
  expect(await look()).toEqual([]);
  world.kind = 'ok';
  world.fails = true;
  expect(await look()).toEqual([]);
  world.fails = false;
  expect(await look()).toEqual([
    { type: 'payouts-due', hash: 'aa', height: 7, amount: 500, accounts: 2 },
    { type: 'payouts-due', hash: 'bb', amount: 500, accounts: 2 },
  ]);
});
