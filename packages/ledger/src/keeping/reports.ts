import type { Database, Reader } from '../database/database.ts';
import { DatabaseAway } from '../database/faults.ts';
import { MIGRATIONS } from '../database/migrations/migrations.ts';
import { PostgresDatabase } from '../database/postgres/postgres-database.ts';
import type { ProjectionOptions } from '../database/projection.ts';
import { answer } from '../database/queries/answer.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from '../database/queries/types.ts';
import { SqliteDatabase } from '../database/sqlite/sqlite-database.ts';
import { LedgerError } from '../errors.ts';
import { KeepingError } from './errors.ts';

/** A ledger's database for questions, beside the role that writes it. */
export class Reports implements AsyncDisposable {
  readonly #database: Database;
  #checked = false;

  /** Takes no lock and changes nothing. */
  constructor(options: ProjectionOptions) {
    this.#database =
      options.kind === 'sqlite'
        ? new SqliteDatabase({ file: options.file, readOnly: true })
        : new PostgresDatabase({ url: options.url, readOnly: true });
  }

  /**
   * Several questions about one state.
   *
   * @throws KeepingError 'keeping-no-database'; LedgerError 'ledger-version' when its tables are not this program's
   */
  async snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    try {
      return await this.#database.snapshot(async (reader) => {
        if (!this.#checked) await checkTables(reader);
        this.#checked = true;
        return await run(reader);
      });
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw error;
      throw new KeepingError(
        'keeping-no-database',
        `there is no database to ask: ${error.message}`,
        {},
        { cause: error },
      );
    }
  }

  /** As `snapshot`, for one question. */
  query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>> {
    return this.snapshot((reader) => answer(reader, name, args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
  }
}

async function checkTables(reader: Reader): Promise<void> {
  const [row] = await reader.all('SELECT coalesce(max(number), 0) AS number FROM migrations');
  const [made, known] = [Number(row?.['number']), MIGRATIONS.at(-1)?.number ?? 0];
  if (made === known) return;
  const remedy = made > known ? 'use the newer program' : 'the role brings them up to date when it starts';
  const message = `the database has tables of form ${made}, this program's are of form ${known}: ${remedy}`;
  throw new LedgerError('ledger-version', message, { made, known });
}
