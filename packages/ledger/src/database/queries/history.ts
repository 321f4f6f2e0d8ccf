import type { Reader, Row } from '../database.ts';
import { clamped, maybeNumber, numberOf } from './cells.ts';
import type { HistoryAnswer, HistoryArguments, HistorySum } from './types.ts';

const MINUTE_MS = 60_000;
/** No slice is longer than an hour, and the index is on where it begins. */
const LONGEST = 60;
/** Rejected shares are kept by worker: of a longer time they are too many to be summed up while somebody waits. */
const REJECTIONS_MINUTES = 48 * 60;

export async function history(reader: Reader, { sinceMs, untilMs, stepMs }: HistoryArguments): Promise<HistoryAnswer> {
  const [since, until] = [minuteOf(sinceMs), minuteOf(untilMs)];
  const step = Math.max(1, minuteOf(stepMs));
  const [first] = await reader.all('SELECT min(minute) AS minute FROM slices');
  const firstMinute = maybeNumber(first?.['minute']);
  const accepted = await reader.all(
    `SELECT minute - minute % $1 AS minute, span, CAST(sum(shares) AS BIGINT) AS shares, sum(difficulty) AS difficulty
    FROM slices WHERE minute > $2 AND minute + span > $3 AND minute <= $4 GROUP BY 1, 2 ORDER BY 1, 2`,
    [step, since - LONGEST, since, until],
  );
  const countsRejected = until - since <= REJECTIONS_MINUTES;
  const rejected = countsRejected ? await rejectedIn(reader, [step, since, until]) : [];
  return {
    firstMs: firstMinute === undefined ? undefined : firstMinute * MINUTE_MS,
    countsRejected,
    sums: [...accepted, ...rejected].map((row) => sumOf(row, step)),
  };
}

/** Hours of these stand at their first minute, and are told of it. */
function rejectedIn(reader: Reader, which: readonly [step: number, since: number, until: number]): Promise<Row[]> {
  return reader.all(
    `SELECT minute - minute % $1 AS minute, 1 AS span, CAST(sum(shares) AS BIGINT) AS rejected
    FROM rejections WHERE minute >= $2 AND minute <= $3 GROUP BY 1 ORDER BY 1`,
    which,
  );
}

/** What is shorter than a step is of the whole step by now. */
function sumOf(row: Row, step: number): HistorySum {
  return {
    startMs: numberOf(row['minute']) * MINUTE_MS,
    spanMs: Math.max(step, numberOf(row['span'])) * MINUTE_MS,
    accepted: numberOf(row['shares']),
    rejected: numberOf(row['rejected']),
    work: numberOf(row['difficulty']),
  };
}

function minuteOf(ms: number): number {
  return Math.floor(clamped(ms, Number.MAX_SAFE_INTEGER) / MINUTE_MS);
}
