/** Named bounds of the translator to V1; docs/LIMITS.md lists them. Times are in milliseconds. */
export const TRANSLATOR_TO_V1_LIMITS = {
  /** How often time limits are looked at. */
  tickMs: 250,
  /** What a single step of the clock counts for at most: it may have been set, or the machine has slept. */
  longestStepMs: 10_000,
  /** Infos and warnings that pools provoke; those beyond are for debugging only. */
  poolLinesPerMinute: 120,
  /** Jobs of a pool whose ids are remembered, in case that they come again for others. */
  jobIds: 64,
  /** How often devices' hashrate is looked at, for how easy the pool's shares may be for them. */
  hashrateMs: 5_000,
  /** Shares that the pool has not answered, remembered to match its answers; as many as a V1 session remembers. */
  unansweredShares: 10_000,
  /** Shares for a pool that is away, kept in case that it goes on with the same extranonce1; the easiest gives way. */
  heldShares: 1_000,
  /** Jobs that cannot be mined, in a row, after which a pool is left. */
  unusableJobs: 8,
  /** Worker names that are authorised on one connection to a pool; others go under the configured user. */
  workers: 256,
  /** Users whose shares at the pool are counted one by one. */
  users: 256,
  /** Hashes per second that a channel is believed to have before it has shown any. */
  mostStated: 1e15,
  /** Shares a second of all devices, beyond which a pool's difficulty is too easy to be passed on to them. */
  sharesPerSecond: 250,
} as const;
