/** Named bounds of a template source; docs/LIMITS.md lists them. Times are in milliseconds. */
export const TEMPLATE_SOURCE_LIMITS = {
  /** How often template sources are looked at. */
  tickMs: 1_000,
  /** A template provider that gives nothing to mine, or only an older height, for this long is passed over for the next. */
  uselessProviderMs: 30_000,
  /** Solutions that wait for their template provider to come back. */
  waitingSolutions: 64,
  /** How long they wait. */
  waitingSolutionMs: 600_000,
  /** A solution that went out so shortly before its connection ended is handed over again. */
  doubtfulSolutionMs: 10_000,
  /** Templates whose transactions are kept, unless another number is asked for. */
  templatesWithTransactions: 8,
  /** How long a block waits for its template's transactions. */
  transactionsMs: 60_000,
  /** Blocks that the status lists, latest first. */
  listedBlocks: 100,
  /** Of these, blocks that are kept whole, to hand them on again. */
  wholeBlocks: 16,
  /** When a block is looked for in each node's best chain, after it was found; the answer may change until the last. */
  confirmAfterMs: [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000] as readonly number[],
  /** How long a stop waits for blocks that are on their way. */
  closeGraceMs: 3_000,
} as const;
