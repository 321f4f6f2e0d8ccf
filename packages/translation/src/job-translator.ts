import { sameBytes } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';
import { Sv1JobIds } from '@sv2kit/sv1';
import type { MinerChannel } from './miner-channel.ts';
import { TranslatedJob } from './translated-job.ts';

/** Jobs whose translation is remembered: those of the groups that get theirs in turn. */
const REMEMBERED = 16;
/** How old a refreshed job may be for another miner to get it too, in milliseconds. */
const SHARED_MS = 5_000;
/**
 * Seconds by which the ntime of a job may run ahead of the clock, so that no miner that has it sent again and again spoils
 * it for the others; and the least pause until it goes on nevertheless, in milliseconds.
 */
const MOST_AHEAD = 60;
const AHEAD_PAUSE_MS = 30_000;

interface Known {
  readonly work: Work;
  readonly job: TranslatedJob;
}

/**
 * Makes V1 jobs of V2 ones, each once: the channels of a group share the bytes of its messages (`ownMessages` of
 * `ChannelClient`), and so their miners share one {@link TranslatedJob}.
 */
export class JobTranslator {
  readonly #ids: Sv1JobIds;
  #known: Known[] = [];

  /** @param ids shared by all that give jobs to the same miners */
  constructor(ids: Sv1JobIds = new Sv1JobIds()) {
    this.#ids = ids;
  }

  /**
   * @param nowMs unix time in milliseconds
   * @throws BitcoinError `bad-nbits`, `bad-coinbase`: an upstream that says such is of no use
   */
  translate(work: Work, nowMs: number): TranslatedJob {
    const known = this.#known.find((each) => isSameJob(each.work, work));
    if (known !== undefined) return known.job;
    const twin = this.#known.find((each) => isSameSpace(each.work, work))?.job;
    const job = TranslatedJob.of(work, this.#ids.next(), nowMs, twin);
    this.#known = [{ work, job }, ...this.#known.slice(0, REMEMBERED - 1)];
    return job;
  }

  /**
   * A job as a miner can be given it: under another id where it has had this one, on a channel that was closed and opened
   * anew. ESP-Miner takes a repeated id for no news, and would go on with the old channel's prefix.
   */
  unseen(job: TranslatedJob, miner: Pick<MinerChannel<unknown>, 'has'>, nowMs: number): TranslatedJob {
    if (!miner.has(job.id)) return job;
    const next = this.refresh(job, nowMs);
    return miner.has(next.id) ? this.#refreshed(next, nowMs) : next;
  }

  /**
   * The miner's job once more, see {@link TranslatedJob.refreshed}; one that other miners have just got, where there is one.
   * One that has been sent again so often that its ntime runs ahead of the clock has to wait: the miner's own job may come
   * back.
   *
   * @param job the latest that the miner has
   */
  refresh(job: TranslatedJob, nowMs: number): TranslatedJob {
    const { newest } = job.source;
    if (newest === undefined) return this.#refreshed(job, nowMs);
    const age = Math.abs(nowMs - newest.sinceMs);
    if (newest.job.ntime > job.ntime && age < SHARED_MS) return newest.job;
    if (newest.job.secondsAhead(nowMs) >= MOST_AHEAD && age < AHEAD_PAUSE_MS) return newest.job;
    return this.#refreshed(newest.job, nowMs);
  }

  #refreshed(job: TranslatedJob, nowMs: number): TranslatedJob {
    const next = job.refreshed(this.#ids.next(), nowMs);
    job.source.newest = { job: next, sinceMs: nowMs };
    return next;
  }
}

/**
 * The same headers under another id, or on a channel that was opened anew: an upstream that says a job twice must not have
 * miners search it twice.
 */
function isSameSpace(a: Work, b: Work): boolean {
  if (a.space.kind !== 'extended' || b.space.kind !== 'extended') return false;
  const { merklePath } = b.space;
  return (
    sameBytes(a.prevHash, b.prevHash) &&
    sameBytes(a.space.extranoncePrefix, b.space.extranoncePrefix) &&
    sameBytes(a.space.coinbasePrefix, b.space.coinbasePrefix) &&
    sameBytes(a.space.coinbaseSuffix, b.space.coinbaseSuffix) &&
    a.space.merklePath.length === merklePath.length &&
    a.space.merklePath.every((hash, level) => sameBytes(hash, merklePath[level] as Uint8Array))
  );
}

/** By identity of what the messages share: equal bytes of other messages may be another channel's job. */
function isSameJob(a: Work, b: Work): boolean {
  if (a.space.kind !== 'extended' || b.space.kind !== 'extended') return false;
  return (
    a.jobId === b.jobId &&
    a.minNtime === b.minNtime &&
    a.prevHash === b.prevHash &&
    a.space.merklePath === b.space.merklePath &&
    a.space.coinbasePrefix === b.space.coinbasePrefix &&
    a.space.coinbaseSuffix === b.space.coinbaseSuffix
  );
}
