/** The bounds of this package, each named once. Sizes in bytes, times in ms. */
export const LIMITS = {
  /** A template of a full block is about 9 MB of JSON: every transaction in hex, with its fields. */
  maxTemplateAnswer: 32 * 1024 * 1024,
  /** Everything else this package asks for is small. */
  maxAnswer: 1024 * 1024,
  /** Calls of one kind that a node has at once; it works on a few, and refuses what is beyond its queue of 16 or 64. */
  callsAtOnce: 8,
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
  /** Known transactions that are kept for checking jobs; the best-paying stay. */
  maxKnownTransactions: 65_536,
  /** And their bytes. */
  maxKnownBytes: 256 * 1024 * 1024,
  /** Transactions provided for jobs found valid, kept for the next job; the least recently used go first. */
  maxValidatedTransactions: 16_384,
  /** And their bytes. */
  maxValidatedBytes: 64 * 1024 * 1024,
  /** How long such a transaction stays without being used. */
  validatedTtlMs: 1_800_000,
  /** Transactions of the node's mempool that were asked for one by one; the least recently used go first. */
  maxFetchedTransactions: 32_768,
  /** And their bytes. */
  maxFetchedBytes: 128 * 1024 * 1024,
  /** How often the checker looks into a template over IPC for the fees alone. */
  feesIntervalMs: 10_000,
  /** Outputs that one check over IPC asks for, to know fees; the value of a job with more is asked for as a whole. */
  feeQuestions: 32,
  /** How long the node is asked for no fees over IPC when it did not answer: its RPC may hang. */
  feeRestMs: 30_000,
  /** How long IPC may be away before the same node's RPC stands in for it, where that is configured. */
  ipcGraceMs: 3_000,
  /** How long a transaction that left the node's mempool stays known: it may still be in other miners' templates. */
  departedTtlMs: 60_000,
  /** Valid jobs not yet released. */
  maxHeldJobs: 4_096,
  /** What the transactions of these weigh in memory, each counted once. */
  maxHeldBytes: 256 * 1024 * 1024,
  /** Jobs that are looked at, wherever they are on their way. */
  maxChecks: 256,
  /** Jobs that may wait for their check at the node. */
  maxWaitingChecks: 128,
  /** Of one lane. */
  maxWaitingChecksPerLane: 4,
  /** Bytes that waiting and running checks were provided with. */
  maxWaitingBytes: 64 * 1024 * 1024,
  /** After a check that took so long the node has as long for other things: it does nothing else meanwhile. */
  longCheckMs: 2_000,
  /** But no longer than this: it may have been busy with something else. */
  maxCheckRestMs: 5_000,
  /** A block over this size in bytes is over the weight limit, whatever is in it: the node is not asked. */
  maxBlockBytes: 4_000_000,
  /** In weight units (BIP141): the node is not asked beyond it either. */
  maxBlockWeight: 4_000_000,
  /**
   * Of a transaction that the node does not know by itself, without its witness: nodes relay no larger ones. What checking
   * its old signatures costs grows with its square: a block with one such can hold up a node for half a minute.
   */
  maxStrangerBytes: 100_000,
  /** No more transactions fit into a block: none is below 60 bytes without its witness. */
  maxBlockTransactions: 16_666,
  /** The node's answer to one check, and to the questions about its fees. */
  checkTimeoutMs: 30_000,
  /** Age at which what the next block must have is asked for again on the same tip. */
  tipRefreshMs: 60_000,
  /** So many times in a row a node may be too busy to say where its tip is before it counts as away. */
  busyAnswers: 3,
  /** Part of the time that asking for the mempool may take: a large one is asked for less often. */
  mempoolDuty: 0.05,
  /** But not less often than this because of that. */
  mempoolMaxIntervalMs: 30_000,
  /** When a job misses transactions, the mempool is looked at once more unless that was so little ago. */
  mempoolMinIntervalMs: 200,
  /** Part of the time that such looks may take: peers decide what is missing. */
  missingDuty: 0.2,
  /** How long a job waits for that look before its peer is asked instead. */
  missingGraceMs: 300,
  /** How long announced transactions are collected before they are asked for together. */
  announcementDelayMs: 20,
  /** So many announced and not yet asked for: the whole list is asked for instead. */
  maxAnnouncedTransactions: 10_000,
  /** Calls in one batch. */
  maxBatch: 500,
  /** Weight units of the transactions asked for in one batch: twice that in hex at most. */
  maxBatchWeight: 8_000_000,
  /** How long the checker's thread may take to leave its node. */
  checkerCloseMs: 1_000,
  /** How often the checker's thread reports on itself. */
  statusIntervalMs: 1_000,
  /** So long one wait for the node's news over IPC lasts at the most. */
  ipcWaitMs: 30_000,
  /** A wait that ends this much sooner without news was not let run out. */
  ipcWaitSlackMs: 500,
  /** Once a second, while it is asked to, a node looks over IPC whether fees are better. */
  ipcFeeTickMs: 1_000,
  /** So long one way to a node may still take a block that another way says it refused. */
  secondOpinionMs: 5_000,
  /** A connection that lived so long is tried again at once when it ends. */
  ipcSettledMs: 30_000,
  /** Templates of one stream that stay with the node for their reader; the oldest are released first. */
  heldTemplates: 32,
  /** Blocks that are remembered as the best one, to say where one stands. */
  rememberedTips: 288,
  /** How often a node is asked whether it is on the right chain, beside at every tip. */
  guardIntervalMs: 10_000,
  /** Of these, how often it is asked for its branches as well: it looks through all blocks that it knows. */
  guardBranchesEvery: 6,
  /** First pause before a node that is away is tried again; it doubles, with jitter. */
  backOffFirstMs: 250,
  /** Longest such pause. */
  backOffMaxMs: 10_000,
} as const;
