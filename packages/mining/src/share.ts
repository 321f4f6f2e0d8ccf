import type { SubmitSharesExtended, SubmitSharesStandard } from '@sv2kit/codec';
import type { ShareErrorCode } from './codes.ts';
import type { Job } from './job.ts';

/** A share as it arrives (§5.3.11, §5.3.12). */
export type Share = SubmitSharesStandard | SubmitSharesExtended;

/** A block: everything that a template provider or a node needs (§7.7). */
export interface Solution {
  /** Its origin names the template, and with it the template's id. */
  readonly job: Job;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** 80 bytes. */
  readonly header: Uint8Array;
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
  /** Serialised in full, witness included. */
  readonly coinbase: Uint8Array;
  /** In full: prefix and rolled part. */
  readonly extranonce: Uint8Array;
}

/**
 * What became of a share. `work` is the difficulty that it proves, `credit` the part of it that is credited (1 but for
 * custom jobs that pay the server in part). `measured` is what tells of the channel's hashrate: the difficulty of the job
 * where the hash meets its target, else 0. A block may be easier than shares, and who sends every block and who sends
 * shares only must be measured alike. Hashes are in internal byte order.
 */
export type ShareOutcome =
  | { readonly kind: 'accepted'; readonly work: number; readonly credit: number; readonly hash: Uint8Array }
  | {
      readonly kind: 'block';
      readonly work: number;
      readonly measured: number;
      readonly credit: number;
      readonly solution: Solution;
    }
  | { readonly kind: 'rejected'; readonly code: ShareErrorCode }
  /** The server has not seen the share's tip yet; the outcome follows within `heldMs`. */
  | { readonly kind: 'held' };

/** What became of a share that was held. */
export interface SettledShare {
  readonly share: Share;
  readonly outcome: Exclude<ShareOutcome, { kind: 'held' }>;
  /** When the share arrived, in milliseconds. */
  readonly receivedAtMs: number;
}

const REJECTED = new Map<ShareErrorCode, ShareOutcome & { kind: 'rejected' }>();

/** One object per code, so that a flood of bad shares allocates nothing. */
export function rejected(code: ShareErrorCode): ShareOutcome & { kind: 'rejected' } {
  let outcome = REJECTED.get(code);
  if (outcome === undefined) {
    outcome = { kind: 'rejected', code };
    REJECTED.set(code, outcome);
  }
  return outcome;
}
