import { join } from 'node:path';
import { MAX_TARGET } from '@sv2kit/bitcoin';
import { type DatabaseOptions, Reports, type Verification, verifyLedger } from '@sv2kit/ledger';
import { expect } from 'vitest';
import { type Lab, type RoleProcess, TestMiner } from '../src/index.ts';
import { recorded, shareKey } from './recorded.ts';
import { loadUntilTheEnd, type Told } from './share-load.ts';

type ReportedDatabase = Exclude<DatabaseOptions, { readonly kind: 'none' }>;

/** Any hash is a share. */
export const EVERY_HASH = { nominalHashRate: 1, maxTarget: MAX_TARGET };
const LOOK_MS = 50;
const CATCH_UP_MS = 30_000;

/** A pool as a process of its own, and where its ledger is. */
export interface LedgerPool {
  readonly process: RoleProcess;
  readonly dataDir: string;
  connect(): Promise<TestMiner>;
}

/** What a scenario's pool is like: one that any hash is a share for, and that mines no block. */
export const poolWishes = (templateProvider: string, dataDir: string, more = '') => ({
  templateProviders: [templateProvider],
  dataDir,
  submitsToNode: false,
  minDifficulty: 1e-12,
  // However many shares there are: else each soon takes minutes.
  maxDifficulty: 1e-9,
  sharesPerMinute: 1e6,
  more,
});

/** Resolves when the pool has work; with the same folder it goes on with the same ledger. */
export async function withWork(lab: Lab, process: RoleProcess, dataDir: string): Promise<LedgerPool> {
  const port = await process.port();
  await process.log.line('condition met', ({ condition }) => condition === 'templates');
  return { process, dataDir, connect: () => TestMiner.connect({ port, authority: lab.authority.publicKey }) };
}

/** Miners that submit until their pool ends. */
export interface Load {
  readonly miners: readonly TestMiner[];
  /** What each channel was told. */
  readonly told: Promise<readonly Told[]>;
}

/** Channels of both kinds submit until the pool ends. @param onSent - called behind each share */
export async function startLoad(pool: LedgerPool, onSent: () => void = () => {}): Promise<Load> {
  const miners = await Promise.all([pool.connect(), pool.connect()]);
  const [one, other] = miners;
  const channels = [
    { miner: one, channel: await one.open('standard', { ...EVERY_HASH, user: 'alice.one' }) },
    { miner: one, channel: await one.open('extended', { ...EVERY_HASH, user: 'alice.two' }) },
    { miner: other, channel: await other.open('extended', { ...EVERY_HASH, user: 'bob' }) },
  ];
  const told = Promise.all(channels.map(({ miner, channel }) => loadUntilTheEnd(miner, channel, onSent)));
  // Whoever waits for it is told.
  told.catch(() => {});
  return { miners, told };
}

/** Resolves at the end of the pool. */
export async function load(pool: LedgerPool, onSent?: () => void): Promise<readonly Told[]> {
  return await (await startLoad(pool, onSent)).told;
}

export const acknowledgedOf = (told: readonly Told[]): number =>
  told.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);

/** The SQLite database of a data_dir. */
export const sqliteIn = (dataDir: string): ReportedDatabase => ({
  kind: 'sqlite',
  file: join(dataDir, 'ledger.sqlite'),
});

/** Resolves when the database holds what the journal held when it was asked. */
export async function caughtUp(dataDir: string, database: ReportedDatabase): Promise<void> {
  const { journals } = await verifyLedger({ directory: dataDir });
  const last = journals[0]?.lastPosition ?? 0;
  const until = Date.now() + CATCH_UP_MS;
  for (;;) {
    const position = await positionOf(database);
    if (position >= last) return;
    if (Date.now() > until) throw new Error(`the database is at record ${position} of ${last}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** 0 while it cannot be asked. */
async function positionOf(database: ReportedDatabase): Promise<number> {
  try {
    await using reports = new Reports(database);
    return (await reports.query('totals', {})).position;
  } catch {
    return 0;
  }
}

/** Each share that anybody saw acknowledged is in journal and database once, and their sums are the same. */
export async function expectEveryAcknowledged(
  dataDir: string,
  database: ReportedDatabase,
  told: readonly Told[],
): Promise<Verification> {
  await using reports = new Reports(database);
  const verification = await verifyLedger({ directory: dataDir, snapshot: (run) => reports.snapshot(run) });
  expect(verification.findings).toEqual([]);
  const rows = await sharesOf(reports);
  const journal = await recorded(join(dataDir, 'journal'));
  for (const { prefix, acknowledged } of told) {
    const keys = acknowledged.map(({ sequenceNumber }) => shareKey(prefix, sequenceNumber));
    expect(keys.filter((key) => rows.get(key) !== 1)).toEqual([]);
    expect(keys.filter((key) => journal.shares.get(key)?.length !== 1)).toEqual([]);
  }
  expect(rows.size).toBe(journal.count);
  return verification;
}

/** How often each share is in the database, by what the outside knows of it. */
async function sharesOf(reports: Reports): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  await reports.snapshot(async (reader) => {
    const rows = await reader.all(
      `SELECT channels.extranonce_prefix, shares.sequence_number FROM shares
       JOIN channels ON channels.id = shares.channel WHERE shares.code IS NULL`,
    );
    for (const { extranonce_prefix: prefix, sequence_number: sequenceNumber } of rows) {
      const key = shareKey(Buffer.from(prefix as Uint8Array).toString('hex'), Number(sequenceNumber));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  });
  return counts;
}

/** Park-Miller. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
