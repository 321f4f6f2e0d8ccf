import { DatabaseError } from 'pg';
import { DatabaseAway, ValueRefused } from '../faults.ts';

/** Data exception, integrity constraint violation, program limit exceeded. */
const OF_VALUES: readonly string[] = ['22', '23', '54'];

/**
 * What an error of a connection or of PostgreSQL means. Everything that is not about a value may pass or be mended while
 * the database is tried again: a server that stops, a full disk, a standby, a password, a table that somebody removed.
 */
export function postgresError(error: unknown): Error {
  if (!(error instanceof Error)) return new DatabaseAway(String(error));
  const reason = messageOf(error);
  if (!(error instanceof DatabaseError)) return new DatabaseAway(reason, { cause: error });
  if (OF_VALUES.includes((error.code ?? '').slice(0, 2))) return new ValueRefused(reason, { cause: error });
  return new DatabaseAway(`${reason} (${error.code ?? 'no code'})`, { cause: error });
}

/** Several addresses that all fail are one error without a message. */
function messageOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
}
