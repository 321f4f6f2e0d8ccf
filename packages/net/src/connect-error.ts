import type { CloseReason } from './close-reasons.ts';

/** Why there is no connection. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  /** As of a CloseReason, or `connect-timeout` or `aborted`. */
  readonly code: string;

  constructor(reason: CloseReason) {
    super(sentence(reason), { cause: reason.error });
    this.code = reason.code;
  }
}

/** By which call of the operating system a server's reset is first seen is a matter of luck. */
const RESETS: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'];

function sentence({ code, error }: CloseReason): string {
  if (error === undefined) return code;
  const isReset = 'code' in error && RESETS.includes(error.code);
  return isReset
    ? 'the server closes the connection at once: does it let this address in, and so many of it?'
    : error.message;
}
