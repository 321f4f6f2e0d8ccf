import type { Cell } from '../database.ts';
import type { ColumnType } from '../schema.ts';

/** What each type of column is called. Text in the order of its bytes, whatever the database's language. */
export const POSTGRES_TYPES: Readonly<Record<ColumnType, string>> = {
  integer: 'BIGINT',
  real: 'DOUBLE PRECISION',
  exact: 'NUMERIC',
  text: 'TEXT COLLATE "C"',
  bytes: 'BYTEA',
};

/** The same, as elements of an array. */
export const ARRAY_TYPES: Readonly<Record<ColumnType, string>> = {
  integer: 'bigint[]',
  real: 'float8[]',
  exact: 'numeric[]',
  text: 'text[]',
  bytes: 'bytea[]',
};

/** Values of one column as PostgreSQL writes an array: one parameter for thousands of rows. */
export function arrayLiteral(values: readonly Cell[]): string {
  let literal = '{';
  for (const value of values) {
    if (literal.length > 1) literal += ',';
    literal += element(value);
  }
  return `${literal}}`;
}

function element(value: Cell): string {
  if (value === null) return 'NULL';
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return `${value}`;
    case 'string':
      return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
    default:
      return `"\\\\x${hex(value)}"`;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
