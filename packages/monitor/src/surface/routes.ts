import type { Static, TObject, TSchema } from 'typebox';
import type { Listing } from '../page.ts';
import type { RoleApi } from '../role-api.ts';
import { LedgerViewSchema, PayoutsAnswerSchema } from '../schemas/accounts.ts';
import { ChannelViewSchema, SharesViewSchema, WorkerViewSchema } from '../schemas/mining.ts';
import { PeerViewSchema, UpstreamViewSchema } from '../schemas/network.ts';
import {
  listOf,
  NoQuerySchema,
  type Page,
  PageQuerySchema,
  PayoutsQuerySchema,
  WorkersQuerySchema,
} from '../schemas/page.ts';
import { BlockViewSchema, JobViewSchema, TemplateViewSchema } from '../schemas/work.ts';

/** Every resource of a role, in the order in which they are shown, and what it is. */
export const RESOURCES = {
  channels: 'Open channels.',
  workers: 'Workers, over all their channels and connections.',
  shares: 'Shares, accepted and rejected by reason.',
  jobs: 'What miners work on.',
  templates: 'What jobs are made of.',
  blocks: 'Blocks that were found here, the latest first.',
  upstreams: 'What this role is a client of.',
  peers: 'Connections from clients.',
  payouts: 'How is paid, and what.',
  ledger: 'How the record of everything is.',
} as const satisfies Partial<Record<keyof RoleApi, string>>;
export type Resource = keyof typeof RESOURCES;

/** Those that this role has. */
export function resourcesOf(api: RoleApi): Resource[] {
  return (Object.keys(RESOURCES) as Resource[]).filter((name) => api[name] !== undefined);
}

/** How a resource is asked for and answered. */
export interface ResourceRoute {
  readonly resource: Resource;
  readonly query: TObject;
  readonly answer: TSchema;
  /** Only called of a role that has the resource. */
  ask(api: RoleApi, query: unknown): unknown;
}

type Eventually<T> = T | Promise<T> | undefined;

function list<const Q extends TObject, const S extends TSchema>(
  resource: Resource,
  query: Q,
  row: S,
  rows: (api: RoleApi, query: Static<Q>) => Eventually<Listing<Static<S>>>,
): ResourceRoute {
  const ask = async (api: RoleApi, asked: unknown): Promise<object> =>
    asPage(await rows(api, asked as Static<Q>), asked as Page);
  return { resource, query, answer: listOf(RESOURCES[resource], row), ask };
}

function single<const S extends TSchema>(
  resource: Resource,
  answer: S,
  ask: (api: RoleApi) => Eventually<Static<S>>,
): ResourceRoute {
  return { resource, query: NoQuerySchema, answer, ask };
}

/** Whatever a role hands over, no page is longer than what was asked for. */
function asPage<L extends Listing<unknown>>(listing: L | undefined, { offset, limit }: Page): object {
  return { ...listing, offset, limit, items: listing?.items.slice(0, limit) ?? [] };
}

/** Answers 0 rows and up, but for `shares` and `ledger`, which are one thing each. */
export const ROUTES: readonly ResourceRoute[] = [
  list('channels', PageQuerySchema, ChannelViewSchema, (api, query) => api.channels?.(query)),
  list('workers', WorkersQuerySchema, WorkerViewSchema, (api, query) => api.workers?.(query)),
  single('shares', SharesViewSchema, (api) => api.shares?.()),
  list('jobs', PageQuerySchema, JobViewSchema, (api, query) => api.jobs?.(query)),
  list('templates', PageQuerySchema, TemplateViewSchema, (api, query) => api.templates?.(query)),
  list('blocks', PageQuerySchema, BlockViewSchema, (api, query) => api.blocks?.(query)),
  list('upstreams', PageQuerySchema, UpstreamViewSchema, async (api, { offset, limit }) => {
    const all = (await api.upstreams?.()) ?? [];
    return { total: all.length, items: all.slice(offset, offset + limit) };
  }),
  list('peers', PageQuerySchema, PeerViewSchema, (api, query) => api.peers?.(query)),
  {
    resource: 'payouts',
    query: PayoutsQuerySchema,
    answer: PayoutsAnswerSchema,
    ask: async (api, query) => asPage(await api.payouts?.(query as Static<typeof PayoutsQuerySchema>), query as Page),
  },
  single('ledger', LedgerViewSchema, (api) => api.ledger?.()),
];
