/** What can be wrong with the bytes of a peer. Each ends the connection, or the one call whose results they are. */
export const CAPNP_ERRORS = {
  malformed: "The bytes are no Cap'n Proto message, or a field of it has another kind than the schema says.",
  'too-large': 'A frame has more bytes, segments, capabilities or elements of a list than are taken.',
  'too-deep': 'Pointers lead through more objects than any sensible message nests, or in a circle.',
  'too-much-read': 'Pointers lead to the same bytes again and again: more was read than the message can honestly hold.',
  'out-of-protocol': 'The message may not be sent now: an answer to no question, or a reference to nothing of ours.',
} as const;
export type CapnpErrorCode = keyof typeof CAPNP_ERRORS;

/** Bytes that a peer should not have sent. `code` is stable, `message` says what and is for people. */
export class CapnpError extends Error {
  override readonly name = 'CapnpError';
  readonly code: CapnpErrorCode;

  constructor(code: CapnpErrorCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** The four kinds of exceptions of Cap'n Proto RPC, and what a caller may conclude (rpc.capnp, Exception.Type). */
export const RPC_ERRORS = {
  failed: 'The callee found the request impossible, or has a bug: the same call would fail again.',
  overloaded: 'The callee lacks something for a while: the same call may succeed later.',
  disconnected: 'The connection is over, or was before the call: a new connection may serve.',
  unimplemented: 'The callee has no such method: an older or newer peer, or another interface.',
} as const;
export type RpcErrorType = keyof typeof RPC_ERRORS;

/** Why a call has no results. `method` is the name that the caller gave it. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly type: RpcErrorType;
  /** What the peer said, or what ended the connection: for people. */
  readonly reason: string;
  readonly method: string | undefined;

  constructor(type: RpcErrorType, reason: string, method?: string, options?: ErrorOptions) {
    super(method === undefined ? `${type}: ${reason}` : `${method}: ${type}: ${reason}`, options);
    this.type = type;
    this.reason = reason;
    this.method = method;
  }
}
