import Type, { type Static, type TSchema } from 'typebox';

/** Rows that one answer holds at most. */
export const PAGE_LIMIT = 1000;
/** Rows that an answer holds when nothing else is asked for. */
export const PAGE_DEFAULT = 100;

/** Which part of a list is asked for. */
export const PageQuerySchema = Type.Object(
  {
    offset: Type.Integer({ minimum: 0, default: 0, description: 'Rows to leave out at the beginning.' }),
    limit: Type.Integer({
      minimum: 1,
      maximum: PAGE_LIMIT,
      default: PAGE_DEFAULT,
      description: 'Rows to answer with at most.',
    }),
  },
  { additionalProperties: false },
);
export type Page = Static<typeof PageQuerySchema>;

/** Nothing is asked for. */
export const NoQuerySchema = Type.Object({}, { additionalProperties: false });

export const WORKER_SORTS = ['name', 'hashrate', 'work', 'best', 'last-share'] as const;
export const WorkersQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    sort: Type.Optional(
      Type.Enum([...WORKER_SORTS], {
        description: 'By name from a to z; by anything else the largest or latest first. `name` when left out.',
      }),
    ),
    user: Type.Optional(Type.String({ maxLength: 255, description: 'Only the workers of this user.' })),
  },
  { additionalProperties: false },
);
export type WorkersQuery = Static<typeof WorkersQuerySchema>;

export const PayoutsQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    account: Type.Optional(Type.String({ maxLength: 255, description: 'Only what this account is due.' })),
  },
  { additionalProperties: false },
);
export type PayoutsQuery = Static<typeof PayoutsQuerySchema>;

/** Part of a list, as a role hands it over. */
export interface Listing<T> {
  /** Of the whole list. */
  readonly total: number;
  readonly items: readonly T[];
}

/** What an answer says of the page that it is. */
export const pageProperties = {
  total: Type.Integer({ minimum: 0, description: 'Rows of the whole list.' }),
  offset: Type.Integer({ minimum: 0, description: 'Rows left out at the beginning.' }),
  limit: Type.Integer({ minimum: 1, description: 'Rows in one answer at most.' }),
};

/** A list as it is answered. */
export function listOf<const S extends TSchema>(description: string, items: S) {
  return Type.Object({ ...pageProperties, items: Type.Array(items) }, { description, additionalProperties: false });
}

/**
 * The page of a list that stands in memory; only its rows are turned into views.
 *
 * @param total of the whole list; counted when left out
 */
export function pageOf<T, V>(
  rows: Iterable<T>,
  { offset, limit }: Page,
  toView: (row: T) => V,
  total?: number,
): Listing<V> {
  if (Array.isArray(rows)) {
    const all = rows as readonly T[];
    return { total: total ?? all.length, items: all.slice(offset, offset + limit).map(toView) };
  }
  const items: V[] = [];
  let index = 0;
  for (const row of rows) {
    if (index >= offset && items.length < limit) items.push(toView(row));
    index++;
    if (total !== undefined && items.length === limit) break;
  }
  return { total: total ?? index, items };
}
