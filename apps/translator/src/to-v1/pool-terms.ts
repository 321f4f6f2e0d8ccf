import { meetsTarget, sameBytes, targetFromDifficulty } from '@sv2kit/bitcoin';
import type { Notify, Subscription } from '@sv2kit/sv1';
import { type DeviceShare, isWorthSubmitting, type PoolRefusal, type PoolWork } from '@sv2kit/translation';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';

/**
 * What a pool has set last. A job's shares go by what held when it came; pools differ in when a change begins to count, so
 * that what has changed since may explain a refusal.
 */
export class PoolTerms {
  difficulty: number | undefined;
  versionMask: number | undefined;
  extranonce: Pick<Subscription, 'extranonce1' | 'extranonce2Size'> | undefined;
  /** The latest job. */
  #notify: Notify | undefined;
  /** What the pool means by its ids, oldest first. */
  readonly #named = new Map<string, Notify>();
  /** The pool has refused a share for being easier than a difficulty that came after its job: others are not worth the way. */
  #appliesAtOnce = false;

  /** The pool has given a job. */
  gave(notify: Notify): void {
    this.#notify = notify;
    this.#named.delete(notify.jobId);
    this.#named.set(notify.jobId, notify);
    const [oldest] = this.#named.keys();
    if (oldest !== undefined && this.#named.size > TRANSLATOR_TO_V1_LIMITS.jobIds) this.#named.delete(oldest);
  }

  /** Whether the job's id has come again, for other work. */
  hasReplaced({ notify }: PoolWork['poolJob']): boolean {
    const named = this.#named.get(notify.jobId);
    return named !== undefined && named !== notify && !isSameWork(named, notify);
  }

  /** Whether extranonces of the job are extranonces here. */
  fits({ extranonce1, extranonce2Size }: PoolWork['poolJob']): boolean {
    const here = this.extranonce;
    return here?.extranonce2Size === extranonce2Size && sameBytes(here.extranonce1, extranonce1);
  }

  /** Whether the pool pays for a share; a block is worth the way whatever it does. */
  pays(work: PoolWork, share: Pick<DeviceShare, 'hash' | 'isBlock'>): boolean {
    if (!isWorthSubmitting(work, share)) return false;
    if (!this.#appliesAtOnce || share.isBlock || !this.#isHarderThan(work)) return true;
    return meetsTarget(share.hash, targetFromDifficulty(this.difficulty ?? 0));
  }

  /** Whether a change since the share's job may be why it was refused. */
  excuses({ poolJob }: PoolWork, refusal: PoolRefusal): boolean {
    if (refusal === 'low-difficulty' && this.#isHarderThan({ poolJob })) {
      this.#appliesAtOnce = true;
      return true;
    }
    // Some pools forget a job when they give the next, though they do not say that it is clean.
    if (refusal === 'stale' && poolJob.notify !== this.#notify) return true;
    const { versionMask, extranonce } = this;
    if (versionMask !== undefined && (poolJob.versionMask & ~versionMask) !== 0) return true;
    return extranonce !== undefined && !this.fits(poolJob);
  }

  #isHarderThan({ poolJob }: Pick<PoolWork, 'poolJob'>): boolean {
    return this.difficulty !== undefined && this.difficulty > poolJob.difficulty;
  }
}

/** Whether the same headers are shares of both. */
function isSameWork(a: Notify, b: Notify): boolean {
  return (
    a.version === b.version &&
    a.nbits === b.nbits &&
    a.merkleBranches.length === b.merkleBranches.length &&
    sameBytes(a.prevHash, b.prevHash) &&
    sameBytes(a.coinb1, b.coinb1) &&
    sameBytes(a.coinb2, b.coinb2) &&
    a.merkleBranches.every((branch, at) => sameBytes(branch, b.merkleBranches[at] ?? branch))
  );
}
