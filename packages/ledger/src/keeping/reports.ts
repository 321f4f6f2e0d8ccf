import type { Reader } from '../database/database.ts';
import { DatabaseAway } from '../database/faults.ts';
import { openProjectionReader } from '../database/open-projection.ts';
import type { ProjectionOptions } from '../database/projection.ts';
import { answer } from '../database/queries/answer.ts';
import type { LedgerQueries, QueryArguments, QueryResult } from '../database/queries/types.ts';
import { KeepingError } from './errors.ts';

/** Asks the database. */
export type Query = <K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>) => Promise<QueryResult<K>>;

/** A ledger's database for questions, beside the role that writes it. Takes no lock and changes nothing. */
export class Reports implements AsyncDisposable {
  readonly #reader: ReturnType<typeof openProjectionReader>;

  constructor(options: ProjectionOptions) {
    this.#reader = openProjectionReader(options);
  }

  /**
   * Several questions about one state.
   *
   * @throws KeepingError 'keeping-no-database'; LedgerError 'ledger-version' when its tables are not this program's
   */
  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    return there(this.#reader.snapshot(run));
  }

  /** Several questions, answered from one state. @throws as `snapshot` */
  together<T>(run: (query: Query) => Promise<T>): Promise<T> {
    return this.snapshot((reader) => run((name, args) => answer(reader, name, args)));
  }

  /** One question. @throws as `snapshot` */
  query<K extends keyof LedgerQueries>(name: K, args: QueryArguments<K>): Promise<QueryResult<K>> {
    return there(this.#reader.query(name, args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.close();
  }
}

async function there<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
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
