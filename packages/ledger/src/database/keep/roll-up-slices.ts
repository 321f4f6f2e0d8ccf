import { difficultyOf } from '@sv2kit/payout';
import type { Database, Reader, Row, Transaction } from '../database.ts';
import { slices, work } from '../tables.ts';
import type { Border } from './border.ts';

const HOUR = 60;
/** Slices that are looked at together; a group of them is one transaction. */
const MOST = 2000;

/**
 * Makes one slice of those that follow each other within an hour, and in which no block was found but at their end: so
 * that whoever counts back from a block finds the same work as before.
 *
 * @param border slices from there on, and those of its hour, stay minutes
 * @returns how many slices have become part of another
 */
export async function rollUpSlices(database: Database, border: Border): Promise<number> {
  let merged = 0;
  for (;;) {
    const groups = groupsOf(await database.snapshot((reader) => oldSlices(reader, border)));
    if (groups.length === 0) return merged;
    for (const group of groups) {
      await database.transaction((transaction) => merge(transaction, group));
      merged += group.length - 1;
    }
  }
}

/** From the oldest on that is not yet an hour. */
async function oldSlices(reader: Reader, { position }: Border): Promise<Row[]> {
  const rows = await reader.all(
    `SELECT * FROM slices WHERE closed = 1 AND id >=
      (SELECT min(id) FROM slices WHERE closed = 1 AND span < ${HOUR} AND id < $1)
    AND id <= $1 ORDER BY id LIMIT ${MOST}`,
    [position],
  );
  const last = rows.at(-1);
  if (last === undefined || Number(last['id']) < position) return rows;
  return rows.slice(0, rows.findLastIndex((row) => hourOf(row) !== hourOf(last)) + 1);
}

/** Slices that become one, each group in order; what is an hour already is no group. */
function groupsOf(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = [];
  let last: Row | undefined;
  for (const row of rows) {
    if (last !== undefined && last['ended_by'] === null && hourOf(last) === hourOf(row)) groups.at(-1)?.push(row);
    else groups.push([row]);
    last = row;
  }
  // The last group may go on beyond what was read, unless it is all there is.
  if (rows.length === MOST && groups.length > 1) groups.pop();
  return groups.filter((group) => group.some((row) => Number(row['span']) < HOUR));
}

function hourOf(row: Row): number {
  return Math.floor(Number(row['minute']) / HOUR);
}

async function merge(transaction: Transaction, group: readonly Row[]): Promise<void> {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) return;
  const ids = [Number(first['id']), Number(last['id'])] as const;
  const sums = await transaction.all(
    `SELECT worker, channel, CAST(sum(shares) AS BIGINT) AS shares, ${transaction.dialect.sum('work')} AS work,
      max(best) AS best
    FROM work WHERE slice BETWEEN $1 AND $2 GROUP BY worker, channel`,
    ids,
  );
  await transaction.run('DELETE FROM work WHERE slice BETWEEN $1 AND $2', ids);
  await transaction.run('DELETE FROM slices WHERE id BETWEEN $1 AND $2', ids);
  const rows = sums.map((row) => ({ ...row, slice: ids[0], difficulty: difficultyOf(exact(row)) }));
  await transaction.put(work, rows);
  const shares = group.reduce((sum, row) => sum + Number(row['shares']), 0);
  const total = group.reduce((sum, row) => sum + exact(row), 0n);
  const place = { id: ids[0], minute: hourOf(first) * HOUR, span: HOUR, last_position: last['last_position'] ?? null };
  const end = { closed: 1, ended_by: last['ended_by'] ?? null };
  await transaction.put(slices, [{ ...place, shares, work: total, difficulty: difficultyOf(total), ...end }]);
}

function exact(row: Row): bigint {
  return BigInt(String(row['work']));
}
