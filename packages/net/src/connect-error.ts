import type { CloseReason } from './close-reasons.ts';

/** Why there is no connection. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  /** As of a CloseReason, or `connect-timeout` or `aborted`. */
  readonly code: string;

  constructor(reason: CloseReason) {
    super(reason.error?.message ?? reason.code, { cause: reason.error });
    this.code = reason.code;
  }
}
