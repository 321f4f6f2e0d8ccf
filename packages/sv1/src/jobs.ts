import { utf8 } from '@sv2kit/codec';
import { type Notify, writeNotify } from './work.ts';

/** Job ids are the decimal digits of a number below this: there are miners that read them as one of 32 bits. */
const IDS = 2 ** 32;

/** Gives out V1 job ids; one comes again only after all others, since firmware takes a repeated one for no new job. */
export class Sv1JobIds {
  #last: number;

  /** @param last the number before the first id, any integer; after a restart one that has not been reached yet */
  constructor(last = 0) {
    this.#last = last % IDS;
  }

  next(): string {
    this.#last = (this.#last + 1) % IDS;
    return String(this.#last);
  }
}

/** A job as a session sends it: encoded before, or when it is asked for. */
export interface WorkLine {
  /** Whether miners shall drop the jobs that they have. */
  readonly cleanJobs: boolean;
  /** The line's bytes, shared: not to be written to. @param clean what the line says of it: a miner's first is clean */
  bytes(clean: boolean): Uint8Array;
}

/** A job encoded once for all miners that get it. */
export class JobLine implements WorkLine {
  readonly job: Notify;
  #plain: Uint8Array | undefined;
  #clean: Uint8Array | undefined;

  constructor(job: Notify) {
    this.job = job;
  }

  get cleanJobs(): boolean {
    return this.job.cleanJobs;
  }

  bytes(clean: boolean): Uint8Array {
    if (clean) return (this.#clean ??= utf8(writeNotify({ ...this.job, cleanJobs: true })));
    return (this.#plain ??= utf8(writeNotify({ ...this.job, cleanJobs: false })));
  }
}
