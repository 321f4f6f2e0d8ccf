import type { Database, Reader } from './database.ts';
import { checkTables } from './migrations/migrations.ts';
import type { ProjectedPosition, Projection, Source } from './projection.ts';
import { answer } from './queries/answer.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from './queries/types.ts';

/** A database that is asked beside the program that projects into it. Takes no lock and changes nothing. */
export class ProjectionReader implements Pick<Projection, 'position' | 'query' | 'snapshot' | 'close'> {
  readonly #database: Database;
  #isChecked = false;

  constructor(database: Database) {
    this.#database = database;
  }

  async position(source: Source = 'journal'): Promise<ProjectedPosition> {
    const rows = await this.snapshot((reader) => reader.all('SELECT * FROM journals WHERE name = $1', [source]));
    const [row] = rows;
    return { position: Number(row?.['position'] ?? 0), fingerprint: String(row?.['fingerprint'] ?? '') };
  }

  query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>> {
    return this.snapshot((reader) => answer(reader, name, args));
  }

  /** @throws DatabaseAway; LedgerError 'ledger-version' when its tables are not this program's */
  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#database.snapshot(async (reader) => {
      if (!this.#isChecked) await checkTables(reader);
      this.#isChecked = true;
      return await run(reader);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
