import type { TSchema } from 'typebox';

/** What of an object its schema declares: nothing else leaves the process. */
export function declared(schema: TSchema, value: object): Record<string, unknown> {
  const { properties } = schema as { readonly properties?: Readonly<Record<string, TSchema>> };
  return Object.fromEntries(Object.entries(value).filter(([name]) => properties !== undefined && name in properties));
}
