import type { Table } from './schema.ts';

/** A value of a row: integers and reals are numbers; exact integers of any size are bigint going in, text coming out. */
export type Cell = number | string | bigint | Uint8Array | null;
export type Row = Readonly<Record<string, Cell>>;

/** What becomes of a row whose key is there already: it is replaced, it stays, or some of its columns are set or added to. */
export type OnConflict = 'replace' | 'keep' | { readonly set: readonly string[] } | { readonly add: readonly string[] };

/** Asks. Statements are the same for every dialect; parameters are `$1`, `$2`, …. */
export interface Reader {
  readonly dialect: Dialect;
  /** @throws DatabaseAway */
  all(sql: string, parameters?: readonly Cell[]): Promise<Row[]>;
}

/** Asks and changes; all or nothing. */
export interface Transaction extends Reader {
  /** The connection: what was learnt over another one may hold no longer. */
  readonly session: object;
  /** @returns how many rows changed */
  run(sql: string, parameters?: readonly Cell[]): Promise<number>;
  /** Puts rows in, no key twice. Many at a time are fast. */
  put(table: Table, rows: readonly Row[], onConflict?: OnConflict): Promise<void>;
  /** The rows whose `columns` have one of the `keys`: in no order. */
  find(table: Table, columns: readonly string[], keys: readonly (readonly Cell[])[]): Promise<Row[]>;
}

/** What is not said the same way everywhere. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** The exact sum of a column of exact integers, as text; null of no rows. */
  sum(column: string): string;
  /** Where a column has the first dot, from 1; 0 without one. */
  dot(column: string): string;
  /** The statement that removes all rows of a table. */
  empty(table: string): string;
}

/** A database that is open: the seam between the projection and SQLite or PostgreSQL. One transaction at a time. */
export interface Database {
  /** @throws DatabaseAway, after which it is open whether the transaction was committed */
  transaction<T>(run: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Several questions about one state, beside a transaction that is under way. */
  snapshot<T>(run: (reader: Reader) => Promise<T>): Promise<T>;
  /** Returns when whatever was committed survives a power failure. */
  settle(): Promise<void>;
  close(): Promise<void>;
}
