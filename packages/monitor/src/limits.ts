/** What one reader, and all of them together, can take of a role. */
export const MONITOR_LIMITS = {
  /** Connections at once; a further one is closed at once. */
  connections: 64,
  /** Requests of one connection; further ones are answered 503, so that no more answers than these wait to be read. */
  requestsPerConnection: 32,
  /** Readers of /api/v1/events at once; a further one is answered 503. */
  eventReaders: 16,
  /** Events that are remembered for readers who come back. */
  eventsKept: 1024,
  /** Bytes that wait for one reader of events; it is dropped when there are more. */
  eventBacklogBytes: 1_048_576,
  /** A reader of events that takes nothing for so long is dropped. Milliseconds. */
  eventStallMs: 60_000,
  /** A reader of events hears at least a comment as often. Milliseconds. */
  eventHeartbeatMs: 15_000,
  /** Watchers of messages of connections at once; a further one is answered 503. */
  wireWatchers: 4,
  /** Messages that one watcher of a connection is told of in a second; it hears how many more there were. */
  wireMessagesPerSecond: 500,
  /** Bytes that wait for one watcher; it misses messages while there are more. */
  wireBacklogBytes: 1_048_576,
  /** Bytes of one message that are shown to a watcher. */
  wireMessageBytes: 65_536,
  /** Request line and header fields; more is answered 431. Bytes. */
  headerBytes: 8192,
  /** Time for a request to arrive; then it is answered 408. Milliseconds. */
  requestMs: 5000,
  /** A connection is kept for a next request so long, which is longer than whoever looks often waits. Milliseconds. */
  keepAliveMs: 20_000,
  /** Time that a role has for an answer; then it is answered 503. Milliseconds. */
  answerMs: 10_000,
  /** A connection on which nothing moves for so long is closed. Milliseconds. */
  idleMs: 30_000,
  /** A token that is shorter is refused. Characters. */
  leastTokenLength: 16,
} as const;
