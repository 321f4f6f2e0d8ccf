import { HASHES_PER_DIFFICULTY } from './vardiff.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Points of a history at most. */
const MOST_POINTS = 500;
/** In minutes. Each divides the day, and those below an hour the hour: so every sum has a stretch that it is of. */
const STEPS = [1, 2, 3, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1_440] as const;
/** Less than this says nothing of a rate. */
const LEAST_SPAN_MS = 10_000;

/** What was done in one stretch of time. Times are unix milliseconds, work is difficulty. */
export interface WorkSum {
  readonly startMs: number;
  /** Whole minutes. */
  readonly spanMs: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly work: number;
}

/** One stretch of a history. Work is difficulty, the hashrate hashes per second. */
export interface HistoryPoint {
  /** Unix milliseconds. */
  readonly fromMs: number;
  readonly seconds: number;
  readonly accepted: number;
  readonly rejected?: number;
  readonly work: number;
  readonly hashrate: number;
}

/** Which time a history is of, and in which stretches. */
export interface HistoryFrame {
  readonly stepMs: number;
  /** Where the first stretch begins: a multiple of the step; unix milliseconds. */
  readonly fromMs: number;
}

/** What is known of the time of a history. Times are unix milliseconds. */
export interface HistoryKnowledge {
  /** Since when there could have been work. */
  readonly sinceMs: number;
  readonly nowMs: number;
  /** Whether rejected shares are counted. */
  readonly countsRejected: boolean;
}

/** The frame of the last `hours` hours, at most 500 stretches. */
export function historyFrame(hours: number, nowMs: number): HistoryFrame {
  const minutes = hours * 60;
  // One stretch more than fit: neither the first nor the last need be whole.
  const step = STEPS.find((each) => minutes / each + 1 <= MOST_POINTS) ?? STEPS[STEPS.length - 1] ?? 1;
  const stepMs = step * MINUTE_MS;
  return { stepMs, fromMs: Math.floor((nowMs - hours * HOUR_MS) / stepMs) * stepMs };
}

/**
 * What was done in a frame, oldest first and without gaps, from where something is known on. Sums that are longer than a
 * stretch are spread evenly. The stretch at hand counts once it is ten seconds old, over what has passed of it.
 *
 * @param sums in any order; those outside are left out
 */
export function workHistory(
  sums: Iterable<WorkSum>,
  { stepMs, fromMs }: HistoryFrame,
  { sinceMs, nowMs, countsRejected }: HistoryKnowledge,
): HistoryPoint[] {
  const first = Math.max(fromMs, Math.floor(sinceMs / stepMs) * stepMs);
  const length = Math.max(0, Math.floor((nowMs - first) / stepMs) + 1);
  const stretches = Array.from({ length }, () => ({ accepted: 0, rejected: 0, work: 0 }));
  for (const { startMs, spanMs, accepted, rejected, work } of sums) {
    const parts = Math.max(1, Math.round(spanMs / stepMs));
    for (let part = 0; part < parts; part += 1) {
      const stretch = stretches[Math.floor((startMs - first) / stepMs) + part];
      if (stretch === undefined) continue;
      // Whole shares, however they are spread.
      stretch.accepted += share(accepted, part, parts);
      stretch.rejected += share(rejected, part, parts);
      stretch.work += work / parts;
    }
  }
  return stretches.flatMap((stretch, index): HistoryPoint[] => {
    const beginMs = Math.max(first + index * stepMs, Math.min(sinceMs, nowMs));
    const passedMs = Math.min(first + (index + 1) * stepMs, nowMs) - beginMs;
    if (index === length - 1 && passedMs < Math.min(LEAST_SPAN_MS, stepMs)) return [];
    const spanMs = Math.max(passedMs, LEAST_SPAN_MS);
    const { accepted, rejected, work } = stretch;
    return [
      {
        fromMs: Math.round(beginMs),
        seconds: Math.round(spanMs / 1000),
        accepted,
        ...(countsRejected ? { rejected } : {}),
        work,
        hashrate: (work * HASHES_PER_DIFFICULTY * 1000) / spanMs,
      },
    ];
  });
}

function share(count: number, part: number, parts: number): number {
  return Math.floor((count * (part + 1)) / parts) - Math.floor((count * part) / parts);
}
