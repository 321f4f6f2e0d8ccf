/** What one client may cost, and how long things take. Times in ms, sizes in bytes. */
export const TEMPLATE_PROVIDER_LIMITS = {
  /** CoinbaseOutputConstraints in a row; one more ends the connection as `too-many-constraints`. */
  constraintsBurst: 10,
  /** CoinbaseOutputConstraints per second, in the long run: each may cut a template anew. */
  constraintsPerSecond: 1,
  /** RequestTransactionData in a row; one more ends the connection as `too-many-transaction-requests`. */
  transactionDataBurst: 16,
  /** RequestTransactionData per second, in the long run: each may be answered with a whole block. */
  transactionDataPerSecond: 2,
  /** Answers that may wait for a client when it asks for more transaction data; else `transaction-data-backlog`. */
  transactionDataBacklog: 8 * 1024 * 1024,
  /** SubmitSolution that are no blocks, in a row; one more ends the connection as `too-many-refused-solutions`. */
  refusedSolutionsBurst: 20,
  /** SubmitSolution that are no blocks, per second, in the long run. */
  refusedSolutionsPerSecond: 0.2,
  /** What may wait for a client in all: two answers of a full block, and what comes beside them. */
  writeQueueBytes: 16 * 1024 * 1024,
  /** From the end of the set-up until CoinbaseOutputConstraints, which a client MUST send immediately (§7). */
  firstConstraintsMs: 10_000,
  /** How often due updates are looked for. */
  tickMs: 250,
  /** How long the node in use may be away before another is used, and a preferred one must be back before it is. */
  nodeSwitchMs: 5000,
  /** Solved blocks that are remembered, so that the same one is not submitted twice. */
  rememberedBlocks: 64,
  /** A solved block saved less than this before a start is submitted again by it. */
  resubmitWindowMs: 7_200_000,
  /** When a submitted block is looked for in the best chain, after the submission. */
  confirmAfterMs: [1000, 10_000, 60_000, 600_000, 3_600_000] as readonly number[],
  /** How long a stop waits for blocks that are being submitted. */
  closeGraceMs: 5000,
} as const;
