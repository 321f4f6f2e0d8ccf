import type { Row } from '../../src/database/database.ts';
import type { Projection } from '../../src/database/projection.ts';
import { difficultyOf } from '@sv2kit/payout';
import { Model } from './model.ts';
import type { JournalEntry } from '../../src/index.ts';

/** Exact columns of the tables, by name: a database has them as text. */
const EXACT: ReadonlySet<string> = new Set(['work', 'round_work', 'payout', 'value']);
/** What a header or a coinbase says is no matter of the projection; a dead letter's reason is for people. */
const LEFT_OUT: ReadonlySet<string> = new Set(['revenue', 'network_difficulty', 'reason']);
const WITH_REAL: ReadonlySet<string> = new Set(['workers', 'slices', 'work']);

/** All tables as plain lines, in one order whatever the database: to be compared. */
export async function dump(projection: Pick<Projection, 'snapshot'>): Promise<Record<string, string[]>> {
  return await projection.snapshot(async (reader) => {
    const tables: Record<string, string[]> = {};
    for (const name of Object.keys(new Model([]).tables)) {
      tables[name] = lines(name, await reader.all(`SELECT * FROM ${name}`));
    }
    return tables;
  });
}

/** The same of a model. */
export function expected(entries: readonly JournalEntry[]): Record<string, string[]> {
  const { tables } = new Model(entries);
  return Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, lines(name, rows)]));
}

function lines(table: string, rows: readonly (Row | Record<string, unknown>)[]): string[] {
  return rows.map((row) => line(table, row)).toSorted();
}

function line(table: string, row: Readonly<Record<string, unknown>>): string {
  // The number to read must be the exact one's.
  const work = row['work'];
  const real = WITH_REAL.has(table) && typeof work === 'bigint' ? { difficulty: difficultyOf(work) } : {};
  const cells = Object.entries({ ...row, ...real })
    .filter(([name]) => !LEFT_OUT.has(name) || (name === 'reason' && table !== 'dead_letters'))
    .map(([name, value]) => `${name}=${cell(name, value)}`);
  return cells.toSorted().join(' ');
}

function cell(name: string, value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return EXACT.has(name) && value !== null ? String(BigInt(String(value))) : JSON.stringify(value);
}
