import type { TSchema } from 'typebox';

/** What of a schema says which numbers must be there. */
interface Shape {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly items?: TSchema;
}

/**
 * An answer without the numbers that JSON has no word for: a role divides by zero sooner or later, and one row must not
 * cost a reader all of them. What may be left out is left out, what must be there is 0.
 */
export function finite(schema: TSchema, value: unknown): unknown {
  return isFinite(value) ? value : mended(schema, value);
}

function isFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isFinite);
  for (const name in value) if (!isFinite((value as Record<string, unknown>)[name])) return false;
  return true;
}

function mended(schema: TSchema, value: unknown): unknown {
  const { items, properties, required = [] } = schema as Shape;
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => mended(items, item));
  if (typeof value === 'number') return Number.isFinite(value) ? value : 0;
  if (typeof value !== 'object' || value === null || properties === undefined) return value;
  const told: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const own = properties[name];
    if (own === undefined) continue;
    if (typeof inner !== 'number' || Number.isFinite(inner)) told[name] = mended(own, inner);
    else if (required.includes(name)) told[name] = 0;
  }
  return told;
}
