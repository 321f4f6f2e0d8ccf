import type { SetNewPrevHash } from '@sv2kit/codec';
import type { ClientJob, Work } from './client-work.ts';
import type { Keep } from './own-message.ts';
import { CLIENT_FUTURE_JOBS, CLIENT_PAST_JOBS } from './limits.ts';

interface ClientTip {
  readonly prevHash: Uint8Array;
  readonly nbits: number;
}

/** The jobs of one channel as its client keeps them: by id, the last writer wins. */
export class ClientJobs {
  readonly #channelId: number;
  readonly #futures = new Map<number, ClientJob>();
  readonly #known = new Map<number, Work>();
  #tip: ClientTip | undefined;
  #current: Work | undefined;

  constructor(channelId: number) {
    this.#channelId = channelId;
  }

  /** What to mine now. */
  get current(): Work | undefined {
    return this.#current;
  }

  /** Work of the current tip, the latest job's or an older one's. */
  find(jobId: number): Work | undefined {
    return this.#known.get(jobId);
  }

  addFuture(job: ClientJob): void {
    this.#futures.delete(job.jobId);
    this.#futures.set(job.jobId, job);
    keep(this.#futures, CLIENT_FUTURE_JOBS);
  }

  /** @returns undefined when no prev-hash has come yet */
  addActive(job: ClientJob, minNtime: number, target: Uint8Array, nowMs: number): Work | undefined {
    if (this.#tip === undefined) return undefined;
    return this.#start(job, this.#tip, minNtime, target, nowMs);
  }

  /** Every job but the named one is void (§5.3.17). @returns undefined when that is no future job: nothing is left */
  activate(message: SetNewPrevHash, target: Uint8Array, nowMs: number, keep: Keep): Work | undefined {
    const job = this.#futures.get(message.jobId);
    this.#tip = { prevHash: keep(message.prevHash), nbits: message.nbits };
    this.#futures.clear();
    this.#known.clear();
    this.#current = undefined;
    if (job === undefined) return undefined;
    return this.#start(job, this.#tip, message.minNtime, target, nowMs);
  }

  #start(job: ClientJob, tip: ClientTip, minNtime: number, target: Uint8Array, nowMs: number): Work {
    const work = { ...job, channelId: this.#channelId, ...tip, minNtime, receivedAtMs: nowMs, target };
    this.#known.delete(job.jobId);
    this.#known.set(job.jobId, work);
    keep(this.#known, CLIENT_PAST_JOBS);
    this.#current = work;
    return work;
  }
}

function keep(jobs: Map<number, unknown>, count: number): void {
  const [oldest] = jobs.keys();
  if (jobs.size > count && oldest !== undefined) jobs.delete(oldest);
}
