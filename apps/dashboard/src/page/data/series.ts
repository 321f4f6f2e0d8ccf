import type { HistoryPoint } from './views.ts';

/** A line of a chart: x in unix seconds, y undefined where nothing is known. */
export interface Series {
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
}

/** What is measured now, to go on where the history ends. */
export interface Live {
  readonly atMs: number;
  readonly hashrate: number;
}

/** A stretch that is still running says little while it is shorter than this part of the others. */
const HALF = 0.5;

/**
 * The history as a line, each stretch at its middle, and the live value at its end. The stretch that is still running
 * is left out while it is young: a share more or less would make it jump.
 *
 * @param nowMs by the servers' clock
 */
export function hashrateSeries(
  points: readonly HistoryPoint[],
  stepSeconds: number,
  live: Live | undefined,
  nowMs: number,
): Series {
  const told = points.filter((point) => isTold(point, stepSeconds, nowMs));
  const x = told.map((point) => middleMs(point, nowMs) / 1000);
  const y: (number | null)[] = told.map((point) => point.hashrate);
  const end = x.at(-1);
  if (live !== undefined && (end === undefined || live.atMs / 1000 > end)) {
    x.push(live.atMs / 1000);
    y.push(live.hashrate);
  }
  return { x, y };
}

function isTold({ fromMs, seconds }: HistoryPoint, stepSeconds: number, nowMs: number): boolean {
  const isRunning = fromMs + stepSeconds * 1000 > nowMs;
  return !isRunning || seconds >= stepSeconds * HALF;
}

const middleMs = ({ fromMs, seconds }: HistoryPoint, nowMs: number): number => Math.min(nowMs, fromMs + seconds * 500);

/** Lowest, highest and mean of what is known; undefined when nothing is. */
export function extentOf({ y }: Series): { min: number; max: number; mean: number } | undefined {
  const known = y.filter((value): value is number => value !== null);
  if (known.length === 0) return undefined;
  const sum = known.reduce((all, value) => all + value, 0);
  return { min: Math.min(...known), max: Math.max(...known), mean: sum / known.length };
}

/** Leaves out what was before anything was mined: a new role's history is not a long line at zero. */
export function sinceFirstWork(points: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const first = points.findIndex(({ accepted, rejected = 0 }) => accepted + rejected > 0);
  return first < 0 ? [] : points.slice(Math.max(0, first - 1));
}

/** Shares of all stretches. */
export function sharesIn(points: readonly HistoryPoint[]): { accepted: number; rejected: number } {
  return points.reduce(
    (sum, { accepted, rejected = 0 }) => ({ accepted: sum.accepted + accepted, rejected: sum.rejected + rejected }),
    { accepted: 0, rejected: 0 },
  );
}
