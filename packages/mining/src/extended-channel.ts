import { ServerChannel, type ChannelOptions } from './channel.ts';
import type { LiveJob } from './job-book.ts';
import type { Share } from './share.ts';

const HASH = new Uint8Array(32);
const NONE = new Uint8Array(0);

/** A server's side of an extended channel (§5.2.2): the client rolls the extranonce behind the prefix. */
export class ExtendedChannel extends ServerChannel {
  readonly kind = 'extended' as const;
  /** Bytes that the client rolls. */
  readonly extranonceSize: number;

  constructor(options: ChannelOptions & { readonly extranonceSize: number }) {
    super(options);
    this.extranonceSize = options.extranonceSize;
  }

  get fullExtranonceSize(): number {
    return this.extranoncePrefix.length + this.extranonceSize;
  }

  protected accepts(share: Share): boolean {
    return share.type === 'SubmitSharesExtended';
  }

  protected hasRightSize(share: Share): boolean {
    return rolled(share).length === this.extranonceSize;
  }

  protected hash(job: LiveJob, share: Share): Uint8Array {
    return job.work.hasher.hash(job.prefix, rolled(share), share.version, share.ntime, share.nonce, HASH);
  }

  protected extranonce(job: LiveJob, share: Share): Uint8Array {
    const extranonce = new Uint8Array(job.job.extranonceSize);
    extranonce.set(job.prefix);
    extranonce.set(rolled(share), job.prefix.length);
    return extranonce;
  }
}

function rolled(share: Share): Uint8Array {
  return share.type === 'SubmitSharesExtended' ? share.extranonce : NONE;
}
