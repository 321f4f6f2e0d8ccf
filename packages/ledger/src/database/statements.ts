import type { OnConflict } from './database.ts';
import type { Table } from './schema.ts';

/** The end of an INSERT: what becomes of a row whose key is there already. */
export function updateOf({ name, columns, key }: Table, onConflict: OnConflict): string {
  const others = Object.keys(columns).filter((column) => !key.includes(column));
  if (onConflict === 'keep' || others.length === 0) return `ON CONFLICT (${key}) DO NOTHING`;
  return `ON CONFLICT (${key}) DO UPDATE SET ${setsOf(name, others, onConflict).join(', ')}`;
}

function setsOf(name: string, others: readonly string[], onConflict: Exclude<OnConflict, 'keep'>): readonly string[] {
  const set = (column: string): string => `${column} = excluded.${column}`;
  if (onConflict === 'replace') return others.map(set);
  if ('set' in onConflict) return onConflict.set.map(set);
  return onConflict.add.map((column) => `${column} = ${name}.${column} + excluded.${column}`);
}
