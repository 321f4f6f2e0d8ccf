import type { Static, TObject, TSchema } from 'typebox';
import type { Listing } from '../page.ts';
import type { RoleApi } from '../role-api.ts';
import { LedgerViewSchema, PayoutsAnswerSchema } from '../schemas/accounts.ts';
import { ConnectionViewSchema } from '../schemas/connections.ts';
import {
  ChannelViewSchema,
  HistoryViewSchema,
  SharesViewSchema,
  WorkerDetailSchema,
  WorkerViewSchema,
} from '../schemas/mining.ts';
import { ListenViewSchema, PeerViewSchema, UpstreamViewSchema } from '../schemas/network.ts';
import {
  HistoryQuerySchema,
  listOf,
  NoQuerySchema,
  type Page,
  PageQuerySchema,
  PayoutsQuerySchema,
  WorkersQuerySchema,
} from '../schemas/page.ts';
import {
  BlockViewSchema,
  JobDetailSchema,
  JobViewSchema,
  TemplateDetailSchema,
  TemplateViewSchema,
} from '../schemas/work.ts';

/** Every resource of a role, in the order in which they are shown, and what it is. */
export const RESOURCES = {
  channels: 'Open channels.',
  workers: 'Workers, over all their channels and connections.',
  shares: 'Shares, accepted and rejected by reason.',
  history: 'What all workers did, stretch by stretch.',
  jobs: 'What miners work on.',
  templates: 'What jobs are made of.',
  blocks: 'Blocks that were found here, the latest first.',
  listens: 'Where this role listens.',
  upstreams: 'What this role is a client of.',
  peers: 'Connections from clients.',
  connections: 'Connections whose messages can be watched.',
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

/** All of a list that is short, page by page. */
function short<const S extends TSchema>(
  resource: Resource,
  row: S,
  rows: (api: RoleApi) => Eventually<readonly Static<S>[]>,
): ResourceRoute {
  return list(resource, PageQuerySchema, row, async (api, { offset, limit }) => {
    const all = (await rows(api)) ?? [];
    return { total: all.length, items: all.slice(offset, offset + limit) };
  });
}

/** Answers 0 rows and up, but for `shares`, `history` and `ledger`, which are one thing each. */
export const ROUTES: readonly ResourceRoute[] = [
  list('channels', PageQuerySchema, ChannelViewSchema, (api, query) => api.channels?.(query)),
  list('workers', WorkersQuerySchema, WorkerViewSchema, (api, query) => api.workers?.(query)),
  single('shares', SharesViewSchema, (api) => api.shares?.()),
  {
    resource: 'history',
    query: HistoryQuerySchema,
    answer: HistoryViewSchema,
    ask: (api, query) => api.history?.(query as Static<typeof HistoryQuerySchema>),
  },
  list('jobs', PageQuerySchema, JobViewSchema, (api, query) => api.jobs?.(query)),
  list('templates', PageQuerySchema, TemplateViewSchema, (api, query) => api.templates?.(query)),
  list('blocks', PageQuerySchema, BlockViewSchema, (api, query) => api.blocks?.(query)),
  short('listens', ListenViewSchema, (api) => api.listens?.()),
  short('upstreams', UpstreamViewSchema, (api) => api.upstreams?.()),
  list('peers', PageQuerySchema, PeerViewSchema, (api, query) => api.peers?.(query)),
  list('connections', PageQuerySchema, ConnectionViewSchema, (api, query) => api.connections?.(query)),
  {
    resource: 'payouts',
    query: PayoutsQuerySchema,
    answer: PayoutsAnswerSchema,
    ask: async (api, query) => asPage(await api.payouts?.(query as Static<typeof PayoutsQuerySchema>), query as Page),
  },
  single('ledger', LedgerViewSchema, (api) => api.ledger?.()),
];

/** How one thing of a list is asked for and answered, with more than the list says of it. */
export interface DetailRoute {
  readonly detail: 'worker' | 'job' | 'template';
  /** The list that it is of. */
  readonly of: Resource;
  /** What names it in the path. */
  readonly parameter: 'name' | 'id';
  readonly summary: string;
  readonly query: TObject;
  readonly answer: TSchema;
  /** Only called of a role that has it. */
  ask(api: RoleApi, which: string, query: unknown): Eventually<object | undefined>;
}

export const DETAILS: readonly DetailRoute[] = [
  {
    detail: 'worker',
    of: 'workers',
    parameter: 'name',
    summary: 'One worker with its past.',
    query: HistoryQuerySchema,
    answer: WorkerDetailSchema,
    ask: (api, name, query) => api.worker?.(name, query as Static<typeof HistoryQuerySchema>),
  },
  {
    detail: 'job',
    of: 'jobs',
    parameter: 'id',
    summary: 'One job with what is in it.',
    query: NoQuerySchema,
    answer: JobDetailSchema,
    ask: (api, id) => api.job?.(id),
  },
  {
    detail: 'template',
    of: 'templates',
    parameter: 'id',
    summary: 'One template with what is in it.',
    query: NoQuerySchema,
    answer: TemplateDetailSchema,
    ask: (api, id) => api.template?.(id),
  },
];

/** What a role answers below /api/v1, as the OpenAPI document writes it: `workers`, `workers/{name}`. */
export function pathsOf(api: RoleApi): string[] {
  return resourcesOf(api).flatMap((resource) => {
    const detail = DETAILS.find(({ of }) => of === resource);
    return detail === undefined || api[detail.detail] === undefined
      ? [resource]
      : [resource, `${resource}/{${detail.parameter}}`];
  });
}
