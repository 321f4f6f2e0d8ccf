import { LedgerError } from '../../errors.ts';
import { DatabaseAway, ValueRefused } from '../faults.ts';

const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** TOOBIG, CONSTRAINT, MISMATCH, RANGE. */
const OF_VALUES: ReadonlySet<number> = new Set([18, 19, 20, 25]);

/** What an error of SQLite means; anything else is itself. */
export function sqliteError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error;
  // The low byte is the kind of error; the others say more of it.
  const kind = Number(error.errcode) & 0xff;
  if (OF_VALUES.has(kind)) return new ValueRefused(error.message, { cause: error });
  if (kind !== CORRUPT && kind !== NOT_A_DATABASE)
    return new DatabaseAway(`${file}: ${error.message}`, { cause: error });
  return new LedgerError(
    'ledger-database-damaged',
    `${file} is damaged (${error.message})`,
    { file },
    { cause: error },
  );
}
