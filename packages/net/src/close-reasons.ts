/** Why this package ends a connection, beside what codec, noise and session throw and what applications say. */
export const NET_CLOSE_REASONS = {
  'peer-closed': 'The peer closed the connection.',
  'socket-error': 'The operating system reported an error on the socket, say a reset.',
  'handshake-timeout': 'No complete handshake, of Noise or TLS, in time (limits.handshakeMs).',
  'setup-timeout': 'Not set up in time (limits.setupMs).',
  unused: 'Set up, but nothing was opened in time (limits.firstUseMs).',
  silent: 'Nothing was received for too long (limits.silenceMs).',
  'half-frame-timeout': 'A frame was begun and not finished in time (limits.halfFrameMs).',
  'aside-flood': 'Too many messages that nobody here wants, or negotiation without end (limits.asidesPerSecond).',
  'tls-failed':
    'TLS did not come about, or broke: no common version or cipher, or the other side speaks something else.',
  'tls-untrusted': 'The server shows a TLS certificate that is not trusted, has expired, or is for another name.',
  'tls-unexpected': 'The peer begins TLS on a port that is plain.',
  'proxy-header-unexpected': 'A PROXY header from an address that is not in the list of proxies.',
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

/**
 * Why a connection was turned away before a byte of its protocol was read: the label of the `refused` counter. Those about
 * PROXY headers concern the addresses in the list of proxies, where each connection has to begin with one.
 */
export const REFUSALS = {
  'not-allowed': 'From an address that is not in limits.allow.',
  connections: 'As many connections as limits.connections are open.',
  'connections-per-address': 'As many connections as limits.connectionsPerAddress are open from this address.',
  handshakes: 'As many connections as limits.handshakes are not set up yet.',
  'accept-rate': 'More than limits.acceptsPerSecond.',
  'accept-rate-per-address': 'More than limits.acceptsPerSecondPerAddress from this address.',
  'opening-timeout': 'No PROXY header, or no first byte of TLS, in time (limits.handshakeMs).',
  'proxy-header-missing': 'A proxy sent something else than a PROXY header.',
  'proxy-header-malformed': 'A PROXY header that cannot be read: an unknown command or family, UDP, or too long.',
  'proxy-version-1': 'A PROXY header in text form: the proxy has to send version 2.',
  'proxy-header-unexpected': 'A PROXY header on a TLS port, from an address that is not in the list of proxies.',
  'tls-expected': 'Something else than TLS on a port that wants it, say plain text.',
} as const;
export type Refusal = keyof typeof REFUSALS;
