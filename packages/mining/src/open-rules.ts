import { compareTargets, targetFromDifficulty, targetFromHashrate } from '@sv2kit/bitcoin';
import type { OpenChannelErrorCode } from './codes.ts';
import { MAX_FULL_EXTRANONCE_SIZE } from './limits.ts';

/** How a server sets targets. Difficulties are relative to the difficulty-1 target. */
export interface TargetPolicy {
  /** Wanted share rate of one channel. */
  readonly sharesPerMinute: number;
  /** No channel gets an easier target. */
  readonly minDifficulty: number;
  /** No channel gets a harder one. */
  readonly maxDifficulty: number;
  /** Taken for a channel that states 0, in hashes per second. */
  readonly assumedHashrate: number;
}

export type TargetVerdict =
  | { readonly kind: 'target'; readonly target: Uint8Array }
  | { readonly kind: 'error'; readonly code: 'invalid-nominal-hashrate' | 'max-target-out-of-range' };

/**
 * The first target of a channel, or the one after UpdateChannel (§5.3.2, §5.3.7): from the stated hashrate, within the
 * server's bounds, and never above what the client can do.
 * @param nominalHashRate hashes per second; 0 stands for an empty proxy
 * @param maxTarget 32 bytes, little-endian
 */
export function targetFor(nominalHashRate: number, maxTarget: Uint8Array, policy: TargetPolicy): TargetVerdict {
  if (!Number.isFinite(nominalHashRate) || nominalHashRate < 0) {
    return { kind: 'error', code: 'invalid-nominal-hashrate' };
  }
  const hardest = targetFromDifficulty(policy.maxDifficulty);
  if (compareTargets(maxTarget, hardest) < 0) return { kind: 'error', code: 'max-target-out-of-range' };
  const hashrate = nominalHashRate === 0 ? policy.assumedHashrate : nominalHashRate;
  const wanted = targetFromHashrate(hashrate, policy.sharesPerMinute);
  const easiest = easier(maxTarget, targetFromDifficulty(policy.minDifficulty))
    ? targetFromDifficulty(policy.minDifficulty)
    : maxTarget;
  const bounded = easier(wanted, easiest) ? easiest : wanted;
  return { kind: 'target', target: easier(hardest, bounded) ? hardest : bounded };
}

export type ExtranonceVerdict =
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'error'; readonly code: OpenChannelErrorCode & 'min-extranonce-size-too-large' };

/**
 * Bytes that an extended channel may roll (§5.3.4): what it asked for, or the server's least.
 * @param least what a channel gets that asks for less; 2 bytes are 65,536 times a standard job's space
 */
export function extranonceSizeFor(minExtranonceSize: number, prefixSize: number, least: number): ExtranonceVerdict {
  const size = Math.max(minExtranonceSize, least);
  if (prefixSize + size > MAX_FULL_EXTRANONCE_SIZE) return { kind: 'error', code: 'min-extranonce-size-too-large' };
  return { kind: 'size', size };
}

function easier(a: Uint8Array, b: Uint8Array): boolean {
  return compareTargets(a, b) > 0;
}
