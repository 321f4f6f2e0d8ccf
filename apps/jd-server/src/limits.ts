/** Named bounds of a job declarator server; docs/LIMITS.md lists them. Times are in milliseconds. */
export const JD_SERVER_LIMITS = {
  /** How often waits are looked at: tokens whose turn has come, jobs held for a tip, transactions that do not come. */
  tickMs: 100,
  /** How often nodes are looked at. */
  nodesMs: 1_000,
  /** Part of what a node's checker may hold for declared jobs, above which older ones are forgotten. */
  heldPart: 0.375,
  /** How long after that they are left alone: what a checker holds is not known at once. */
  shedEveryMs: 5_000,
  /** Between two warnings of solutions that solve nothing. */
  warningMs: 1_000,
  /** Declared jobs that the status lists, latest first. */
  listedJobs: 16,
  /** Blocks that the status lists, latest first. */
  listedBlocks: 100,
  /** Of these, blocks that are kept whole, to hand them on again. */
  wholeBlocks: 8,
  /** How long a stop waits for blocks that are on their way. */
  closeGraceMs: 3_000,
} as const;
