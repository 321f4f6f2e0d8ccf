import type { Service } from '@sv2kit/daemon';
import type { Listing, Page, RoleApi } from '@sv2kit/monitor';

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
 * part; what is one thing (shares, blocks, payouts, the record) is told by the first part that has it, for the others
 * see parts of the same.
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
  const { shares, blocks, payouts, ledger } = {
    shares: first('shares').shares,
    blocks: first('blocks').blocks,
    payouts: first('payouts').payouts,
    ledger: first('ledger').ledger,
  };
  return {
    ...(has('channels') && { channels: (page) => chained(all, page, (api, part) => api.channels?.(part)) }),
    ...(has('workers') && {
      workers: (query) => chained(all, query, (api, part) => api.workers?.({ ...query, ...part })),
    }),
    ...(has('worker') && { worker: (name) => firstKnown(all, (api) => api.worker?.(name)) }),
    ...(has('jobs') && { jobs: (page) => chained(all, page, (api, part) => api.jobs?.(part)) }),
    ...(has('templates') && { templates: (page) => chained(all, page, (api, part) => api.templates?.(part)) }),
    ...(has('peers') && { peers: (page) => chained(all, page, (api, part) => api.peers?.(part)) }),
    ...(has('upstreams') && { upstreams: () => upstreamsOf(all) }),
    ...(shares && { shares }),
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

async function upstreamsOf(parts: readonly Asked[]) {
  const lists = parts.map(async ({ name, api }) =>
    ((await api.upstreams?.()) ?? []).map((each) => ({ ...each, part: name })),
  );
  return (await Promise.all(lists)).flat();
}

async function firstKnown<T>(parts: readonly Asked[], ask: (api: RoleApi) => T | undefined | Promise<T | undefined>) {
  for (const { api } of parts) {
    const found = await ask(api);
    if (found !== undefined) return found;
  }
  return undefined;
}
