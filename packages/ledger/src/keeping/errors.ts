import { CodedError } from '../coded-error.ts';

/** Why a ledger could not be backed up, verified or exported. */
export const KEEPING_ERRORS = {
  'keeping-no-ledger': 'There is no journal in that folder.',
  'keeping-exists': 'There is something of that name already, and nothing is overwritten.',
  'keeping-full': 'The disk is full: make room, or name a folder on another one.',
  'keeping-damaged': 'The journal is damaged, so that a copy of it would not be a backup.',
  'keeping-manifest': 'The manifest of a backup cannot be read.',
  'keeping-no-database': 'The database cannot be reached, or is not there.',
  'keeping-partial': 'The journal has lost its first records, and the database would lose them too.',
  'keeping-paid-already': 'The payment is recorded already.',
} as const;
export type KeepingErrorCode = keyof typeof KEEPING_ERRORS;

/** A ledger that could not be backed up, verified or exported. */
export class KeepingError extends CodedError<KeepingErrorCode> {
  override readonly name = 'KeepingError';
}
