/** Why this package ends a connection, beside what codec, noise and session throw and what applications say. */
export const NET_CLOSE_REASONS = {
  'peer-closed': 'The peer closed the connection.',
  'socket-error': 'The operating system reported an error on the socket, say a reset.',
  'handshake-timeout': 'No complete handshake in time (limits.handshakeMs).',
  'setup-timeout': 'Not set up in time (limits.setupMs).',
  unused: 'Set up, but nothing was opened in time (limits.firstUseMs).',
  silent: 'Nothing was received for too long (limits.silenceMs).',
  'half-frame-timeout': 'A frame was begun and not finished in time (limits.halfFrameMs).',
  'aside-flood': 'Too many messages that nobody here wants, or negotiation without end (limits.asidesPerSecond).',
  'slow-reader': 'The peer does not read what is sent to it (limits.writeQueueBytes, limits.drainMs).',
  'internal-error': 'A mistake of ours; the log has its stack.',
  shutdown: 'This process is stopping.',
} as const;
export type NetCloseReason = keyof typeof NET_CLOSE_REASONS;

/** Why a connection has ended. */
export interface CloseReason {
  /** A code of docs/ERRORS.md, or one of the application's. */
  readonly code: string;
  /** What was thrown, when something was. */
  readonly error?: Error;
}

/** Why `connect` gave up, beside the reasons for which a connection ends. */
export const CONNECT_ERRORS = {
  'connect-timeout': 'TCP gave no connection in time (connectMs).',
  aborted: 'The signal that was passed in has aborted.',
} as const;

/** Why a connection was turned away before a byte was read: the label of the `refused` counter. */
export const REFUSALS = {
  connections: 'As many connections as limits.connections are open.',
  'connections-per-address': 'As many connections as limits.connectionsPerAddress are open from this address.',
  handshakes: 'As many connections as limits.handshakes are not set up yet.',
  'accept-rate': 'More than limits.acceptsPerSecond.',
  'accept-rate-per-address': 'More than limits.acceptsPerSecondPerAddress from this address.',
} as const;
export type Refusal = keyof typeof REFUSALS;
