const MIB = 1024 * 1024;

/** The ledger's bounds and their defaults; the first three are options of `openJournal`. */
export const LEDGER_LIMITS = {
  /** Shortest time between the starts of two syncs: more gives larger batches and later acknowledgements. */
  syncIntervalMs: 2,
  /** A segment file that has reached this size is followed by the next. */
  segmentBytes: 32 * MIB,
  /** With more than this waiting for the disk, the journal takes no more records until half is written. */
  maxPendingBytes: 64 * MIB,
  /** Time between attempts to write after a failure. */
  retryMs: 1000,
} as const;
