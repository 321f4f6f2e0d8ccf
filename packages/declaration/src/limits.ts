/** What declarations may cost. Times in milliseconds or, where named so, seconds; sizes in bytes. */
export const DECLARATION_LIMITS = {
  /** AllocateMiningJobToken answered at once, in a row; further ones wait for their turn. */
  tokensBurst: 20,
  /** Tokens of one connection per minute, in the long run: each is one job. */
  tokensPerMinute: 60,
  /** AllocateMiningJobToken of one connection that wait; one more ends it as `too-many-token-requests`. */
  waitingTokenRequests: 16,
  /** Tokens of one connection that no job was declared with yet; the oldest is worth nothing beyond it. */
  liveTokens: 64,
  /** Seconds until a token is worth nothing. Clients keep some in stock and are not told how long they last. */
  allocatedTokenSeconds: 86_400,
  /** Seconds until the token of a declared job is worth nothing. */
  declaredTokenSeconds: 3_600,
  /** DeclareMiningJob of one connection, in a row; one more is refused as `too-many-declarations`. */
  declarationsBurst: 20,
  /** DeclareMiningJob of one connection per minute, in the long run. */
  declarationsPerMinute: 120,
  /** Declarations refused as `too-many-declarations` or `declare-not-negotiated`, and transactions that nobody asked for, a MiB of these counting as one more, in a row; one more ends the connection. */
  floodBurst: 64,
  /** Of these per minute, in the long run. */
  floodPerMinute: 60,
  /** Declarations of one connection that are being judged; one more is refused as `too-many-declarations`. */
  pendingPerConnection: 8,
  /** Declarations of all connections that are being judged. A connection that has none may always have one. */
  pendingInAll: 64,
  /** Transactions of one declaration besides the coinbase; no block holds more. */
  declaredTransactions: 16_666,
  /** How long a declaration waits for the tip that it is for, or for a node that cannot be asked. */
  holdMs: 5_000,
  /** How often a node that could not be asked is asked again about such a declaration. */
  retryMs: 500,
  /** By how many blocks such a tip may be ahead of the node's: several may come at once. Beyond it is another chain. */
  heightsAhead: 144,
  /** How long a client may take to provide missing transactions. */
  missingMs: 60_000,
  /** Transactions provided for one declaration. No block is larger. */
  providedBytes: 4_000_000,
  /** Transactions provided for all declarations that are being judged. */
  providedBytesInAll: 128 * 1024 * 1024,
  /** The coinbase outputs of a declared job: pools take no larger ones, as each share hashes them. */
  declaredOutputsBytes: 16_384,
  /** Declared jobs of one connection that PushSolution may be for; the oldest are forgotten. */
  jobsPerConnection: 16,
  /** Declared jobs of all connections; those of connections that have ended are forgotten first. */
  jobsInAll: 1_024,
  /** What they may hold; the greatest holder's oldest are forgotten. */
  jobBytes: 256 * 1024 * 1024,
  /** PushSolution that solve nothing, in a row; one more ends the connection as `too-many-solutions`. */
  uselessSolutionsBurst: 100,
  /** PushSolution that solve nothing, of one connection per minute, in the long run. */
  uselessSolutionsPerMinute: 120,
  /** PushSolution of one connection that solve nothing yet: jobs that are still being judged, or were not tried yet, may be. */
  earlySolutions: 8,
  /** What may be hashed at once to try a connection's solutions on other jobs than its latest; the rest waits for its turn. */
  searchBytesBurst: 2 * 1024 * 1024,
  /** Of this, what a new connection has. */
  searchBytesFirst: 256 * 1024,
  /** Of this per minute, in the long run. */
  searchBytesPerMinute: 4 * 1024 * 1024,
  /** Uses of tokens that a pool remembers, so that none is used twice on a channel; the oldest are forgotten beyond it. */
  usedTokens: 65_536,
} as const;

/** {@link DECLARATION_LIMITS}, with values of one's own. */
export type DeclarationLimits = { readonly [limit in keyof typeof DECLARATION_LIMITS]: number };
