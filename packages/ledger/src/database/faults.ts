/** The database cannot be reached, or cannot be used for now: what failed may be tried again, whole. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
}

/** The database refuses a value: it would again, whenever it is asked. */
export class ValueRefused extends Error {
  override readonly name = 'ValueRefused';
}

/** Why a record cannot be applied to a database, and is set aside in `dead_letters`. */
export const DEAD_LETTER_REASONS = {
  'unknown-record': 'A newer program wrote it.',
  'malformed-record': 'It does not hold what its kind says.',
  'misplaced-record': 'Its journal takes no records of its kind.',
  'impossible-difficulty': 'The difficulty is no number, negative, or more than any hash can show.',
  'channel-named-twice': 'Its run already has a channel of that key.',
  'malformed-payout': 'What it says of payouts does not hold together.',
  'refused-by-database': 'The database takes no such value.',
} as const;
export type RecordFaultCode = keyof typeof DEAD_LETTER_REASONS;

/** One record cannot be applied, now or later: it goes to the dead letters, and the others go on. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
  readonly code: RecordFaultCode;
  /** Of the record in its journal. */
  readonly position: number;

  constructor(
    code: RecordFaultCode,
    position: number,
    reason: string = DEAD_LETTER_REASONS[code],
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.code = code;
    this.position = position;
  }
}
