import { difficultyOf } from '@sv2kit/payout';
import type { Reader, Row } from '../database.ts';
import { clamped, exactOf, maybeNumber, numberOf, textOf } from './cells.ts';
import { userIn } from './names.ts';
import type { SeedAnswer, SeedArguments, SeedWorker, WorkerRow } from './types.ts';
import { firstSlice, workerRow } from './workers.ts';

const MINUTE_MS = 60_000;
const MOST = 1000;

/** Where what is left out begins: channels and records from a position on. */
export interface Border {
  readonly position: number;
  /** The first slice that may have something of it. */
  readonly slice: number;
}
const NOTHING_LEFT_OUT: Border = { position: Number.MAX_SAFE_INTEGER, slice: Number.MAX_SAFE_INTEGER };

export async function seed(reader: Reader, args: SeedArguments): Promise<SeedAnswer> {
  const limit = Math.max(1, clamped(args.limit ?? MOST, MOST));
  const rows = await reader.all(
    `SELECT k.*, (${firstOfName(reader)}) AS seen_ms FROM workers k
    WHERE k.id > $1 AND coalesce(k.last_ms, k.first_ms) >= $2 ORDER BY k.id LIMIT $3`,
    [args.after ?? 0, args.sinceMs, limit],
  );
  const [first, last] = [numberOf(rows[0]?.['id']), numberOf(rows.at(-1)?.['id'])];
  const border = await borderOf(reader, args.before);
  const minutes = await minutesOf(reader, [first, last], args, border);
  const codes = await codesOf(reader, [first, last], border);
  const later = await laterOf(reader, [first, last], border);
  const items: SeedWorker[] = [];
  for (const row of rows) {
    const id = numberOf(row['id']);
    const sums = later.get(id);
    const earlier = sums === undefined ? workerRow(row) : await without(reader, row, sums, border);
    const rejectedByCode = codes.get(id) ?? {};
    const rejected = Object.values(rejectedByCode).reduce((sum, count) => sum + count, 0);
    // One of whom nothing is left is no worker yet.
    if (earlier.accepted === 0 && rejected === 0) continue;
    const firstSeenMs = Math.min(earlier.firstSeenMs, maybeNumber(row['seen_ms']) ?? earlier.firstSeenMs);
    items.push({
      ...earlier,
      ...identityIn(row),
      firstSeenMs,
      rejected,
      rejectedByCode,
      minutes: Float64Array.from(minutes.get(id) ?? []),
    });
  }
  return { items, next: rows.length < limit ? undefined : last };
}

/** Asks when a channel of the name was first seen whose shares name it (extension 0x0002): without shares, it is not seeded. */
function firstOfName({ dialect }: Reader): string {
  return `SELECT g.first_ms FROM workers g
    WHERE k.worker_name <> '' AND g.user_name = ${userIn(dialect, 'k.user_name')} || '.' || k.worker_name AND g.worker_name = ''`;
}

function identityIn(row: Row): { readonly user: string; readonly worker: string } {
  return { user: textOf(row['user_name']), worker: textOf(row['worker_name']) };
}

/** What runs of an epoch and later ones did begins with the first of them. */
export async function borderOf(reader: Reader, before: number | undefined): Promise<Border> {
  if (before === undefined) return NOTHING_LEFT_OUT;
  const [run] = await reader.all('SELECT min(id) AS id FROM runs WHERE boot_epoch >= $1', [before]);
  const position = maybeNumber(run?.['id']);
  if (position === undefined) return NOTHING_LEFT_OUT;
  // A slice goes on across a restart.
  const [slice] = await reader.all('SELECT max(id) AS id FROM slices WHERE id <= $1', [position]);
  return { position, slice: maybeNumber(slice?.['id']) ?? position };
}

type Range = readonly [number, number];

async function minutesOf(reader: Reader, workers: Range, { sinceMs }: SeedArguments, { position }: Border) {
  const since = Math.floor(sinceMs / MINUTE_MS);
  const rows = await reader.all(
    `SELECT w.worker, s.minute, sum(w.difficulty) AS difficulty FROM workers k
    JOIN work w ON w.worker = k.id AND w.slice >= $3 JOIN slices s ON s.id = w.slice
    WHERE k.id BETWEEN $1 AND $2 AND s.minute >= $4 AND w.channel < $5
    GROUP BY w.worker, s.minute ORDER BY w.worker, s.minute`,
    [...workers, await firstSlice(reader, since), since, position],
  );
  const minutes = new Map<number, number[]>();
  for (const { worker, minute, difficulty } of rows) {
    const of = minutes.get(numberOf(worker)) ?? [];
    of.push(numberOf(minute), numberOf(difficulty));
    minutes.set(numberOf(worker), of);
  }
  return minutes;
}

async function codesOf(reader: Reader, workers: Range, { position }: Border) {
  const rows = await reader.all(
    `SELECT worker, code, CAST(sum(shares) AS BIGINT) AS shares FROM rejections
    WHERE worker BETWEEN $1 AND $2 AND channel < $3 GROUP BY worker, code ORDER BY worker, code`,
    [...workers, position],
  );
  const codes = new Map<number, Record<string, number>>();
  for (const { worker, code, shares } of rows) {
    const of = codes.get(numberOf(worker)) ?? {};
    of[textOf(code)] = numberOf(shares);
    codes.set(numberOf(worker), of);
  }
  return codes;
}

/** Sums of what is left out, by worker. */
async function laterOf(reader: Reader, workers: Range, { position, slice }: Border): Promise<Map<number, Row>> {
  const rows = await reader.all(
    `SELECT w.worker, CAST(sum(w.shares) AS BIGINT) AS shares, ${reader.dialect.sum('w.work')} AS work,
      max(w.best) AS best
    FROM work w WHERE w.slice >= $3 AND w.channel >= $4 AND w.worker BETWEEN $1 AND $2 GROUP BY w.worker`,
    [...workers, slice, position],
  );
  return new Map(rows.map((row) => [numberOf(row['worker']), row]));
}

async function without(reader: Reader, row: Row, later: Row, { position }: Border): Promise<WorkerRow> {
  const whole = workerRow(row);
  const id = numberOf(row['id']);
  const work = whole.work - exactOf(later['work']);
  const best = numberOf(later['best']) < whole.bestDifficulty ? undefined : await bestBefore(reader, id, position);
  const [last] = await reader.all(
    'SELECT time_ms FROM shares WHERE worker = $1 AND position < $2 AND code IS NULL ORDER BY position DESC LIMIT 1',
    [id, position],
  );
  return {
    ...whole,
    accepted: whole.accepted - numberOf(later['shares']),
    work,
    difficulty: difficultyOf(work),
    // When it was is not kept but of the very best.
    ...(best === undefined ? {} : { bestDifficulty: best, bestAtMs: undefined }),
    lastShareAtMs: maybeNumber(last?.['time_ms']),
  };
}

/** Only of a worker whose best share of all is among what is left out. */
async function bestBefore(reader: Reader, worker: number, position: number): Promise<number> {
  const [row] = await reader.all('SELECT max(best) AS best FROM work WHERE worker = $1 AND channel < $2', [
    worker,
    position,
  ]);
  return numberOf(row?.['best']);
}
