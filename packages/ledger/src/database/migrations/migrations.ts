import { payoutHooks } from '../../payouts/hooks.ts';
import { LedgerError } from '../../errors.ts';
import type { Reader, Transaction } from '../database.ts';
import { createTable, type Table, type TableWords, table } from '../schema.ts';
import { LEDGER_TABLES } from './0001-ledger.ts';

/** A step from one form of the tables to the next. What has been released is never changed, only followed by another. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: (words: TableWords) => readonly string[];
}

const creating = (number: number, name: string, tables: readonly Table[]): Migration => ({
  number,
  name,
  statements: (words) => tables.flatMap((table) => createTable(table, words)),
});

export const MIGRATIONS: readonly Migration[] = [
  creating(1, 'ledger', LEDGER_TABLES),
  creating(2, 'payouts', payoutHooks.tables),
];

/** Which migrations have been made. */
const MIGRATIONS_TABLE = table('migrations', { number: 'integer', name: 'text', made_ms: 'integer' }, ['number']);

/** Runs something in a transaction of its own. */
type InTransaction = <T>(run: (transaction: Transaction) => Promise<T>) => Promise<T>;

/**
 * Brings the tables of a database up to date, one transaction each.
 *
 * @throws LedgerError 'ledger-version' when a newer program has been here
 */
export async function migrate(
  inTransaction: InTransaction,
  words: TableWords,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await inTransaction(async (transaction) => {
    const [statement = ''] = createTable(MIGRATIONS_TABLE, words);
    await transaction.run(statement.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
  });
  const known = migrations.at(-1)?.number ?? 0;
  for (const { number, name, statements } of migrations) {
    await inTransaction(async (transaction) => {
      const [row] = await transaction.all('SELECT coalesce(max(number), 0) AS number FROM migrations');
      const made = Number(row?.['number']);
      if (made > known) throw tooNew(made, known);
      if (made >= number) return;
      for (const statement of statements(words)) await transaction.run(statement);
      await transaction.put(MIGRATIONS_TABLE, [{ number, name, made_ms: Date.now() }]);
    });
  }
}

/**
 * For questions alone: the tables must be of this program's form.
 *
 * @throws LedgerError 'ledger-version'
 */
export async function checkTables(reader: Reader): Promise<void> {
  const [row] = await reader.all('SELECT coalesce(max(number), 0) AS number FROM migrations');
  const made = Number(row?.['number']);
  const known = MIGRATIONS.at(-1)?.number ?? 0;
  if (made > known) throw tooNew(made, known);
  if (made === known) return;
  const message = `the database has tables of form ${made}, not yet ${known}: the role brings them up to date when it starts`;
  throw new LedgerError('ledger-version', message, { made, known });
}

function tooNew(made: number, known: number): LedgerError {
  const message = `the database has tables of form ${made}, this program knows up to ${known}: use the newer program`;
  return new LedgerError('ledger-version', message, { made, known });
}
