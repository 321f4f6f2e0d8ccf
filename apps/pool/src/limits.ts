/** Named bounds of the pool; docs/LIMITS.md lists them. Times are in milliseconds. */
export const POOL_LIMITS = {
  /** Blocks on declared jobs that wait for a job declarator server to come back. */
  waitingBlocks: 64,
  /** How long they wait. */
  waitingBlockMs: 600_000,
  /** A block that was pushed so shortly before the connection ended is pushed again. */
  doubtfulBlockMs: 10_000,
  /** How often each job declarator server is asked for a token, which shows whether it is in order. */
  declaratorProbeMs: 60_000,
  /** How long it may take to answer. */
  declaratorAnswerMs: 30_000,
} as const;
