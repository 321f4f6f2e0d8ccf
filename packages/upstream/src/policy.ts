/** How an upstream behaves. Times are in milliseconds. */
export interface UpstreamPolicy {
  /** The wait after every endpoint has failed once; it doubles with each further round. */
  readonly backoffMs: number;
  /** The longest wait. */
  readonly maxBackoffMs: number;
  /** A connection that lasts this long was a good one: the back-off starts anew. */
  readonly stableMs: number;
  /** How often better endpoints are tried while a backup is used. */
  readonly probeMs: number;
  /** How long an endpoint that the application gave up, or that did not last, is passed over; doubles each time. */
  readonly benchMs: number;
  readonly maxBenchMs: number;
  /** Without a byte from the server for this long the connection is taken for dead; 0: TCP keepalive alone decides. */
  readonly silenceMs: number;
  /** Reconnect messages obeyed in a row without a stable connection between them, or although they led nowhere. */
  readonly maxRedirects: number;
  /** The longest wait that client.reconnect of Stratum V1 may ask for. */
  readonly maxRedirectWaitMs: number;
}

export const DEFAULT_POLICY: UpstreamPolicy = {
  backoffMs: 1_000,
  maxBackoffMs: 15_000,
  stableMs: 30_000,
  probeMs: 60_000,
  benchMs: 60_000,
  maxBenchMs: 1_800_000,
  silenceMs: 0,
  maxRedirects: 3,
  maxRedirectWaitMs: 60_000,
};

/** `base` doubled `times` times, at most `max`; a random part of the upper half is taken off, so that peers spread. */
export function jittered(base: number, max: number, times: number, random: number): number {
  const full = Math.min(max, base * 2 ** Math.min(times, 30));
  return full / 2 + (full / 2) * random;
}
