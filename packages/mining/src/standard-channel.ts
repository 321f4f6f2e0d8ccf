import { hashStandardShare } from '@sv2kit/bitcoin';
import type { NewMiningJob } from '@sv2kit/codec';
import { ServerChannel } from './channel.ts';
import type { Job } from './job.ts';
import type { LiveJob } from './job-book.ts';
import type { Share } from './share.ts';

const HASH = new Uint8Array(32);

/** A server's side of a standard channel (§5.2.1): header-only mining, the prefix is the whole extranonce. */
export class StandardChannel extends ServerChannel {
  readonly kind = 'standard' as const;

  get fullExtranonceSize(): number {
    return this.extranoncePrefix.length;
  }

  /** The job as this channel's own message (§5.3.15). @param minNtime unix seconds; undefined for a future job */
  message(job: Job, minNtime: number | undefined): NewMiningJob {
    return {
      type: 'NewMiningJob',
      channelId: this.channelId,
      jobId: job.id,
      minNtime,
      version: job.version,
      merkleRoot: job.merkleRoot(this.extranoncePrefix),
    };
  }

  protected accepts(share: Share): boolean {
    return share.type === 'SubmitSharesStandard';
  }

  protected hasRightSize(): boolean {
    return true;
  }

  protected hash(job: LiveJob, share: Share): Uint8Array {
    job.header ??= job.work.header(job.job.merkleRoot(job.prefix));
    return hashStandardShare(job.header, share.version, share.ntime, share.nonce, HASH);
  }

  protected extranonce(job: LiveJob): Uint8Array {
    return job.prefix;
  }
}
