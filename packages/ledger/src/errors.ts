import { CodedError } from './coded-error.ts';

/** Why the ledger cannot do what it was asked. */
export const LEDGER_ERRORS = {
  'ledger-locked': 'Another process writes this directory; each process needs one of its own.',
  'ledger-corrupted':
    'What was on disk cannot be read back: the disk or somebody damaged it. sv2kit ledger verify says what; put the journal ' +
    'back from a backup, and make the database anew: sv2kit ledger rebuild.',
  'ledger-version':
    'The files are of a format that this program does not know: a newer one wrote them. Install that one.',
  'ledger-failed':
    'Records could not be put on disk; none of them has been acknowledged. Make room on the disk, or mend it.',
  'ledger-full':
    'The disk of the directory is full, so that nothing can be recorded there. Make room, then start again.',
  'ledger-other-journal':
    'The database was projected from another journal, or another process projects into it. Give each journal a ' +
    'database of its own, or rebuild it from this journal: sv2kit ledger rebuild.',
  'ledger-ahead':
    'The database holds more than the journal: files of the journal are missing, or it is an older copy. Put the ' +
    'newer journal back, or rebuild the database from this one: sv2kit ledger rebuild.',
  'ledger-database-damaged':
    'The file of the database is damaged. A start of its role sets it aside and makes it anew, where the journal has its ' +
    'first file; so does sv2kit ledger rebuild. When it happens again, look after the disk.',
  'ledger-partial':
    'The database is empty, and the first files of the journal are gone, with what only another database knew. Put that ' +
    'back from a backup, or begin with what the journal has: sv2kit ledger rebuild --partial.',
  'ledger-dead-letters':
    'So many records in a row cannot be applied to the database that something else is wrong: a newer journal than ' +
    'this program, or a bug. Install the newest version, then sv2kit ledger rebuild.',
  'ledger-database-away': 'The database cannot be reached now, or there is none: ask again later. Mining goes on.',
  'ledger-query-late': 'The database did not answer in time: ask again, or for less.',
  'ledger-busy': 'Too many questions wait for the database: ask again later.',
} as const;
export type LedgerErrorCode = keyof typeof LEDGER_ERRORS;

/** A ledger that cannot do what it was asked. */
export class LedgerError extends CodedError<LedgerErrorCode> {
  override readonly name = 'LedgerError';
}
