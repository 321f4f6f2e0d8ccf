import { difficultyOf } from '@sv2kit/payout';
import type { Cell, Reader, Row } from '../database.ts';
import { clamped, exactOf, maybeNumber, numberOf, partOf, textOf } from './cells.ts';
import { conditionOf, countOfNamed, namedWorkers, nameIn } from './names.ts';
import type {
  Listing,
  WorkerArguments,
  WorkerHistory,
  WorkerRow,
  WorkerSort,
  WorkersArguments,
  WorkPoint,
} from './types.ts';

const MINUTE_MS = 60_000;
const ORDERS: Readonly<Record<WorkerSort, string>> = {
  name: 'user_name, worker_name',
  work: 'difficulty DESC, id',
  best: 'best DESC, id',
  'last-share': 'coalesce(last_ms, 0) DESC, id',
};

export async function workers(
  reader: Reader,
  { user, sort = 'work', ...part }: WorkersArguments,
): Promise<Listing<WorkerRow>> {
  const which: Cell[] = [];
  const condition = conditionOf(reader.dialect, { user }, which);
  const [counted] = await reader.all(countOfNamed(reader.dialect, condition), which);
  const [limit, offset] = [`$${which.length + 1}`, `$${which.length + 2}`];
  const rows = await reader.all(
    `SELECT * FROM (${namedWorkers(reader.dialect, condition)}) AS named ORDER BY ${orderOf(sort)} LIMIT ${limit} OFFSET ${offset}`,
    [...which, ...partOf(part)],
  );
  return { total: numberOf(counted?.['total']), items: rows.map(workerRow) };
}

/** @throws TypeError of an order that is none: it may have come from another program */
function orderOf(sort: WorkerSort): string {
  if (!Object.hasOwn(ORDERS, sort)) throw new TypeError(`workers have no order ${sort}`);
  return ORDERS[sort];
}

export async function worker(
  reader: Reader,
  { user, worker: name = '', sinceMs = 0 }: WorkerArguments,
): Promise<WorkerHistory | undefined> {
  const which: Cell[] = [];
  const condition = conditionOf(reader.dialect, { user, worker: name }, which);
  const [row] = await reader.all(namedWorkers(reader.dialect, condition), which);
  if (row === undefined) return undefined;
  const ids = `SELECT id FROM workers WHERE ${condition}`;
  const codes = await reader.all(
    `SELECT code, CAST(sum(shares) AS BIGINT) AS shares FROM rejections WHERE worker IN (${ids}) GROUP BY code`,
    which,
  );
  const rejectedByCode = Object.fromEntries(codes.map(({ code, shares }) => [textOf(code), numberOf(shares)]));
  return { ...workerRow(row), rejectedByCode, history: await historyOf(reader, ids, which, sinceMs) };
}

/** @param ids a question for the rows of `workers`, with what it is asked with */
async function historyOf(reader: Reader, ids: string, which: readonly Cell[], sinceMs: number): Promise<WorkPoint[]> {
  const since = Math.floor(clamped(sinceMs, Number.MAX_SAFE_INTEGER) / MINUTE_MS);
  const [slice, minute] = [`$${which.length + 1}`, `$${which.length + 2}`];
  const rows = await reader.all(
    `SELECT s.minute, s.span, CAST(sum(w.shares) AS BIGINT) AS shares, ${reader.dialect.sum('w.work')} AS work,
      max(w.best) AS best
    FROM work w JOIN slices s ON s.id = w.slice
    WHERE w.worker IN (${ids}) AND w.slice >= ${slice} AND s.minute + s.span > ${minute}
    GROUP BY s.minute, s.span ORDER BY s.minute, s.span`,
    [...which, await firstSlice(reader, since), since],
  );
  return rows.map(({ minute: startMinute, span, shares, work, best }) => ({
    startMs: numberOf(startMinute) * MINUTE_MS,
    spanMs: numberOf(span) * MINUTE_MS,
    shares: numberOf(shares),
    difficulty: difficultyOf(exactOf(work)),
    bestDifficulty: numberOf(best),
  }));
}

/** Id of the first slice that reaches beyond a minute: no earlier one does. */
export async function firstSlice(reader: Reader, minute: number): Promise<number> {
  // No slice is longer than an hour, and the index is on where it begins.
  const [row] = await reader.all('SELECT min(id) AS id FROM slices WHERE minute > $1 AND minute + span > $2', [
    minute - 60,
    minute,
  ]);
  return maybeNumber(row?.['id']) ?? Number.MAX_SAFE_INTEGER;
}

export function workerRow(row: Row): WorkerRow {
  return {
    ...nameIn(row),
    accepted: numberOf(row['accepted']),
    rejected: numberOf(row['rejected']),
    work: exactOf(row['work']),
    difficulty: numberOf(row['difficulty']),
    bestDifficulty: numberOf(row['best']),
    bestAtMs: maybeNumber(row['best_ms']),
    firstSeenMs: numberOf(row['first_ms']),
    lastShareAtMs: maybeNumber(row['last_ms']),
  };
}
