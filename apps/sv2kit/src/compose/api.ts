import type { Service } from '@sv2kit/daemon';
import type { Listing, Page, RoleApi, TemplateDetail } from '@sv2kit/monitor';

/** One of several roles in one process, for what they answer together. */
export interface ApiPart {
  readonly name: string;
  readonly service: Pick<Service, 'api'>;
}

interface Asked {
  readonly name: string;
  readonly api: RoleApi;
}

type Rows<T> = (api: RoleApi, page: Page) => Listing<T> | Promise<Listing<T>> | undefined;

/**
 * What several roles in one process answer below /api/v1. Lists are one after the other, each row with the name of its
 * part; what is one thing (shares, history, blocks, payouts, the record) is told by the first part that has it, for the
 * others see parts of the same. Jobs of the others are called `part:id`.
 *
 * @param parts the one that matters most to the operator first
 */
export function mergedApi(parts: readonly ApiPart[]): RoleApi {
  const all = parts.flatMap(({ name, service }): Asked[] => {
    const api = service.api?.();
    return api === undefined ? [] : [{ name, api }];
  });
  const has = (resource: keyof RoleApi): boolean => all.some(({ api }) => api[resource] !== undefined);
  const first = (resource: keyof RoleApi): RoleApi => all.find(({ api }) => api[resource] !== undefined)?.api ?? {};
  const withJobs = first('jobs');
  const { shares, history, blocks, payouts, ledger } = {
    shares: first('shares').shares,
    history: first('history').history,
    blocks: first('blocks').blocks,
    payouts: first('payouts').payouts,
    ledger: first('ledger').ledger,
  };
  return {
    ...(has('channels') && { channels: (page) => chained(all, page, (api, part) => api.channels?.(part)) }),
    ...(has('workers') && {
      workers: (query) => chained(all, query, (api, part) => api.workers?.({ ...query, ...part })),
    }),
    ...(has('worker') && { worker: (name, query) => firstKnown(all, (api) => api.worker?.(name, query)) }),
    ...(has('jobs') && {
      jobs: async (page) => {
        const { total, items } = await chained(all, page, (api, part) => api.jobs?.(part));
        const isFirst = (part: string | undefined): boolean => all.find(({ name }) => name === part)?.api === withJobs;
        return {
          total,
          items: items.map((job) => (isFirst(job.part) ? job : { ...job, id: `${job.part}:${job.id}` })),
        };
      },
    }),
    ...(has('job') && { job: (id) => jobOf(all, withJobs, id) }),
    ...(has('templates') && { templates: (page) => chained(all, page, (api, part) => api.templates?.(part)) }),
    ...(has('template') && { template: (id) => fullest(all, id) }),
    ...(has('peers') && { peers: (page) => chained(all, page, (api, part) => api.peers?.(part)) }),
    ...(has('upstreams') && { upstreams: () => inOneList(all, (api) => api.upstreams?.()) }),
    ...(has('listens') && { listens: () => inOneList(all, (api) => api.listens?.()) }),
    ...(shares && { shares }),
    ...(history && { history }),
    ...(blocks && { blocks }),
    ...(payouts && { payouts }),
    ...(ledger && { ledger }),
  };
}

/** The page of all lists behind one another; each part makes no more rows than are wanted of it. */
async function chained<T extends object>(parts: readonly Asked[], { offset, limit }: Page, rows: Rows<T>) {
  const items: T[] = [];
  let total = 0;
  for (const { name, api } of parts) {
    const wanted = limit - items.length;
    // Whoever has no row on this page is asked for its total all the same.
    const page = { offset: Math.max(0, offset - total), limit: Math.max(1, wanted) };
    const listing = await rows(api, page);
    if (listing === undefined) continue;
    items.push(...listing.items.slice(0, wanted).map((item) => ({ ...item, part: name })));
    total += listing.total;
  }
  return { total, items };
}

type Eventually<T> = T | Promise<T>;

async function inOneList<T extends object>(
  parts: readonly Asked[],
  ask: (api: RoleApi) => Eventually<readonly T[]> | undefined,
) {
  const lists = parts.map(async ({ name, api }) => ((await ask(api)) ?? []).map((each) => ({ ...each, part: name })));
  return (await Promise.all(lists)).flat();
}

async function jobOf(parts: readonly Asked[], withJobs: RoleApi, id: string) {
  const of = parts.find(({ name, api }) => api !== withJobs && id.startsWith(`${name}:`));
  const { name, api } = of ?? parts.find((each) => each.api === withJobs) ?? { name: '', api: withJobs };
  const job = await api.job?.(of === undefined ? id : id.slice(name.length + 1));
  return job && { ...job, id, part: name };
}

/** A template is the same at its provider and at whom it is given to; not all of them know the same of it. */
async function fullest(parts: readonly Asked[], id: string): Promise<TemplateDetail | undefined> {
  const asked = parts.map(async ({ name, api }) => {
    const template = await api.template?.(id);
    return template === undefined ? [] : [{ ...template, part: name }];
  });
  const known = (await Promise.all(asked)).flat();
  const has = ({ transactionList: list }: TemplateDetail): number =>
    list === undefined ? 0 : list.some(({ fee }) => fee !== undefined) ? 2 : 1;
  return known.toSorted((a, b) => has(b) - has(a))[0];
}

async function firstKnown<T>(parts: readonly Asked[], ask: (api: RoleApi) => T | undefined | Promise<T | undefined>) {
  for (const { api } of parts) {
    const found = await ask(api);
    if (found !== undefined) return found;
  }
  return undefined;
}
