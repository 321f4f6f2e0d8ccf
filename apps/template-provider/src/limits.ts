/** What clients may cost together, and how long things take; `[limits]` says what each may. Times in ms, sizes in bytes. */
export const TEMPLATE_PROVIDER_LIMITS = {
  /** Connections accepted a second from one IPv4 address or IPv6 /64: each costs a handshake. A client comes once. */
  acceptsPerSecondPerAddress: 32,
  /** How often addresses that have asked for nothing of late are forgotten. */
  pruneAddressesMs: 60_000,
  /** Answers with transaction data that are on their way to clients, in all; one per client. Further ones wait. */
  transactionDataBytes: 268_435_456,
  /** One IPv4 address or IPv6 /64 may have a part of what is left of these, one in so many: some is left for others. */
  transactionDataShare: 4,
  /** How long a client may take to read one answer with transaction data. */
  transactionDataReadMs: 60_000,
  /** Of these, what is sealed in one turn of the event loop: tips must not wait for it. */
  transactionDataTurnBytes: 1_048_576,
  /** Encoded answers with transaction data that are kept for the next who asks for the same; the oldest goes first. */
  encodedAnswers: 12,
  /** How long an answer may wait for its node to give the transactions; then it is `stale-template-id`. */
  transactionDataWaitMs: 10_000,
  /** What may wait for a client that does not read, beside one answer with transaction data. */
  writeQueueBytes: 1_048_576,
  /** How long a client may read nothing of what waits for it. */
  drainMs: 30_000,
  /** From the end of the set-up until CoinbaseOutputConstraints, which a client MUST send immediately (§7). */
  firstConstraintsMs: 10_000,
  /** How often due updates are looked for. */
  tickMs: 250,
  /** How long the node in use may be away before another is used, and a preferred one must be back before it is. */
  nodeSwitchMs: 5000,
  /** Streams of held templates of one node, each with its reserve. */
  streams: 12,
  /** How long a stream goes on whose last client has left: it may come back. */
  streamLingerMs: 10_000,
  /** Streams that may be begun in a minute. */
  streamsPerMinute: 60,
  /** When the transactions of a held template are asked for again, after the node failed to give them. */
  loadAgainMs: [1000, 5000, 30_000] as readonly number[],
  /** Warnings a minute of solutions that are none, whoever sends them; further ones are in the log at debug. */
  refusalWarningsPerMinute: 20,
  /** Solved blocks that are remembered, so that the same one is not submitted twice. */
  rememberedBlocks: 64,
  /** A solved block saved less than this before a start is submitted again by it. */
  resubmitWindowMs: 7_200_000,
  /** When a solved block is saved again that could not be, after the attempt before. */
  saveAgainMs: [1000, 10_000, 60_000, 600_000, 3_600_000] as readonly number[],
  /** When a submitted block is looked for in the best chain, after the submission. */
  confirmAfterMs: [1000, 10_000, 60_000, 600_000, 3_600_000] as readonly number[],
  /** How long a stop waits for blocks that are being submitted. */
  closeGraceMs: 5000,
} as const;
