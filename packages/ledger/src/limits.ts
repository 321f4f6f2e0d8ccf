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
  /** The database is told of new records this often: what waits meanwhile becomes one transaction. */
  projectMs: 200,
  /** A database that is away is tried again after this, then after twice as long, and so on … */
  databaseRetryMs: 1000,
  /** … up to this. */
  databaseRetryMostMs: 30_000,
  /** A database that lacks records which are older than this is behind. */
  behindMs: 30_000,
  /** When the ledger is closed, the database may take so long to catch up; it does so after the next start otherwise. */
  closeMs: 3000,
  /** So many records in a row that cannot be applied are set aside; with one more the projection stops. */
  deadLettersInARow: 1000,
  /** Time in which the database must answer a question. */
  queryMs: 10_000,
  /** Questions that may wait for the database at a time. */
  queries: 64,
  /** Time between removals of what is kept no longer. */
  upkeepMs: 3_600_000,
  /** Splits of a PPLNS pool that a block may be accounted for by: no job lives for longer than these are made in. */
  keptSplits: 256,
} as const;
