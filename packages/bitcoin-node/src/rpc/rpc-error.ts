export type RpcErrorCode =
  /** No connection, or it broke before the answer was complete. */
  | 'unreachable'
  | 'timeout'
  /** The credentials are wrong, or the cookie cannot be read. */
  | 'unauthorized'
  /** The node refuses this address or method (HTTP 403). */
  | 'forbidden'
  /** The node's work queue is full (HTTP 503). */
  | 'busy'
  /** Not HTTP, not JSON, or not the fields that were promised. */
  | 'malformed'
  | 'answer-too-large'
  /** The node answered with an error of its own: `details.rpcCode`. */
  | 'rpc';

export interface RpcErrorDetails {
  readonly method?: string;
  /** Bitcoin Core's error code, for `rpc`. */
  readonly rpcCode?: number;
  readonly status?: number;
  readonly [name: string]: unknown;
}

/** A call to a node failed. `message` is one line for a person. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: RpcErrorCode;
  readonly details: RpcErrorDetails;
  constructor(code: RpcErrorCode, message: string, details: RpcErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** Error codes of Bitcoin Core that mean something here. */
export const RPC_INVALID_ADDRESS_OR_KEY = -5;
export const RPC_CLIENT_NOT_CONNECTED = -9;
export const RPC_CLIENT_IN_INITIAL_DOWNLOAD = -10;
export const RPC_IN_WARMUP = -28;
/** Codes that say that the call itself is wrong: type, parameter, decoding, and JSON-RPC's own. */
export const RPC_VERDICTS: ReadonlySet<number> = new Set([-3, -8, -22, -32600, -32601, -32602]);
