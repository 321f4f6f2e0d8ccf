/** Named bounds of a template source; docs/LIMITS.md lists them. Times are in milliseconds. */
export const TEMPLATE_SOURCE_LIMITS = {
  /** How often template sources are looked at. */
  tickMs: 1_000,
  /** Between two looks: with more, this process was stopped or its clock set, and no time of a provider has passed. */
  unlookedMs: 10_000,
  /** A template provider that gives nothing to mine, or only an older height, for this long is passed over for the next. */
  uselessProviderMs: 30_000,
  /** A template provider that says nothing for this long is asked something: blocks are slow, answers are not. */
  silentAskMs: 30_000,
  /** How long it may take to answer that. */
  silentAnswerMs: 30_000,
  /** And so many looks: a pause of this process is no silence of another. */
  silentTicks: 10,
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
  /** And whole on disk, one file each, until they are settled; the oldest give way. */
  blockFiles: 256,
  /** When a block is looked for in each node's best chain, after it was found, beside at every tip. */
  confirmAfterMs: [1_000, 5_000, 30_000] as readonly number[],
  /** How often after that, until it is settled. */
  watchEveryMs: 60_000,
  /** How long after a tip nodes are asked again: they hear of it one after the other. */
  tipSettledMs: 5_000,
  /** Blocks that are looked for at once; the oldest are given up for more. */
  watchedBlocks: 1_000,
  /** Confirmations after which a coinbase may be spent, and a block is settled; as deep, one that is orphaned is. */
  maturity: 100,
  /** How long ago a block may have been orphaned that is still looked for after a restart. */
  orphansMs: 172_800_000,
  /** How often the ledger's database is asked for unsettled blocks after a start, while it is away. */
  restoreAgainMs: 30_000,
  /** How long a stop waits for blocks that are on their way. */
  closeGraceMs: 3_000,
} as const;
