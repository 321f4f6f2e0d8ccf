/** Named bounds of the role `translator`; docs/LIMITS.md lists them. Times are in milliseconds. */
export const TRANSLATOR_LIMITS = {
  /** How often clocks are looked at: difficulties, kept-alive jobs, outages, UpdateChannel. */
  tickMs: 1_000,
  /** Miners that get a job before shares are let through. */
  fanOutSlice: 128,
  /** Channels that are asked for, again after an outage, before shares are let through. */
  openSlice: 64,
  /** How long an upstream may take to open a channel, and to send its first work. */
  channelMs: 15_000,
  /** An upstream is judged by the shares that it has answered, when there are so many ... */
  judgedShares: 50,
  /** ... of at least so long a time ... */
  judgedMs: 30_000,
  /** ... without those that it rejected so shortly after a new tip: they were on their way. */
  tipGraceMs: 5_000,
  /** A miner whose channel an upstream cannot open again just now asks once more after this time. */
  putOffMs: 5_000,
  /** A channel that the upstream closed is asked for again once within this time. */
  reopenMs: 60_000,
  /** How long a miner that asked to be authorised waits for an upstream, beside an outage's own time. */
  authoriseMs: 20_000,
  /** Shares of a channel that are remembered until the upstream has answered those before them; a power of two. */
  unansweredShares: 32_768,
  /** Different codes of upstreams, and of one miner's refusals, that are counted by name. */
  codes: 64,
  /** Miners that the status lists one by one. */
  statusMiners: 256,
  /** Of those that are gone: so many by address, name and reason. */
  statusDepartures: 64,
  /** Least time between two lines of the log that tell of rejected shares. */
  rejectsMs: 10_000,
  /** Refusals to authorise after which a connection is ended. */
  refusedAuthorisations: 8,
  /** The time within which it counts how often a miner was sent away. */
  sentAwayWithinMs: 86_400_000,
  /** Miners at addresses that are remembered for it; the oldest give way. */
  sentAwayRemembered: 4_096,
  /** Workers that are remembered; who worked longest ago gives way, and nobody who works. */
  workers: 65_536,
  /** Without a share for so long, and for five times its usual, a worker is idle. */
  workerIdleMs: 300_000,
  /** Without a connection for so long, or a share and for fifteen times its usual, a worker is gone. */
  workerGoneMs: 600_000,
  /** Blocks that are listed, the latest ones. */
  blocks: 100,
  /** Shares that may come at once, as seconds of `limits.shares_per_second`. */
  burstSeconds: 10,
  /** Bytes that a share may have as a line, generously. */
  bytesOfShare: 400,
  /** Bytes a second of one connection beside its shares ... */
  bytesPerSecond: 65_536,
  /** ... and bytes that may come at once. */
  bytesAtOnce: 1_048_576,
  /** Slots of 12 bytes that the duplicate tables of all miners take together. */
  seenShareSlots: 16_777_216,
  /** Slots of one table that are there whatever the others take: a greedy miner costs no other its shares. */
  assuredShareSlots: 1_024,
  /** Sessions whose difficulty is remembered for a miner that comes back. */
  sessions: 8_192,
  /** Without new work for so long an upstream is worth a warning: pools refresh their jobs every minute. */
  staleWorkMs: 900_000,
} as const;
