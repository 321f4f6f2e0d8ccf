/** Why the ledger cannot do what it was asked. */
export type LedgerErrorCode =
  /** Another process writes this directory. */
  | 'ledger-locked'
  /** Records that were on disk cannot be read back. */
  | 'ledger-corrupted'
  /** The files are of a newer format than this program knows. */
  | 'ledger-version'
  /** Records did not reach the disk. */
  | 'ledger-failed'
  /** It was closed before. */
  | 'ledger-closed';

/** `code` is stable, `details` carries the figures, `message` is for people. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: LedgerErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
