/** Bytes of extranonce1: the number of a miner, which tells miners apart that share a channel. */
export const MINER_INDEX_BYTES = 2;

/** Most bytes of a worker's name in a share (extension 0x0002, §1.1). */
export const MAX_WORKER_NAME = 32;

/** Most bytes of a channel's user_identity (STR0_255). */
export const MAX_CHANNEL_IDENTITY = 255;

/** Named bounds of one V1 miner's channel; every one is in docs/LIMITS.md. */
export interface MinerLimits {
  /** Jobs that a share may name; the oldest gives way. Firmware holds no more. */
  readonly jobs: number;
  /** Jobs that are kept however old they are. */
  readonly assuredJobs: number;
  /** Age beyond which others are given up, in milliseconds. */
  readonly jobMs: number;
  /** Shares of one tip that are remembered, to tell duplicates. */
  readonly seenShares: number;
  /** Blocks that are remembered as long as their jobs; beyond it a stale job yields no more. */
  readonly blocks: number;
}

export const MINER_LIMITS: MinerLimits = {
  jobs: 16,
  assuredJobs: 3,
  jobMs: 600_000,
  seenShares: 65_536,
  blocks: 1_024,
};
