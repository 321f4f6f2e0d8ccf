import type { OnConflict } from './database.ts';
import type { Table } from './schema.ts';

/** The end of an INSERT: what becomes of a row whose key is there already. */
export function updateOf({ name, columns, key }: Table, onConflict: OnConflict): string {
  const others = Object.keys(columns).filter((column) => !key.includes(column));
  if (onConflict === 'keep' || others.length === 0) return `ON CONFLICT (${key}) DO NOTHING`;
  const sets =
    onConflict === 'replace'
      ? others.map((column) => `${column} = excluded.${column}`)
      : onConflict.add.map((column) => `${column} = ${name}.${column} + excluded.${column}`);
  return `ON CONFLICT (${key}) DO UPDATE SET ${sets.join(', ')}`;
}
