import { Client, types } from 'pg';
import type { Cell, Dialect, OnConflict, Row, Transaction } from '../database.ts';
import { type Table, typeOf } from '../schema.ts';
import { updateOf } from '../statements.ts';
import { ARRAY_TYPES, arrayLiteral } from './array-literals.ts';
import { postgresError } from './postgres-errors.ts';

const DIALECT: Dialect = {
  name: 'postgres',
  sum: (column) => `sum(${column})`,
  dot: (column) => `strpos(${column}, '.')`,
  empty: (name) => `TRUNCATE ${name}`,
};
const CONNECT_MS = 5000;
/** A server that has not answered for so long is away. */
const ANSWER_MS = 60_000;
/** Rows in one statement: more make it no faster. */
const MOST_ROWS = 5000;

/**
 * A commit need not wait for the server's disk: the journal has it all, and what a crash of the server takes back is
 * projected again. A server that is gone is noticed in a minute, and so is a client by the server, which holds its lock.
 */
const SETTINGS = `
  SET synchronous_commit = off;
  SET statement_timeout = ${ANSWER_MS};
  SET lock_timeout = 10000;
  SET idle_in_transaction_session_timeout = ${ANSWER_MS};
  SET tcp_keepalives_idle = 30;
  SET tcp_keepalives_interval = 10;
  SET tcp_keepalives_count = 3`;

const INT8 = 20;
const BYTEA = 17;
const textParser = (oid: number) => types.getTypeParser(oid, 'text');
const bytea = textParser(BYTEA);
/** Numbers as the seam has them; exact ones stay text. */
const TYPES = {
  getTypeParser(oid: number): (text: string) => unknown {
    if (oid === INT8) return Number;
    if (oid === BYTEA) return (text) => new Uint8Array(bytea(text));
    return textParser(oid);
  },
};

/** One connection to PostgreSQL. */
export class PostgresSession implements Transaction {
  readonly dialect = DIALECT;
  readonly session = this;
  readonly #client: Client;
  readonly #names = new Map<string, string>();
  #processId: number | undefined;
  #isBroken = false;

  private constructor(client: Client) {
    this.#client = client;
    // Also told to whatever waits for an answer.
    client.on('error', () => {
      this.#isBroken = true;
    });
    client.on('end', () => {
      this.#isBroken = true;
    });
  }

  /** @throws DatabaseAway */
  static async open(url: string): Promise<PostgresSession> {
    const session = new PostgresSession(clientOf(url));
    try {
      await session.#client.connect();
      await session.#client.query(SETTINGS);
      const { rows } = await session.#client.query<Row>('SELECT pg_backend_pid() AS id');
      session.#processId = Number(rows[0]?.['id']);
      return session;
    } catch (error) {
      session.destroy();
      throw postgresError(error);
    }
  }

  /** Of the server's process that serves it. */
  get processId(): number | undefined {
    return this.#processId;
  }

  /** Nothing more can be asked of it. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Ends it without waiting for anything. */
  destroy(): void {
    this.#isBroken = true;
    // Its promise settles when the server has closed its side, which may be never.
    this.#client.end().catch(() => {});
    this.#client.connection.stream.destroy();
  }

  async close(): Promise<void> {
    if (!this.#isBroken) await this.#client.end().catch(() => {});
    this.destroy();
  }

  async all(sql: string, parameters: readonly Cell[] = []): Promise<Row[]> {
    return (await this.#query(sql, parameters)).rows;
  }

  async run(sql: string, parameters: readonly Cell[] = []): Promise<number> {
    return (await this.#query(sql, parameters)).changed;
  }

  async put(table: Table, rows: readonly Row[], onConflict: OnConflict = 'replace'): Promise<void> {
    const columns = Object.entries(table.columns);
    const arrays = columns.map(([, declaration], index) => `$${index + 1}::${ARRAY_TYPES[typeOf(declaration)]}`);
    const names = columns.map(([name]) => name);
    const update = updateOf(table, onConflict);
    const sql = `INSERT INTO ${table.name} (${names}) SELECT * FROM unnest(${arrays.join(', ')}) ${update}`;
    for (let from = 0; from < rows.length; from += MOST_ROWS) {
      const part = rows.slice(from, from + MOST_ROWS);
      await this.#query(
        sql,
        names.map((name) => arrayLiteral(part.map((row) => cellOf(row, name)))),
      );
    }
  }

  async find(table: Table, columns: readonly string[], keys: readonly (readonly Cell[])[]): Promise<Row[]> {
    const arrays = columns.map((column, index) => {
      const declaration = table.columns[column];
      if (declaration === undefined) throw new TypeError(`${table.name} has no column ${column}`);
      return `$${index + 1}::${ARRAY_TYPES[typeOf(declaration)]}`;
    });
    const condition = columns.map((column, index) => `t.${column} = k.k${index}`).join(' AND ');
    const wanted = `unnest(${arrays.join(', ')}) AS k (${columns.map((_, index) => `k${index}`)})`;
    const sql = `SELECT t.* FROM ${wanted} JOIN ${table.name} t ON ${condition}`;
    const rows: Row[] = [];
    for (let from = 0; from < keys.length; from += MOST_ROWS) {
      const part = keys.slice(from, from + MOST_ROWS);
      const literals = columns.map((_, index) => arrayLiteral(part.map((key) => key[index] ?? null)));
      rows.push(...(await this.#query(sql, literals)).rows);
    }
    return rows;
  }

  async #query(sql: string, parameters: readonly Cell[]): Promise<{ readonly rows: Row[]; readonly changed: number }> {
    const values = parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
    try {
      // Statements with parameters come again and again: the server keeps them prepared under a name.
      const { rows, rowCount } =
        values.length === 0
          ? await this.#client.query<Row>(sql)
          : await this.#client.query<Row>({ name: this.#nameOf(sql), text: sql, values });
      return { rows, changed: rowCount ?? 0 };
    } catch (error) {
      throw postgresError(error);
    }
  }

  #nameOf(sql: string): string {
    const known = this.#names.get(sql);
    if (known !== undefined) return known;
    const name = `s${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

function clientOf(url: string): Client {
  return new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS + CONNECT_MS,
    keepAlive: true,
    application_name: 'sv2kit',
    types: TYPES,
  });
}

function cellOf(row: Row, column: string): Cell {
  const value = row[column];
  if (value === undefined) throw new TypeError(`a row lacks the column ${column}`);
  return value;
}
