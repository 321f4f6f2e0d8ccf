import type { Reader } from '../database/database.ts';
import { csv } from './csv.ts';
import { SHARE_COLUMNS, type ShareRange, shareRows } from './export-shares.ts';
import { duesTable, owedTable, payoutsTable } from './export-payouts.ts';
import { blocksTable, type ExportTable, workersTable, workTable } from './export-tables.ts';

/** Tables of the database that can be exported. */
const TABLES: Readonly<Record<string, ExportTable>> = {
  work: workTable,
  workers: workersTable,
  blocks: blocksTable,
  payouts: payoutsTable,
  dues: duesTable,
  owed: owedTable,
};

/** What can be exported. */
export const EXPORTS = ['shares', ...Object.keys(TABLES)] as const;

export interface ExportOptions {
  readonly dataDir: string;
  /** One of EXPORTS. */
  readonly table: string;
  readonly range: ShareRange;
  /** Asked for one state of the database; not for shares, which come from the journal. */
  readonly snapshot: (run: (reader: Reader) => Promise<void>) => Promise<void>;
  /** Takes a part of the file; the next follows when it has resolved. */
  readonly write: (part: string) => Promise<void>;
  readonly onRow?: (rows: number) => void;
}

/** Writes a table as CSV (RFC 4180), however long it is, part by part. */
export async function exportCsv({ dataDir, table, range, snapshot, write, onRow }: ExportOptions): Promise<number> {
  let count = 0;
  const counted = async function* <T>(rows: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const row of rows) {
      count += 1;
      onRow?.(count);
      yield row;
    }
  };
  if (table === 'shares') {
    for await (const part of csv(SHARE_COLUMNS, counted(shareRows(dataDir, range)))) await write(part);
    return count;
  }
  const found = TABLES[table];
  if (found === undefined) throw new Error(`${table} is no table`);
  await snapshot(async (reader) => {
    for await (const part of csv(found.columns, counted(found.rows(reader, range, dataDir)))) await write(part);
  });
  return count;
}
