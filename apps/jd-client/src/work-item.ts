import { sameBytes } from '@sv2kit/bitcoin';
import { Declaration, type JobDraft, type JobMode, ShareCache } from '@sv2kit/declaration';
import type { Job, Solution, Tip, WorkTemplate } from '@sv2kit/mining';
import type { AcceptedShare } from '@sv2kit/mining-server';
import { JD_CLIENT_LIMITS } from './limits.ts';

export interface WorkItemOptions {
  readonly mode: JobMode;
  readonly template: WorkTemplate;
  readonly tip: Tip;
  readonly draft: JobDraft;
  /** The pool's extranonce prefix. */
  readonly prefix: Uint8Array;
  /** When the template came, in unix milliseconds. */
  readonly sinceMs: number;
}

/** One job that devices mine for a pool: what is declared, how far that is, and the shares that wait for it. */
export class WorkItem {
  readonly template: WorkTemplate;
  readonly tip: Tip;
  readonly draft: JobDraft;
  readonly prefix: Uint8Array;
  readonly sinceMs: number;
  readonly declaration: Declaration;
  /** A block on it that was found before there was a token to declare it with. */
  block: Solution | undefined;
  /** Whether somebody waits for its transactions already. */
  awaited = false;
  readonly held = new ShareCache<AcceptedShare>(JD_CLIENT_LIMITS.heldShares);

  constructor({ mode, template, tip, draft, prefix, sinceMs }: WorkItemOptions) {
    this.template = template;
    this.tip = tip;
    this.draft = draft;
    this.prefix = prefix;
    this.sinceMs = sinceMs;
    this.declaration = new Declaration(mode);
  }

  /** Whether a share or block of that job and full extranonce is one of this very coinbase, for this pool's channel. */
  covers(job: Job, extranonce: Uint8Array): boolean {
    return this.isOf(job) && sameBytes(extranonce.subarray(0, this.prefix.length), this.prefix);
  }

  /** Whether that job is made of this template and has this coinbase. */
  isOf(job: Job): boolean {
    const { coinbase } = this.draft;
    return (
      job.origin.kind === 'template' &&
      job.origin.template === this.template &&
      job.extranonceSize === coinbase.extranonceSize &&
      sameBytes(job.coinbase.prefix, coinbase.prefix) &&
      sameBytes(job.coinbase.suffix, coinbase.suffix)
    );
  }
}
