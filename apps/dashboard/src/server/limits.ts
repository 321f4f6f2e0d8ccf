/** What the dashboard takes of roles, and readers of it. */
export const DASHBOARD_LIMITS = {
  /** How often each role is asked whether it is there. Milliseconds. */
  probeEveryMs: 2000,
  /** Time that a role has to say who it is; one that takes longer is not reachable. Milliseconds. */
  probeMs: 5000,
  /** How often roles are looked for where none is configured. Milliseconds. */
  discoverEveryMs: 3000,
  /** A role that was found, and has not been reachable for so long, is no longer shown. Milliseconds. */
  forgetMs: 900_000,
  /** Time that a role has for the head of an answer; a role itself answers within ten seconds. Milliseconds. */
  headMs: 12_000,
  /** Time for a whole answer; streams have none. Milliseconds. */
  answerMs: 30_000,
  /** A stream in which nothing comes for so long has ended; roles say something every 15 seconds. Milliseconds. */
  silenceMs: 40_000,
  /** A longer answer is cut off. Bytes. */
  answerBytes: 33_554_432,
  /** Answers of one role that are under way at once; a further one is answered 503. */
  answersPerRole: 24,
  /** Streams of one role at once; a further one is answered 503. A role has 4 for messages of connections. */
  streamsPerRole: 8,
  /** One event of a role; a longer one ends the stream. Characters. */
  eventCharacters: 16_384,
  /** Events of all roles that are remembered for readers who come back. */
  eventsKept: 4096,
  /** Characters of all of them; older ones are forgotten first. */
  eventsKeptCharacters: 1_048_576,
  /** Readers of the events at once; a further one is answered 503. */
  eventReaders: 24,
  /** Bytes that wait for one reader of events; it is dropped when there are more. */
  eventBacklogBytes: 4_194_304,
  /** A reader of events that takes nothing for so long is dropped. Milliseconds. */
  eventStallMs: 60_000,
  /** A reader of events hears at least a comment as often. Milliseconds. */
  eventHeartbeatMs: 15_000,
} as const;
