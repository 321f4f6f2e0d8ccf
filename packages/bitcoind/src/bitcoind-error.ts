export type BitcoindErrorCode =
  | 'not-found'
  | 'not-runnable'
  | 'no-ipc'
  | 'archive-unavailable'
  | 'command-failed'
  | 'start-failed'
  | 'start-timeout';

/** Something about getting or running bitcoind failed. `message` is one line for a person; `code` is stable. */
export class BitcoindError extends Error {
  override readonly name = 'BitcoindError';
  readonly code: BitcoindErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(
    code: BitcoindErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
