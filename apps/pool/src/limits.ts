/** Named bounds of the pool; docs/LIMITS.md lists them. Times are in milliseconds. */
export const POOL_LIMITS = {
  /** Blocks on declared jobs that wait for a job declarator server to come back. */
  waitingBlocks: 64,
  /** How long they wait. */
  waitingBlockMs: 600_000,
  /** How often each job declarator server is asked for a token, which shows whether it is in order. */
  declaratorProbeMs: 60_000,
  /** And how soon after a block, at most: the answer shows that the block has arrived. */
  pushProbeMs: 1_000,
  /** How long it may take to answer before that is trouble. */
  declaratorAnswerMs: 30_000,
  /** And before it is taken for gone: it is connected to anew, and gets the blocks that may not have arrived again. */
  declaratorSilenceMs: 120_000,
  /** How often coinbases get another split of PPLNS, at least; at every new tip too. */
  splitRefreshMs: 30_000,
  /** But a large one no more often than this many bytes a second of the journal come of it, new tips apart. */
  splitBytesPerSecond: 4_096,
  /** And how soon again while the database does not answer. */
  splitAgainMs: 2_000,
  /** Scripts of accounts that are remembered, so that their addresses are decoded once. */
  knownScripts: 16_384,
  /** How often the terms of payouts are recorded anew. */
  termsRecordMs: 86_400_000,
  /** How often it is looked whether payouts have become due. */
  dueLookMs: 30_000,
  /** And among how many of the latest blocks. */
  dueBlocks: 300,
} as const;
