/** Named bounds of the job declarator client; docs/LIMITS.md lists them. Times are in milliseconds. */
export const JD_CLIENT_LIMITS = {
  /** How often time limits are looked at. */
  tickMs: 250,
  /** A look that comes later than this after the last tells of a pause of the process ... */
  lateMs: 2_000,
  /** ... and for so long nobody is judged then: answers that have come meanwhile are heard first. */
  hearMs: 1_000,
  /** Shares of one job that wait for its acknowledgement; the easiest gives way. */
  heldShares: 1_000,
  /** Shares that the pool has not answered, remembered to match its answers. */
  unansweredShares: 10_000,
  /** Jobs that shares and blocks are still matched with, latest first. */
  keptJobs: 32,
  /** UpdateChannel upstream, at most this often. */
  updateMs: 3_000,
  /** And the first one that says of any device at all. */
  firstUpdateMs: 1_000,
  /** A job is set at the pool again, for an easier target, at most this often. */
  rebindMs: 2_000,
  /** And when the job's own target is so many times as hard. */
  rebindFactor: 1.5,
  /** Part by which the hashrate must change to be worth an UpdateChannel. */
  updateStep: 0.1,
  /** How often the outputs of a pool that is not mined for are asked for, until they are known. */
  probeMs: 60_000,
  /** Allocated outputs with more bytes are no pool's: they would empty the miner's blocks. */
  outputBytes: 10_000,
  /** And with more sigops. */
  outputSigops: 2_000,
  /** A target harder than this difficulty is none: the whole network would seek a share for days. */
  mostDifficulty: 1e18,
  /** Shares a second of all devices, beyond which a pool's target is too easy to be passed on to them. */
  sharesPerSecond: 250,
  /** New outputs and extranonce prefixes of one connection that are obeyed ... */
  changes: 8,
  /** ... within this time. */
  changesMs: 60_000,
  /** How often one declaration's transactions may be asked for. */
  questions: 4,
  /** How long a pair that was left for a better one stays connected, for shares that are on their way. */
  lingerMs: 5_000,
  /** How long templates made for a smaller room may be under way. */
  underWayMs: 2_000,
  /** How long a larger room for outputs may take to come with a template. */
  roomMs: 10_000,
  /** Bytes of an upstream's extranonce that tell this client's channels apart. */
  indexBytes: 2,
  /** Templates whose transactions are kept for declarations and blocks. */
  templatesWithTransactions: 12,
  /** Transaction ids that are worked out in one turn of the loop. */
  hashesAtOnce: 256,
  /** Solutions that wait for a job declarator server that is away. */
  waitingPushes: 8,
  /** How long they wait. */
  waitingPushMs: 60_000,
  /** Answers to SetCustomMiningJob that are waited for; the oldest is forgotten. */
  unansweredJobs: 64,
  /** Different codes of peers that are counted by name. */
  codes: 64,
} as const;
