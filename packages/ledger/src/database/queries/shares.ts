import { difficultyFromTarget, displayHash } from '@sv2kit/bitcoin';
import { plainText } from '../apply/texts.ts';
import type { Cell, Dialect, Reader, Row } from '../database.ts';
import { bytesOf, clamped, numberOf, partOf, textOf } from './cells.ts';
import { conditionOf, nameIn, type Whose } from './names.ts';
import type { Listing, ShareRow, SharesArguments } from './types.ts';

const MINUTE_MS = 60_000;
/** Further back than this no list goes. */
const DEEPEST = 10_000;
/** Minutes of one worker that are looked at, at most, and at a time. */
const MOST_MINUTES = 10_080;
const STEP = 15;
/** Workers of a user who are no longer few. */
const MANY = 32;

/** From one unix millisecond to before another. */
type Stretch = readonly [number, number];
const ALWAYS: Stretch = [0, Number.MAX_SAFE_INTEGER];

/**
 * Shares of a few workers are looked for in the minutes in which they had any, newest first; those of many, who have some
 * in any minute, among all shares.
 */
export async function shares(reader: Reader, args: SharesArguments): Promise<Listing<ShareRow>> {
  const [limit, offset] = partOf(args);
  const start = clamped(offset, DEEPEST);
  const wanted = start + limit + 1;
  const found: Row[] = [];
  for (const stretch of await stretchesOf(reader, args)) {
    found.push(...(await sharesIn(reader, args, stretch, wanted - found.length)));
    if (found.length >= wanted) break;
  }
  return { total: found.length, items: found.slice(start, start + limit).map(shareRow) };
}

async function stretchesOf(
  reader: Reader,
  { user, worker, outcome, sinceMs, untilMs }: SharesArguments,
): Promise<Stretch[]> {
  if (user === undefined && worker === undefined) return [ALWAYS];
  const { sql, which } = workersNamed(reader.dialect, { user, worker });
  const isOfRejected = outcome !== undefined && outcome !== 'accepted';
  const few = await reader.all(`${sql} LIMIT ${MANY + 1}`, which);
  if (few.length > MANY && !isOfRejected) return [ALWAYS];
  const bounds = [minuteOf(sinceMs ?? 0), minuteOf(untilMs ?? ALWAYS[1]) + 1];
  const [from, to] = [`$${which.length + 1}`, `$${which.length + 2}`];
  const ofAccepted = `SELECT s.minute, s.span FROM slices s WHERE s.minute + s.span >= ${from} AND s.minute <= ${to}
    AND EXISTS (SELECT 1 FROM work w WHERE w.slice = s.id AND w.worker IN (${sql}))`;
  const ofRejected = `SELECT r.minute, 60 AS span FROM rejections r WHERE r.worker IN (${sql})
    AND r.minute + 60 >= ${from} AND r.minute <= ${to}`;
  const wanted = isOfRejected ? ofRejected : outcome === 'accepted' ? ofAccepted : `${ofAccepted} UNION ${ofRejected}`;
  const rows = await reader.all(`${wanted} ORDER BY 1 DESC LIMIT ${MOST_MINUTES}`, [...which, ...bounds]);
  // A share may be a minute older than its slice.
  return merged(rows.map((row) => [numberOf(row['minute']) - 1, numberOf(row['minute']) + numberOf(row['span'])]));
}

function minuteOf(timeMs: number): number {
  return Math.floor(clamped(timeMs, ALWAYS[1]) / MINUTE_MS);
}

/** Minutes, newest first, as stretches that do not overlap and are not long, newest first. */
function merged(minutes: readonly Stretch[]): Stretch[] {
  const whole: [number, number][] = [];
  for (const [from, to] of minutes.toReversed()) {
    const last = whole.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else whole.push([from, to]);
  }
  const stretches: Stretch[] = [];
  for (const [from, to] of whole.toReversed()) {
    for (let end = to; end > from; end -= STEP) {
      stretches.push([Math.max(from, end - STEP) * MINUTE_MS, end * MINUTE_MS]);
    }
  }
  return stretches;
}

function workersNamed(dialect: Dialect, whose: Whose) {
  const which: Cell[] = [];
  return { sql: `SELECT id FROM workers WHERE ${conditionOf(dialect, whose, which)}`, which };
}

async function sharesIn(reader: Reader, args: SharesArguments, [from, to]: Stretch, limit: number): Promise<Row[]> {
  const { user, worker, outcome, sinceMs = 0, untilMs = ALWAYS[1] } = args;
  const isNamed = user !== undefined || worker !== undefined;
  const named = isNamed ? workersNamed(reader.dialect, { user, worker }) : { sql: '', which: [] };
  const which = [...named.which];
  const place = (value: Cell): string => `$${which.push(value)}`;
  const first = Math.max(from, clamped(Math.ceil(sinceMs), ALWAYS[1]));
  const conditions = [
    `h.time_ms >= ${place(first)}`,
    `h.time_ms < ${place(Math.min(to, clamped(untilMs, ALWAYS[1] - 1) + 1))}`,
  ];
  // The sign keeps the index over times in use, where one over workers would read all that they ever did.
  if (isNamed) conditions.push(`+h.worker IN (${named.sql})`);
  if (outcome === 'accepted') conditions.push('h.code IS NULL');
  else if (outcome === 'rejected') conditions.push('h.code IS NOT NULL');
  else if (outcome !== undefined) conditions.push(`h.code = ${place(plainText(outcome))}`);
  return await reader.all(
    `SELECT h.*, k.user_name, k.worker_name FROM shares h JOIN workers k ON k.id = h.worker
    WHERE ${conditions.join(' AND ')} ORDER BY h.time_ms DESC, h.position DESC LIMIT ${place(limit)}`,
    which,
  );
}

function shareRow(row: Row): ShareRow {
  const hash = bytesOf(row['hash']);
  return {
    position: numberOf(row['position']),
    timeMs: numberOf(row['time_ms']),
    ...nameIn(row),
    channel: numberOf(row['channel']),
    sequenceNumber: numberOf(row['sequence_number']),
    jobId: numberOf(row['job_id']),
    code: row['code'] === null ? undefined : textOf(row['code']),
    difficulty: numberOf(row['difficulty']),
    hashDifficulty: hash === undefined ? undefined : difficultyFromTarget(hash),
    hash: hash === undefined ? undefined : displayHash(hash),
    isBlock: row['is_block'] === 1,
  };
}
