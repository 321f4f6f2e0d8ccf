/** What notifications may cost. */
export const NOTIFY_LIMITS = {
  /** Notices that wait for one destination; the least important and oldest goes when another comes. */
  queue: 200,
  /** Milliseconds that one delivery may take. */
  attemptMs: 10_000,
  /** Milliseconds between the first two attempts; doubled each time. */
  firstRetryMs: 2_000,
  /** Milliseconds between two attempts at most, whatever a receiver asks for. */
  mostRetryMs: 300_000,
  /** Milliseconds after which a notice is given up. */
  keepMs: 3_600_000,
  /** Milliseconds that a stopping role waits for what is still to be delivered. */
  flushMs: 3_000,
  /** Workers or conditions whose state is remembered for one destination; those that have been gone longest give way. */
  subjects: 50_000,
  /** Blocks that are remembered, so that none is told twice. */
  blocks: 1_000,
  /** Names that one digest lists. */
  named: 10,
  /** Names that a program is told of one digest. */
  listed: 500,
  /** Bytes of an answer that are read. */
  answerBytes: 8_192,
} as const;
