import type { FeedStep } from './feed.ts';
import type { Job } from './job.ts';
import { MAX_NTIME_ADVANCE, minNtimeAt } from './job-board.ts';
import { MAX_UPSTREAM_NTIME_LEAD } from './limits.ts';

/** Seconds that a device may be ahead of what the server thinks: a message under way, and the rounding of seconds. */
const ROLL_SLACK = 2;

/** Whether two jobs make the same merkle roots of the same extranonces. */
export function sameSpace(a: Job, b: Job): boolean {
  return a === b || (a.extranonceSize === b.extranonceSize && a.space === b.space);
}

/**
 * The first ntime that no device has hashed a job's space with, when it was given that space `elapsedMs` ago. Devices
 * differ in how they walk a space: some roll the nonce and start a new merkle root or version when it is used up, ntime
 * as they were given it; others take min_ntime plus the seconds since; all start a new job at nonce 0. What they share
 * is that ntime never exceeds min_ntime plus the seconds since (§5.3.11), so that a later one is new to all of them.
 */
export function untouchedNtime(minNtime: number, elapsedMs: number): number {
  return minNtime + Math.floor(Math.max(0, elapsedMs) / 1000) + ROLL_SLACK;
}

/** What has been searched before; a channel is. */
interface Searcher {
  untouchedNtime(job: Job, prevHash: Uint8Array, nowMs: number): number | undefined;
}

/**
 * The min_ntime of a step that is sent now: the tip's, moved on by the time since, not below an upstream's, and beyond what the addressee has
 * searched already where the job is no new space to it. Unix seconds; 0 for a future job, which has none.
 * @returns undefined for a job that can be left out and would only lead to duplicates
 */
export function stepNtime(step: FeedStep, job: Job, addressee: Iterable<Searcher>, nowMs: number): number | undefined {
  if (step.kind === 'future') return 0;
  const { tip } = step.work;
  const isUpstream = job.origin.kind === 'upstream';
  const earliest = isUpstream ? Math.max(tip.minNtime, job.origin.job.minNtime) : tip.minNtime;
  // An upstream keeps its own time in its jobs: only a clock that was set is far ahead of it.
  const furthest = isUpstream ? earliest + MAX_UPSTREAM_NTIME_LEAD / 2 : Infinity;
  let untouched = Math.max(earliest, Math.min(furthest, minNtimeAt(step.work, nowMs)));
  if (job.numbered) return untouched;
  const latest = earliest + MAX_NTIME_ADVANCE;
  for (const searcher of addressee) {
    untouched = Math.max(untouched, searcher.untouchedNtime(job, tip.prevHash, nowMs) ?? 0);
  }
  if (untouched <= latest) return untouched;
  return step.kind === 'active' ? undefined : latest;
}
