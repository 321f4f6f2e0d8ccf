import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Cell, Dialect, OnConflict, Row, Transaction } from '../database.ts';
import type { Table, TableWords } from '../schema.ts';
import { updateOf } from '../statements.ts';

/** How long another process may hold the file before it counts as away. */
const BUSY_MS = 2000;

export const SQLITE_WORDS: TableWords = {
  types: { integer: 'INTEGER', real: 'REAL', exact: 'TEXT', text: 'TEXT', bytes: 'BLOB' },
  // A table whose key is one integer is in the order of that key anyway.
  end: ({ key, columns }) =>
    key.length === 1 && columns[key[0] ?? ''] === 'integer' ? ' STRICT' : ' STRICT, WITHOUT ROWID',
};

const DIALECT: Dialect = {
  name: 'sqlite',
  sum: (column) => `exact_sum(${column})`,
  dot: (column) => `instr(${column}, '.')`,
  empty: (name) => `DELETE FROM ${name}`,
};

/** Node 22 stores an empty array over an ArrayBuffer without memory, such as one from another thread, as NULL. */
const NO_BYTES = new Uint8Array(0);

type Parameter = null | number | string | Uint8Array;

/** One connection to a SQLite file. Blocks while SQLite works. */
export class SqliteSession implements Transaction {
  readonly dialect = DIALECT;
  readonly session = this;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string, readOnly: boolean) {
    this.#connection = new DatabaseSync(file, { readOnly, timeout: BUSY_MS });
    this.#connection.aggregate('exact_sum', {
      start: () => null as bigint | null,
      step: (sum: bigint | null, term: unknown) => (sum ?? 0n) + BigInt(String(term)),
      result: (sum: bigint | null) => (sum === null ? null : String(sum)),
    });
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  close(): void {
    this.#statements.clear();
    if (this.#connection.isOpen) this.#connection.close();
  }

  async all(sql: string, parameters: readonly Cell[] = []): Promise<Row[]> {
    // Values of tables and of exact_sum: nothing else is in a row.
    return this.#prepare(sql).all(named(parameters)) as Row[];
  }

  async run(sql: string, parameters: readonly Cell[] = []): Promise<number> {
    return Number(this.#prepare(sql).run(named(parameters)).changes);
  }

  async put(table: Table, rows: readonly Row[], onConflict: OnConflict = 'replace'): Promise<void> {
    const columns = Object.keys(table.columns);
    const places = columns.map(() => '?');
    const update = updateOf(table, onConflict);
    const statement = this.#prepare(`INSERT INTO ${table.name} (${columns}) VALUES (${places}) ${update}`);
    for (const row of rows) statement.run(...columns.map((column) => plain(row[column])));
  }

  async find(table: Table, columns: readonly string[], keys: readonly (readonly Cell[])[]): Promise<Row[]> {
    const condition = columns.map((column) => `${column} = ?`).join(' AND ');
    const statement = this.#prepare(`SELECT * FROM ${table.name} WHERE ${condition}`);
    return keys.flatMap((key) => statement.all(...key.map(plain)) as Row[]);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** `$1`, `$2`, … are names to SQLite. */
function named(parameters: readonly Cell[]): Record<string, Parameter> {
  return Object.fromEntries(parameters.map((value, index) => [`$${index + 1}`, plain(value)]));
}

function plain(value: Cell | undefined): Parameter {
  if (value === undefined) throw new TypeError('a row lacks a column');
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array && value.length === 0 ? NO_BYTES : value;
}
