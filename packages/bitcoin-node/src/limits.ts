/** The bounds of this package, each named once. Sizes in bytes, times in ms. */
export const LIMITS = {
  /** A template of a full block is about 9 MB of JSON: every transaction in hex, with its fields. */
  maxTemplateAnswer: 32 * 1024 * 1024,
  /** Everything else this package asks for is small. */
  maxAnswer: 1024 * 1024,
  /** A call that the node answers from memory. */
  callTimeoutMs: 30_000,
  /** getblocktemplate on a busy node. */
  templateTimeoutMs: 60_000,
  /** Checking a full block on a slow disk. */
  submitTimeoutMs: 120_000,
  /** How long a block is offered to a node that is away. */
  submitDeadlineMs: 600_000,
  /** How long a long poll may take to answer once the tip is known to have changed. */
  longPollGraceMs: 1_000,
  /** Tips that wait for a reader; the oldest go first. */
  maxWaitingTips: 16,
  /** First pause before a node that is away is tried again; it doubles, with jitter. */
  backOffFirstMs: 250,
  /** Longest such pause. */
  backOffMaxMs: 10_000,
} as const;
