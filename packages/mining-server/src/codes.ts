/** `SetupConnection.Error` codes that this server gives beside those of the session. */
export const SETUP_ERRORS = {
  'no-work-available': 'The server has no block template at the moment; another server, or this one later, may have.',
  'ledger-unavailable': 'The server has recorded nothing for too long; another server, or this one later, may.',
} as const;
export type SetupErrorCode = keyof typeof SETUP_ERRORS;

/** `CloseChannel.reason_code` and reasons of ended connections that this server gives. */
export const CLOSE_REASONS = {
  'too-many-refused-shares': 'Very many shares were refused, with far too few accepted ones among them.',
  'version-rolling-changed': 'Whether versions may roll is not what the client was told when it connected, or needs.',
  'share-flood': 'The connection sends shares far faster than its difficulty asks for.',
  'extranonce-too-small': 'The channel rolls more extranonce than the upstream of the moment leaves to it.',
  'no-work-available': 'The server has had no fresh block template for too long.',
  'ledger-unavailable': 'The server has recorded nothing for too long.',
  shutdown: 'The server is stopping.',
} as const;
export type ServerCloseReason = keyof typeof CLOSE_REASONS;
