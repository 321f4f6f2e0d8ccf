import { compareTargets, targetFromDifficulty, targetFromHashrate } from '@sv2kit/bitcoin';
import type { OpenChannelErrorCode } from './codes.ts';
import { MAX_FULL_EXTRANONCE_SIZE } from './limits.ts';
import { HASHES_PER_DIFFICULTY, MOST_BLOCKS_PER_SECOND } from './vardiff.ts';

/** How a server sets targets. Difficulties are relative to the difficulty-1 target. */
export interface TargetPolicy {
  /** Wanted share rate of one channel. */
  readonly sharesPerMinute: number;
  /** No channel gets an easier target. */
  readonly minDifficulty: number;
  /** No channel gets a harder one, and none that can only do harder is opened. */
  readonly maxDifficulty: number;
  /** A harder target is of no use to the server: it is assigned only where the client can do no easier. */
  readonly usefulDifficulty?: number;
  /**
   * Of a block: a harder target has devices keep blocks to themselves. A channel that would then send more than
   * {@link MOST_BLOCKS_PER_SECOND} gets the target of so many. Gives way to `minDifficulty`.
   */
  readonly networkDifficulty?: number;
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
  const wanted = wantedTarget(hashrate, policy);
  const easiest = easier(maxTarget, targetFromDifficulty(policy.minDifficulty))
    ? targetFromDifficulty(policy.minDifficulty)
    : maxTarget;
  const bounded = easier(wanted, easiest) ? easiest : wanted;
  const least = harder(targetFromDifficulty(usefulDifficulty(policy)), maxTarget);
  return { kind: 'target', target: easier(least, bounded) ? least : bounded };
}

/** For the wanted rate of shares, or of blocks where they are easier. */
function wantedTarget(hashrate: number, { sharesPerMinute, networkDifficulty }: TargetPolicy): Uint8Array {
  const wanted = targetFromHashrate(hashrate, sharesPerMinute);
  if (networkDifficulty === undefined) return wanted;
  const most = hashrate / HASHES_PER_DIFFICULTY / MOST_BLOCKS_PER_SECOND;
  const eased = targetFromDifficulty(Math.max(networkDifficulty, most));
  return easier(eased, wanted) ? eased : wanted;
}

export type ExtranonceVerdict =
  | { readonly kind: 'size'; readonly size: number }
  | { readonly kind: 'error'; readonly code: OpenChannelErrorCode & 'min-extranonce-size-too-large' };

/** The hardest difficulty that a server assigns of its own accord. */
export function usefulDifficulty({ usefulDifficulty: useful, maxDifficulty }: TargetPolicy): number {
  return Math.min(useful ?? maxDifficulty, maxDifficulty);
}

/**
 * Bytes that an extended channel may roll (§5.3.4): what it asked for, or the server's least.
 * @param least what a channel gets that asks for less; 2 bytes are 65,536 times a standard job's space
 * @param largest most bytes of prefix and rolled part together
 */
export function extranonceSizeFor(
  minExtranonceSize: number,
  prefixSize: number,
  least: number,
  largest: number = MAX_FULL_EXTRANONCE_SIZE,
): ExtranonceVerdict {
  const size = Math.max(minExtranonceSize, least);
  if (prefixSize + size > largest) return { kind: 'error', code: 'min-extranonce-size-too-large' };
  return { kind: 'size', size };
}

function harder(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareTargets(a, b) < 0 ? a : b;
}

function easier(a: Uint8Array, b: Uint8Array): boolean {
  return compareTargets(a, b) > 0;
}
