import { meetsTarget, sameBytes, targetFromDifficulty } from '@sv2kit/bitcoin';
import type { Notify } from '@sv2kit/sv1';
import { type DeviceShare, isWorthSubmitting, type PoolRefusal, type PoolWork } from '@sv2kit/translation';

/**
 * What a pool has set last. A job's shares go by what held when it came; pools differ in when a change begins to count, so
 * that what has changed since may explain a refusal.
 */
export class PoolTerms {
  difficulty: number | undefined;
  versionMask: number | undefined;
  extranonce1: Uint8Array | undefined;
  /** The latest job. */
  notify: Notify | undefined;
  /** The pool has refused a share for being easier than a difficulty that came after its job: others are not worth the way. */
  #appliesAtOnce = false;

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
    if (refusal === 'stale' && poolJob.notify !== this.notify) return true;
    const { versionMask, extranonce1 } = this;
    if (versionMask !== undefined && (poolJob.versionMask & ~versionMask) !== 0) return true;
    return extranonce1 !== undefined && !sameBytes(extranonce1, poolJob.extranonce1);
  }

  #isHarderThan({ poolJob }: Pick<PoolWork, 'poolJob'>): boolean {
    return this.difficulty !== undefined && this.difficulty > poolJob.difficulty;
  }
}
