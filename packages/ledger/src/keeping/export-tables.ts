import { difficultyOf } from '@sv2kit/payout';
import type { Cell, Reader, Row } from '../database/database.ts';
import { namedWorkers, nameIn } from '../database/queries/names.ts';
import type { CsvCell } from './csv.ts';
import type { ShareRange } from './export-shares.ts';

/** Rows that are asked for at once. */
const PART = 2000;
const MINUTE_MS = 60_000;

/** A table for export: what its columns are called, and its rows in order. */
export interface ExportTable {
  readonly columns: readonly string[];
  rows(reader: Reader, range: ShareRange, dataDir: string): AsyncGenerator<readonly CsvCell[]>;
}

/** Rows in the order of a key, part by part: the question takes the key so far as its first parameters. */
export async function* inParts(
  reader: Reader,
  sql: string,
  start: readonly Cell[],
  keyOf: (row: Row) => readonly Cell[],
  rest: readonly Cell[] = [],
): AsyncGenerator<Row> {
  for (let key = start; ; ) {
    const rows = await reader.all(`${sql} LIMIT ${PART}`, [...key, ...rest]);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PART) return;
    key = keyOf(last);
  }
}

/** Sums of each worker since the ledger began, whatever identities it had; of those who had a share. */
export const workersTable: ExportTable = {
  columns: [
    'user',
    'worker',
    'accepted',
    'rejected',
    'difficulty',
    'work',
    'best_difficulty',
    'best_at',
    'first_seen',
    'last_share',
  ],
  async *rows(reader) {
    // All at once: a part would have to gather the names of all identities as well.
    for (const row of await reader.all(`${namedWorkers(reader.dialect, '1 = 1')} ORDER BY id`)) {
      yield [
        ...namesOf(row),
        number(row['accepted']),
        number(row['rejected']),
        difficulty(row['work']),
        text(row['work']),
        number(row['best']),
        instant(row['best_ms']),
        instant(row['first_ms']),
        instant(row['last_ms']),
      ];
    }
  },
};

/** Accepted work by worker, channel and minute, or hour where it is old. */
export const workTable: ExportTable = {
  columns: [
    'start',
    'seconds',
    'first_position',
    'last_position',
    'ended_by_block',
    'user',
    'worker',
    'channel',
    'shares',
    'difficulty',
    'work',
    'best_difficulty',
  ],
  async *rows(reader, { sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER }) {
    const sql = `SELECT work.slice, work.worker, work.channel, work.shares, work.work, work.best, slices.minute,
      slices.span, slices.last_position, slices.ended_by, workers.user_name, workers.worker_name
      FROM work JOIN slices ON slices.id = work.slice JOIN workers ON workers.id = work.worker
      WHERE (work.slice, work.worker, work.channel) > ($1, $2, $3) AND slices.minute >= $4 AND slices.minute < $5
      ORDER BY work.slice, work.worker, work.channel`;
    const key = (row: Row): readonly Cell[] => [row['slice'] ?? 0, row['worker'] ?? 0, row['channel'] ?? 0];
    const minutes = [Math.floor(sinceMs / MINUTE_MS), Math.ceil(untilMs / MINUTE_MS)];
    for await (const row of inParts(reader, sql, [0, 0, 0], key, minutes)) {
      yield [
        new Date(number(row['minute']) * MINUTE_MS),
        number(row['span']) * 60,
        number(row['slice']),
        number(row['last_position']),
        row['ended_by'] !== null,
        ...namesOf(row),
        number(row['channel']),
        number(row['shares']),
        difficulty(row['work']),
        text(row['work']),
        number(row['best']),
      ];
    }
  },
};

/** Blocks found and what became of them, in the order in which they were found. */
export const blocksTable: ExportTable = {
  columns: [
    'hash',
    'height',
    'status',
    'status_by',
    'status_at',
    'reason',
    'found_at',
    'user',
    'worker',
    'via',
    'path',
    'revenue_satoshis',
    'network_difficulty',
    'round_shares',
    'round_difficulty',
  ],
  async *rows(reader) {
    const columns = `hash, height, status, status_by, status_ms, status_reason, found_ms, user_name, worker_name, via, path,
      revenue, network_difficulty, round_shares, round_work`;
    const sql = `SELECT ${columns} FROM blocks ORDER BY coalesce(position, 0), hash`;
    for (const row of await reader.all(sql)) {
      yield [
        hashText(row['hash']),
        maybe(row['height']),
        text(row['status']),
        text(row['status_by']),
        instant(row['status_ms']),
        text(row['status_reason']),
        instant(row['found_ms']),
        ...namesOf(row),
        text(row['via']),
        text(row['path']),
        maybe(row['revenue']),
        maybe(row['network_difficulty']),
        number(row['round_shares']),
        difficulty(row['round_work']),
      ];
    }
  },
};

/** User and worker, as everywhere. */
function namesOf(row: Row): readonly [string, string] {
  const { user, worker } = nameIn(row);
  return [user, worker];
}

const number = (cell: Cell | undefined): number => Number(cell ?? 0);
const text = (cell: Cell | undefined): string => String(cell ?? '');
const difficulty = (cell: Cell | undefined): number => difficultyOf(BigInt(text(cell) || 0));
const instant = (cell: Cell | undefined): Date | undefined =>
  cell === null || cell === undefined ? undefined : new Date(Number(cell));
/** Numbers may have come as text, which must not be taken for a text. */
const maybe = (cell: Cell | undefined): bigint | number | undefined =>
  cell === null || cell === undefined ? undefined : typeof cell === 'number' ? cell : BigInt(text(cell));

/** As people write it: reversed, hexadecimal. */
export function hashText(cell: Cell | undefined): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).reverse().toString('hex') : '';
}
