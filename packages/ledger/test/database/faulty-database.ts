import type { Database, OnConflict, Reader, Row, Transaction } from '../../src/database/database.ts';
import { DatabaseAway } from '../../src/database/faults.ts';
import type { Table } from '../../src/database/schema.ts';

/** When a database goes away: before a statement, counted over its life, or when a commit has gone through unheard. */
export type Loss = { readonly beforeStatement: number } | { readonly afterCommit: number };

/** A database that goes away as planned, once for each loss. */
export class FaultyDatabase implements Database {
  readonly #inner: Database;
  readonly #losses: Set<Loss>;
  statements = 0;
  commits = 0;

  constructor(inner: Database, losses: readonly Loss[]) {
    this.#inner = inner;
    this.#losses = new Set(losses);
  }

  async transaction<T>(run: (transaction: Transaction) => Promise<T>): Promise<T> {
    const result = await this.#inner.transaction((transaction) => run(this.#watched(transaction)));
    this.commits += 1;
    this.#lose((loss) => 'afterCommit' in loss && loss.afterCommit === this.commits);
    return result;
  }

  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#inner.snapshot(run);
  }

  settle(): Promise<void> {
    return this.#inner.settle();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #watched(inner: Transaction): Transaction {
    const each = <T>(statement: () => Promise<T>): Promise<T> => {
      this.statements += 1;
      this.#lose((loss) => 'beforeStatement' in loss && loss.beforeStatement === this.statements);
      return statement();
    };
    return {
      dialect: inner.dialect,
      session: inner.session,
      all: async (sql, parameters) => each(() => inner.all(sql, parameters)),
      run: async (sql, parameters) => each(() => inner.run(sql, parameters)),
      put: async (table: Table, rows: readonly Row[], onConflict?: OnConflict) =>
        each(() => inner.put(table, rows, onConflict)),
      find: async (table, columns, keys) => each(() => inner.find(table, columns, keys)),
    };
  }

  #lose(isDue: (loss: Loss) => boolean): void {
    for (const loss of this.#losses) {
      if (!isDue(loss)) continue;
      this.#losses.delete(loss);
      throw new DatabaseAway('lost on purpose');
    }
  }
}
