/**
 * Job declaration (§6) without input or output: the tokens through which a pool trusts declared jobs, the judgement of
 * custom jobs (§5.3.18), and the server of the protocol. Pure: no time, randomness, sockets or logging.
 *
 * A pool judges SetCustomMiningJob by the token that its job declarator server gave:
 * @example
 * ```ts
 * import { CustomJobJudge, tokenVerifier } from '@sv2kit/declaration';
 *
 * const judge = new CustomJobJudge({ verifier: tokenVerifier(key), payoutScript, requiredOutputs: [], leastPayoutShare: 0.5, network });
 * judge.tip({ prevHash, nbits, minNtime, target, height });
 * const verdict = judge.judge({ message, userIdentity, channelKeys: [7], fullExtranonceSize: 20, nowMs });
 * ```
 * @packageDocumentation
 */
export { type Commitment, commitTo, type DeclaredFields, type Disagreement } from './commitment.ts';
export {
  CustomJobJudge,
  type CustomJobRefusal,
  type CustomJobRequest,
  type CustomJobTerms,
  type CustomJobVerdict,
} from './custom-job-judge.ts';
export type { KnownTip } from './known-tips.ts';
export { DECLARATION_LIMITS, type DeclarationLimits } from './limits.ts';
export type { JobMode } from './mode.ts';
export { allocatedOutputs, type PayoutTerms } from './payout-rules.ts';
export {
  DECLARATION_VIOLATIONS,
  type DeclarationViolation,
  DECLARE_ERRORS,
  type DeclareErrorCode,
} from './server/codes.ts';
export type { DeclarationPeer } from './server/declaration-peer.ts';
export { Declarations, type DeclarationsView } from './server/declarations.ts';
export type {
  CheckRequest,
  CheckResult,
  DeclarationEffect,
  DeclarationEvent,
  DeclaredWorth,
  SolvedJob,
  ValidBlock,
} from './server/effects.ts';
export type { Solution } from './server/job-book.ts';
export type { DeclarationsOptions, DeclarationTip } from './server/surroundings.ts';
export { openToken, sealToken, TOKEN_ID_SIZE, TOKEN_KEY_SIZE, type TokenClaims, userDigest } from './token.ts';
export { type JobVerifier, type TokenRefusal, tokenVerifier, type Verification } from './verifier.ts';
// The client's side (§6.2), for a job declarator client.
export {
  Declaration,
  DECLARATION_PATIENCE,
  type DeclarationPatience,
  type DeclarationState,
  type DropReason,
} from './client/declaration.ts';
export { type Failure, FALLBACK_REASONS, type FallbackReason, isMisconduct } from './client/fallback-reasons.ts';
export { customJobMessage, declareMessage, draftJob, type JobDraft, pushMessage } from './client/job-draft.ts';
export { PAIR_POLICY, PairChooser, type PairPlan, type PairPolicy } from './client/pair-chooser.ts';
export { type AgreedOutputs, judgeOutputs, type OutputsVerdict, pooledOutputs } from './client/pool-outputs.ts';
export { REJECTION_POLICY, type RejectionPolicy, RejectionWindow } from './client/rejection-window.ts';
export { type SentShare, SentShares } from './client/sent-shares.ts';
export { ShareCache } from './client/share-cache.ts';
export { type Token, TOKEN_POLICY, type TokenPolicy, TokenStock } from './client/token-stock.ts';
