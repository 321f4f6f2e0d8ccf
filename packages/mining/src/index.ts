/**
 * The mining protocol's rules (§5) without input or output: channels, jobs, the judgement of shares, extranonce leases,
 * difficulty, acknowledgements, and the client's side of a channel. Pure: no time, randomness, sockets or logging.
 *
 * A server feeds a {@link JobBoard} with templates, brings every {@link Feed} up to it, and hands shares to channels:
 * @example
 * ```ts
 * import { JobBoard, JobIds, StandardChannel, applyStep, minNtimeAt } from '@sv2kit/mining';
 *
 * const board = new JobBoard(new JobIds());
 * board.addFuture(template);
 * board.activate(template, tip, nowMs);
 * for (const step of feed.advance(board)) applyStep(step, channel, recipe, tip.minNtime, nowMs);
 * const outcome = channel.submit(share, nowMs); // accepted, block, rejected or held
 * ```
 * @packageDocumentation
 */
export { Acknowledgements, type BatchPolicy } from './acknowledgements.ts';
export { type ChannelOptions, ServerChannel } from './channel.ts';
export { ChannelClient } from './channel-client.ts';
export type { ClientAction, ClientOptions, OpenChannel, PinnedTerms } from './client-actions.ts';
export type { ClientJob, SearchSpace, Work } from './client-work.ts';
export {
  CLIENT_VIOLATIONS,
  type ClientViolation,
  CUSTOM_JOB_ERRORS,
  type CustomJobErrorCode,
  OPEN_CHANNEL_ERRORS,
  type OpenChannelErrorCode,
  SHARE_ERRORS,
  type ShareErrorCode,
  UPDATE_CHANNEL_ERRORS,
  type UpdateChannelErrorCode,
} from './codes.ts';
export { customJob, type CustomJobTerms } from './custom-job.ts';
export { ExtendedChannel } from './extended-channel.ts';
export {
  EXTRANONCE_LAYOUT,
  ExtranonceAllocator,
  type ExtranonceLease,
  type ExtranonceSpace,
  type OwnSpace,
  padPrefix,
  type UpstreamSpace,
} from './extranonce-allocator.ts';
export { Feed, type FeedStep } from './feed.ts';
export { applyStep, type ChannelSettlement, Group } from './group.ts';
export { ActiveWork, type CustomJobMode, Job, type JobOrigin, type JobParts } from './job.ts';
export {
  MAX_FUTURE_TEMPLATES,
  MAX_NTIME_ADVANCE,
  type BoardWork,
  JobBoard,
  minNtimeAt,
  WorkSource,
} from './job-board.ts';
export type { FutureJob, LiveJob } from './job-book.ts';
export { JobIds } from './job-ids.ts';
export {
  CHANNEL_LIMITS,
  type ChannelLimits,
  CLIENT_FUTURE_JOBS,
  CLIENT_PAST_JOBS,
  FUTURE_BLOCK_MARGIN,
  MAX_CUSTOM_OUTPUTS_SIZE,
  MAX_FULL_EXTRANONCE_SIZE,
  MAX_FUTURE_BLOCK_TIME,
  MAX_UPSTREAM_NTIME_LEAD,
  MAX_MERKLE_PATH,
} from './limits.ts';
export { ownMessage } from './own-message.ts';
export {
  extranonceSizeFor,
  type ExtranonceVerdict,
  targetFor,
  type TargetPolicy,
  type TargetVerdict,
  usefulDifficulty,
} from './open-rules.ts';
export { NOBODY, type Payout, payTo, type Recipe, recipeKey } from './recipe.ts';
export { stepNtime } from './search-space.ts';
export { SeenShares, ShareBudget } from './seen-shares.ts';
export type { SettledShare, Share, ShareOutcome, Solution } from './share.ts';
export { StandardChannel } from './standard-channel.ts';
export type { Tip, UpstreamJob, WorkInput, WorkTemplate } from './template.ts';
export { templateProblem } from './template-check.ts';
export { markedTag, templateJob } from './template-job.ts';
export { type DifficultyBounds, HASHES_PER_DIFFICULTY, Vardiff } from './vardiff.ts';
export { VARDIFF_TUNING, type VardiffTuning } from './vardiff-tuning.ts';
export { historyFrame, type HistoryPoint, workHistory, type WorkSum } from './work-history.ts';
export { WorkMinutes } from './work-minutes.ts';
export { type Hashrates, type MinuteSum, WorkMeter } from './work-meter.ts';
