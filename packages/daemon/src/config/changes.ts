import type { Field, Fields } from './field.ts';
import { tomlKey } from './names.ts';
import { Secret } from './secret.ts';

/** Marks a key, a table or a list of tables as one that a running service takes up again at SIGHUP. */
export function reloadable<const F extends Field>(field: F): F {
  return { ...field, reloadable: true };
}

/** A key that is not what it was. */
export interface Change {
  /** In TOML form; a list of tables is one key. */
  readonly key: string;
  /** Whether the service takes it up as it runs. */
  readonly reloadable: boolean;
}

type Table = Readonly<Record<string, unknown>>;

/** What differs between two readings of one declaration, in the order of its fields. */
export function changesOf(fields: Fields, before: object, next: object): readonly Change[] {
  return [...differences(fields, before as Table, next as Table, '', false)];
}

/** `before` with the keys of `next` that a running service takes up. */
export function takeReloadable<T extends object>(fields: Fields, before: T, next: T): T {
  // The same fields of the same declaration, each from one reading or the other.
  return merge(fields, before as Table, next as Table) as T;
}

function* differences(fields: Fields, before: Table, next: Table, above: string, all: boolean): Generator<Change> {
  for (const [name, field] of Object.entries(fields)) {
    const key = `${above}${tomlKey(name)}`;
    const isReloadable = all || field.reloadable === true;
    if (field.kind === 'section') {
      yield* differences(field.fields, before[name] as Table, next[name] as Table, `${key}.`, isReloadable);
    } else if (!sameValue(before[name], next[name])) yield { key, reloadable: isReloadable };
  }
}

function merge(fields: Fields, before: Table, next: Table): Table {
  const merged: Record<string, unknown> = { ...before };
  for (const [name, field] of Object.entries(fields)) {
    if (field.reloadable === true) merged[name] = next[name];
    else if (field.kind === 'section') merged[name] = merge(field.fields, before[name] as Table, next[name] as Table);
  }
  return merged;
}

/** Whether two values of a configuration are the same. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Secret || b instanceof Secret) {
    return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal();
  }
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => sameValue((a as Table)[name], (b as Table)[name]));
}
