/**
 * What a peer can do that ends its session, beside bytes that are no message (codec) and a broken handshake (noise).
 * Thrown as `ProtocolError`; where the protocol has an answer, that answer was queued before the throw.
 */
export const SESSION_ERRORS = {
  'data-during-handshake': 'Bytes arrived behind act 1 or act 2 before the handshake was complete (§4.5).',
  'setup-expected': 'Something other than SetupConnection, or than its answer, came first (§3.6.1).',
  'setup-unanswered': 'The client went on before its SetupConnection was answered (§3.6.1).',
  'setup-repeated': 'SetupConnection, or its answer, came a second time (§3.6.1).',
  'setup-refused': 'The server refused the connection; told as SetupConnection.Error (§3.6.3).',
  'unsupported-protocol': 'The server does not serve this protocol; told as SetupConnection.Error (§3.6.3).',
  'protocol-version-mismatch': 'No version in common; told as SetupConnection.Error (§3.6.3).',
  'unsupported-feature-flags': 'A flag the server does not support; told as SetupConnection.Error (§3.6.3).',
  'version-not-offered': 'The server chose a version that the client did not offer (§3.6.2).',
  'wrong-direction': 'A message that only the other side may send (§8).',
  'extension-required': 'The client goes on without an extension that the server requires (extension 0x0001).',
  'extension-missing': 'The server lacks a required extension, or requires an unknown one (extension 0x0001).',
} as const;
export type SessionErrorCode = keyof typeof SESSION_ERRORS;
