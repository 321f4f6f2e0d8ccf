import type { LiveJob } from './job-book.ts';
import { FUTURE_BLOCK_MARGIN, MAX_FUTURE_BLOCK_TIME, MAX_UPSTREAM_NTIME_LEAD } from './limits.ts';
import { untouchedNtime } from './search-space.ts';

/**
 * Whether a share of a job may have this ntime (§5.3.11). Bounded by our clock, or by the time of the server's own
 * template where that is later, in case our clock is slow. What a client says of its own job moves no bound: no node
 * would take a block so far ahead. An upstream judges by its own clock, which only the time of its job tells of.
 *
 * @param ntime unix seconds
 */
export function allowsNtime({ job: { origin }, minNtime, sinceMs }: LiveJob, ntime: number, nowMs: number): boolean {
  if (ntime < minNtime) return false;
  if (origin.kind === 'upstream') {
    return ntime <= Math.max(origin.job.minNtime + MAX_UPSTREAM_NTIME_LEAD, untouchedNtime(minNtime, nowMs - sinceMs));
  }
  const base = origin.kind === 'custom' ? nowMs / 1000 : Math.max(nowMs / 1000, minNtime);
  return ntime <= base + MAX_FUTURE_BLOCK_TIME - FUTURE_BLOCK_MARGIN;
}
