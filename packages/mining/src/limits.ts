/** Named bounds of one server-side channel; every one is in docs/LIMITS.md. */
export interface ChannelLimits {
  /** Future jobs that wait for their SetNewPrevHash; the oldest gives way. */
  readonly futureJobs: number;
  /** Jobs of past and present that a share may name; the oldest gives way. */
  readonly liveJobs: number;
  /** Bytes of the coinbases among them that the client brought; the oldest job gives way. */
  readonly ownJobBytes: number;
  /** Ids of forgotten jobs that still yield `stale-share` instead of `invalid-job-id`. */
  readonly retiredJobs: number;
  /** Shares of one tip that a channel remembers. */
  readonly seenShares: number;
  /** Search spaces of a client's own jobs on one tip whose targets a channel remembers; those beyond share one target. */
  readonly customSpaces: number;
  /** Shares on a tip that the server has not seen yet. */
  readonly heldShares: number;
  /** How long such a share waits, in milliseconds. */
  readonly heldMs: number;
  /** Blocks of one job that a channel remembers; beyond it the job yields no more. So many of forgotten jobs, too. */
  readonly blocksPerJob: number;
}

export const CHANNEL_LIMITS: ChannelLimits = {
  futureJobs: 16,
  liveJobs: 16,
  ownJobBytes: 65_536,
  retiredJobs: 64,
  seenShares: 65_536,
  customSpaces: 1_024,
  heldShares: 32,
  heldMs: 5_000,
  blocksPerJob: 1_024,
};

/** Seconds that a header's ntime may be ahead of the clock by consensus. */
export const MAX_FUTURE_BLOCK_TIME = 7_200;
/** Seconds that the server stays below that limit, for clocks that differ. */
export const FUTURE_BLOCK_MARGIN = 60;
/** Seconds that a share's ntime may lead that of an upstream's job: what the strictest pools take. */
export const MAX_UPSTREAM_NTIME_LEAD = 600;
/**
 * Most bytes that the outputs of a client's own coinbase may have: every share hashes all of them. Enough for 480
 * payouts.
 */
export const MAX_CUSTOM_OUTPUTS_SIZE = 16_384;
/** Most hashes in the merkle path of a client's own job: the smallest transactions fill a block at a depth of 15. */
export const MAX_MERKLE_PATH = 16;
/** Future jobs that a client keeps; deployed clients keep as many. */
export const CLIENT_FUTURE_JOBS = 16;
/** Jobs of the current tip that a client can still submit shares for. */
export const CLIENT_PAST_JOBS = 16;
/** Most bytes that a prefix and its extranonce may have together. */
export const MAX_FULL_EXTRANONCE_SIZE = 32;
