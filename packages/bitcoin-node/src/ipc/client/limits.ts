/** The bounds of the connection to a node's IPC socket. Sizes in bytes, times in ms. */
export const IPC_LIMITS = {
  /** Of one message, both ways: the node ends the connection at more. */
  messageBytes: 64 * 1024 * 1024,
  /** Calls that wait for their answers, of all lanes together: the node itself sets no bound. */
  callsInFlight: 256,
  /** What may wait to be read by the node: who says much and reads nothing is given up. */
  unsentBytes: 128 * 1024 * 1024,
  /** Until somebody answers at the socket. */
  connectTimeoutMs: 5_000,
  /** First answer of what listens there; a node of version 30 may be busy with another client's template. */
  greetingTimeoutMs: 30_000,
  /** Until the node has loaded its chain: its socket is there before. */
  loadingTimeoutMs: 600_000,
  /** How old the socket of a node of version 30 must be: a call that comes before it loads its chain ends the node. */
  settlingMs: 10_000,
  /** Any other call, on top of the time that it was asked to wait. */
  answerTimeoutMs: 60_000,
  /** Until the node has closed its end too. */
  closeTimeoutMs: 2_000,
  /** Checking a full block on a slow disk. */
  verdictTimeoutMs: 120_000,
  /** So long one createNewBlock waits for the end of the initial download before it answers undefined. */
  cooldownMs: 60_000,
  /** Between two looks at whether the initial download is over, where the node does not wait for it by itself. */
  downloadPollMs: 1_000,
  /** Longest single wait for a tip where waits cannot be interrupted. */
  tipSliceMs: 1_000,
  /** Between two looks at the fees of the mempool, where looking holds up all clients of the node. */
  feeLookMs: 5_000,
  /** Transactions asked for in one call: as many of the largest that a node relays fit into a message. */
  transactionsPerCall: 150,
  /** Bytes of the transactions that one question may bring. */
  transactionBytes: 64 * 1024 * 1024,
  /** Of a socket's path on Linux, without the byte that ends it; a longer one is cut off without a word. */
  linuxPathBytes: 107,
  /** The same on other systems. */
  otherPathBytes: 103,
} as const;
