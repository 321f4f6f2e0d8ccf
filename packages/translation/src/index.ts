/**
 * Stratum V1 and Stratum V2, each said in the other's words, without input or output: V1 miners on V2 channels, and V2
 * devices on V1 pools. Pure: no time, randomness, sockets or logging.
 *
 * A V1 miner's share on a V2 channel:
 * @example
 * ```ts
 * const job = translator.translate(work, nowMs);
 * const difficulty = miner.difficulty.next({ upstreamTarget: work.target, networkDifficulty: job.source.networkDifficulty }, nowMs);
 * miner.channel.give(job, { space, versionMask: session.versionMask, difficulty, upstreamTarget: work.target, upstream, clean }, nowMs);
 * session.sendJob(job.lineFor(space, clean), difficulty);
 *
 * const verdict = miner.channel.judge(submit, nowMs);
 * if (verdict.kind === 'accepted') miner.difficulty.accepted(verdict.work, nowMs);
 * if (verdict.kind === 'accepted' && verdict.forward?.upstream === upstream) send(upstream.share(verdict.forward));
 * ```
 *
 * @packageDocumentation
 */
export { AGGREGATE_DEMAND, Demand, type DemandPolicy, MINER_DEMAND } from './demand.ts';
export { JobTranslator } from './job-translator.ts';
export { MINER_INDEX_BYTES, MINER_LIMITS, type MinerLimits } from './limits.ts';
export { MinerChannel, type MinerChannelOptions, type ShareVerdict, type UpstreamShare } from './miner-channel.ts';
export {
  DIFFICULTY_TUNING,
  type DifficultyLimits,
  type DifficultyOptions,
  type DifficultyTuning,
  MinerDifficulty,
} from './miner-difficulty.ts';
export { MinerIndexes } from './miner-indexes.ts';
export type { JobTerms } from './miner-jobs.ts';
export { extranonce1Of, minerSpace, type MinerSpace, neededExtranonce, type SpaceVerdict } from './miner-space.ts';
export { PAYOUT_PROBLEMS, type PayoutProblem, type PayoutRule, type PayoutVerdict, verifyPayout } from './payout.ts';
export {
  coinbaseFits,
  extranonce2Fits,
  FIRMWARE_PROFILES,
  type FirmwareProfile,
  type ProfileMismatch,
  profileOf,
} from './profiles.ts';
export { type Refused, SHARE_REFUSALS, type ShareRefusal } from './refusals.ts';
export { TranslatedJob } from './translated-job.ts';
export { channelIdentity, workerOf } from './worker-name.ts';
// V2 devices on a V1 pool.
export { capacityWords, extranonceRoom, type ExtranonceRoom, type RoomWish } from './to-v1/extranonce-room.ts';
export { POOL_REFUSALS, poolRefusal, type PoolRefusal } from './to-v1/pool-refusals.ts';
export { type DeviceShare, isWorthSubmitting, poolShare, type PoolShare } from './to-v1/pool-share.ts';
export { poolUserName } from './to-v1/pool-user-name.ts';
export {
  deviceMask,
  poolWork,
  type PoolWork,
  type PoolWorkReading,
  UNUSABLE_POOL_JOB_REASONS,
  type UnusablePoolJob,
} from './to-v1/upstream-work.ts';
