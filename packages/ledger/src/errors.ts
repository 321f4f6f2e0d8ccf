/** Why the ledger cannot do what it was asked. */
export const LEDGER_ERRORS = {
  'ledger-locked': 'Another process writes this directory; each process needs one of its own.',
  'ledger-corrupted': 'Records that were on disk cannot be read back: the disk or somebody damaged them.',
  'ledger-version': 'The files are of a format that this program does not know: a newer one wrote them.',
  'ledger-failed': 'Records could not be put on disk; none of them has been acknowledged.',
} as const;
export type LedgerErrorCode = keyof typeof LEDGER_ERRORS;

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
