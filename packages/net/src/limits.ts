/**
 * What a peer may cost. Every time is in milliseconds, kept to the second, and 0 switches it off; every limit has a
 * counter: a refusal counts in `refused{limit}`, an ended connection in `closed{reason}`.
 */
export interface Limits {
  /** Connections at once; one more is refused as `connections`. */
  readonly connections: number;
  /** Connections at once from one IPv4 address or IPv6 /64; one more is refused as `connections-per-address`. */
  readonly connectionsPerAddress: number;
  /** Connections at once that are not set up yet; one more is refused as `handshakes`. */
  readonly handshakes: number;
  /** Connections accepted per second, with one second's worth of burst; one more is refused as `accept-rate`. */
  readonly acceptsPerSecond: number;
  /** Of these from one IPv4 address or IPv6 /64; one more is refused as `accept-rate-per-address`. */
  readonly acceptsPerSecondPerAddress: number;
  /** Addresses and subnets ("10.0.0.0/8") that may connect, everybody when there is none; another is `not-allowed`. */
  readonly allow: readonly string[];
  /** Addresses and subnets ("10.0.0.0/8") to which the limits per address and `acceptsPerSecond` do not apply. */
  readonly exempt: readonly string[];
  /** From accept to a complete handshake; then `handshake-timeout`. */
  readonly handshakeMs: number;
  /** From there until the connection is set up, required extensions included; then `setup-timeout`. */
  readonly setupMs: number;
  /** From there until the application calls `markInUse`, say at the first channel; then `unused`. */
  readonly firstUseMs: number;
  /** Without a single byte received; then `silent`. */
  readonly silenceMs: number;
  /** Without progress inside a frame that has begun; then `half-frame-timeout`. */
  readonly halfFrameMs: number;
  /**
   * Frames per second that the application never sees: messages of unknown extensions, negotiation of extensions; then
   * `aside-flood`. 0 switches it off.
   */
  readonly asidesPerSecond: number;
  /** Without the peer reading anything of what waits for it; then `slow-reader`. */
  readonly drainMs: number;
  /** Bytes that may be added to what a peer has not read, however much that was; then `slow-reader`. */
  readonly writeQueueBytes: number;
  /** From our end of a connection to its close, so that the last words arrive. */
  readonly lingerMs: number;
}

/** The defaults, listed in docs/LIMITS.md. */
export const DEFAULT_LIMITS: Limits = {
  connections: 16_384,
  connectionsPerAddress: 1_024,
  handshakes: 8_192,
  acceptsPerSecond: 2_000,
  acceptsPerSecondPerAddress: 1_000,
  allow: [],
  exempt: ['127.0.0.0/8', '::1'],
  handshakeMs: 10_000,
  setupMs: 10_000,
  firstUseMs: 0,
  silenceMs: 0,
  halfFrameMs: 60_000,
  asidesPerSecond: 100,
  drainMs: 60_000,
  writeQueueBytes: 1_048_576,
  lingerMs: 2_000,
};

/** How long a client waits for an answer to RequestExtensions before it goes on without, in milliseconds. */
export const DEFAULT_EXTENSIONS_MS = 2_000;
/** How long a client waits for TCP, in milliseconds. */
export const DEFAULT_CONNECT_MS = 5_000;
