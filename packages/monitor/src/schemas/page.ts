import Type, { type Static, type TSchema } from 'typebox';
import { PAGE_DEFAULT, PAGE_LIMIT } from '../page.ts';

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

/** How a worker can be. */
export const WORKER_STATES = ['active', 'idle', 'gone'] as const;
const WORKER_SORTS = ['name', 'hashrate', 'work', 'best', 'last-share'] as const;
export const WorkersQuerySchema = Type.Object(
  {
    ...PageQuerySchema.properties,
    sort: Type.Optional(
      Type.Enum([...WORKER_SORTS], {
        description: 'By name from a to z; by anything else the largest or latest first. `name` when left out.',
      }),
    ),
    user: Type.Optional(Type.String({ maxLength: 255, description: 'Only the workers of this user.' })),
    search: Type.Optional(
      Type.String({
        maxLength: 255,
        description: 'Only the workers whose name has this in it; upper and lower case are the same.',
      }),
    ),
    state: Type.Optional(Type.Enum([...WORKER_STATES], { description: 'Only the workers that are so.' })),
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

export const HistoryQuerySchema = Type.Object(
  {
    hours: Type.Integer({
      minimum: 1,
      maximum: 8784,
      default: 24,
      description: 'How far back: at most a year of 366 days.',
    }),
  },
  { additionalProperties: false },
);
export type HistoryQuery = Static<typeof HistoryQuerySchema>;

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
