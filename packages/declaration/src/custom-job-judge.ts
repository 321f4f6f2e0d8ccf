import { blockSubsidy, type Network } from '@sv2kit/bitcoin';
import type { SetCustomMiningJob } from '@sv2kit/codec';
import { type CustomJobFault, faultOf, outputsOf, statedHeight } from './custom-job-rules.ts';
import { type KnownTip, KnownTips } from './known-tips.ts';
import { DECLARATION_LIMITS } from './limits.ts';
import type { JobMode } from './mode.ts';
import { creditOf, judgeOutputs, type PayoutTerms } from './payout-rules.ts';
import { UsedTokens } from './used-tokens.ts';
import type { JobVerifier, TokenRefusal, Verification } from './verifier.ts';

/** What a {@link CustomJobJudge} goes by. */
export interface CustomJobTerms extends PayoutTerms {
  readonly verifier: JobVerifier;
  readonly network: Network;
}

/** A custom job to judge. */
export interface CustomJobRequest {
  readonly message: SetCustomMiningJob;
  /** Of the channel. */
  readonly userIdentity: Uint8Array;
  /** The channels that would work on it; a token is good once for each. */
  readonly channelKeys: readonly number[];
  /** Prefix and rolled part together, in bytes. */
  readonly fullExtranonceSize: number;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** Why a custom job is refused: codes of `SetCustomMiningJob.Error` (§5.3.20). */
export type CustomJobRefusal =
  | TokenRefusal
  | CustomJobFault
  | 'missing-pool-payout'
  | 'missing-pool-outputs'
  | 'pool-payout-too-low';

/** The pool's answer. */
export type CustomJobVerdict =
  | {
      readonly kind: 'accepted';
      readonly mode: JobMode;
      /** 16 bytes. */
      readonly tokenId: Uint8Array;
      /** The job's own start: its minNtime is the message's. */
      readonly tip: {
        readonly prevHash: Uint8Array;
        readonly nbits: number;
        readonly minNtime: number;
        readonly target: Uint8Array;
      };
      /** The fraction of its shares' difficulty that is paid: above 0, at most 1. */
      readonly credit: number;
      /** Satoshis that the coinbase pays the pool. */
      readonly payout: bigint;
      /** Satoshis that they are measured against: what the coinbase could pay in all. */
      readonly value: bigint;
      /** Of the block it makes. */
      readonly height: number;
    }
  | { readonly kind: 'refused'; readonly code: CustomJobRefusal }
  /** On a tip that nobody has named yet: judge it again at the next one, for a few seconds. */
  | { readonly kind: 'unseen-tip' };

/**
 * The pool's side of custom jobs (§5.3.18): which it pays for, and how much. A job is believed as far as its token goes,
 * and held to the pool's outputs by itself.
 */
export class CustomJobJudge {
  readonly #terms: CustomJobTerms;
  readonly #tips = new KnownTips();
  readonly #used = new UsedTokens(DECLARATION_LIMITS.usedTokens);
  /** Messages whose tokens are good and whose tips are waited for: at a new tip, only those that it is for cost anything. */
  readonly #early = new WeakSet<SetCustomMiningJob>();

  constructor(terms: CustomJobTerms) {
    this.#terms = terms;
  }

  /** A tip that the pool's node or template source has named. Only jobs on such tips are accepted. */
  tip(tip: KnownTip): void {
    this.#tips.add(tip);
  }

  /** A token is used up by a job that is accepted, not by one that is refused or comes too early. */
  judge(request: CustomJobRequest): CustomJobVerdict {
    const { message, userIdentity, channelKeys, nowMs } = request;
    const now = Math.floor(nowMs / 1000);
    const found = this.#tips.judge(message.prevHash, statedHeight(message.coinbasePrefix));
    if (found.kind === 'unseen' && this.#early.has(message)) return { kind: 'unseen-tip' };
    const verification = this.#terms.verifier.verify(message, userIdentity, now);
    if (verification.kind === 'refused') return verification;
    const { tokenId, expires } = verification;
    if (this.#used.has(tokenId, channelKeys)) return refused('invalid-mining-job-token');
    switch (found.kind) {
      case 'stale':
        return refused('stale-chain-tip');
      case 'unseen':
        this.#early.add(message);
        return { kind: 'unseen-tip' };
      case 'live': {
        const verdict = this.#judgeOn(found.tip, request, verification, now);
        if (verdict.kind === 'accepted') this.#used.add(tokenId, channelKeys, expires, now);
        return verdict;
      }
      default:
        return found satisfies never;
    }
  }

  #judgeOn(
    tip: KnownTip,
    { message, fullExtranonceSize }: CustomJobRequest,
    { mode, tokenId, value, minNtime }: Extract<Verification, { kind: 'verified' }>,
    now: number,
  ): CustomJobVerdict {
    const outputs = outputsOf(message);
    if (outputs === undefined) return refused('invalid-coinbase-tx');
    const known = { ...tip, minNtime: tip.minNtime ?? minNtime };
    const fault = faultOf(message, outputs, known, fullExtranonceSize, now);
    if (fault !== undefined) return refused(fault);
    const paid = judgeOutputs(outputs, this.#terms);
    if (paid.kind === 'refused') return paid;
    const worth = value ?? larger(paid.total, blockSubsidy(tip.height, this.#terms.network));
    const credit = creditOf(paid.payout, worth, this.#terms.leastPayoutShare);
    if (credit === undefined) return refused('pool-payout-too-low');
    const { prevHash, nbits, target, height } = tip;
    return {
      kind: 'accepted',
      mode,
      tokenId,
      tip: { prevHash, nbits, minNtime: message.minNtime, target },
      credit,
      payout: paid.payout,
      value: worth,
      height,
    };
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function refused(code: CustomJobRefusal): { readonly kind: 'refused'; readonly code: CustomJobRefusal } {
  return { kind: 'refused', code };
}
