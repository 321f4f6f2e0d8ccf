import type { ChannelView, Listing, Page, RoleApi, UpstreamView } from '@sv2kit/monitor';
import { describe, expect, test } from 'vitest';
import { mergedApi } from '../../src/compose/api.ts';

const upstream = (name: string): UpstreamView => ({ name, kind: 'node', state: 'ok', stats: {} });
const part = (name: string, api?: RoleApi) => ({ name, service: api === undefined ? {} : { api: () => api } });

function channels(count: number, asked: number[] = []): RoleApi {
  const items = Array.from({ length: count }, (_, channelId) => ({ channelId }) as ChannelView);
  return {
    channels({ offset, limit }) {
      asked.push(limit);
      return { total: count, items: items.slice(offset, offset + limit) };
    },
  };
}

async function listed(api: RoleApi, page: Page): Promise<Listing<ChannelView>> {
  return (await api.channels?.(page)) ?? { total: 0, items: [] };
}

describe('several roles in one process answer as one', () => {
  test('with rows that name their part, page by page over all of them', async () => {
    const api = mergedApi([part('pool', channels(3)), part('none'), part('translator', channels(4))]);
    const read = async (offset: number, limit: number) => {
      const { total, items } = await listed(api, { offset, limit });
      return [total, ...items.map((item) => `${item.part} ${item.channelId}`)];
    };
    expect(await read(0, 10)).toHaveLength(8);
    expect(await read(2, 2)).toEqual([7, 'pool 2', 'translator 0']);
    expect(await read(5, 10)).toEqual([7, 'translator 2', 'translator 3']);
    expect(await read(7, 10)).toEqual([7]);
  });

  test('no part makes rows that are not wanted of it', async () => {
    const asked: number[] = [];
    const api = mergedApi([part('pool', channels(900)), part('translator', channels(900, asked))]);
    const { items } = await listed(api, { offset: 0, limit: 100 });
    expect([items.length, asked]).toEqual([100, [1]]);
  });

  test('with jobs that keep their ids in the first part, and are told apart by its name in the others', async () => {
    const jobs = (origin: 'pool' | 'declared'): RoleApi => ({
      jobs: () => ({ total: 1, items: [{ id: '7', origin, state: 'active', createdAtMs: 1 }] }),
      job: (id) => (id === '7' ? { id, origin, state: 'active', createdAtMs: 1 } : undefined),
    });
    const api = mergedApi([part('provider', {}), part('pool', jobs('pool')), part('jd-server', jobs('declared'))]);
    const listing = await api.jobs?.({ offset: 0, limit: 10 });
    expect(listing?.items.map(({ id, origin }) => [id, origin])).toEqual([
      ['7', 'pool'],
      ['jd-server:7', 'declared'],
    ]);
    expect(await api.job?.('7')).toMatchObject({ id: '7', part: 'pool', origin: 'pool' });
    expect(await api.job?.('jd-server:7')).toMatchObject({ id: 'jd-server:7', part: 'jd-server', origin: 'declared' });
    expect(await api.job?.('jd-server:8')).toBeUndefined();
  });

  test('with a template as the part tells it that knows most of it', async () => {
    const template = (more: object) => ({ template: () => ({ id: '1', state: 'active' as const, ...more }) });
    const [txid, fee] = ['00'.repeat(32), 5];
    const api = mergedApi([
      part('client', template({ transactionList: [{ txid }] })),
      part('provider', template({ transactionList: [{ txid, fee }] })),
    ]);
    expect(await api.template?.('1')).toMatchObject({ part: 'provider', transactionList: [{ txid, fee }] });
  });

  test('with all addresses that any part listens on', async () => {
    const listens = (port: number): RoleApi => ({ listens: () => [{ protocol: 'mining', host: '::', port }] });
    const api = mergedApi([part('pool', listens(1)), part('jd-server', listens(2)), part('none', {})]);
    expect((await api.listens?.())?.map(({ part: name, port }) => [name, port])).toEqual([
      ['pool', 1],
      ['jd-server', 2],
    ]);
  });

  test('with what is one thing told by the first part that has it, and nothing that none has', async () => {
    const ledger = { journal: { state: 'ok', position: 5, watermark: 5 } };
    const api = mergedApi([
      part('pool', { worker: () => undefined, upstreams: () => [upstream('a')] }),
      part('jd-server', { ledger: () => ledger, upstreams: () => Promise.resolve([upstream('b')]) }),
    ]);
    expect(Object.keys(api).sort()).toEqual(['ledger', 'upstreams', 'worker']);
    expect(await api.ledger?.()).toEqual(ledger);
    expect(await api.worker?.('alice', { hours: 1 })).toBeUndefined();
    expect(await api.upstreams?.()).toEqual([
      { ...upstream('a'), part: 'pool' },
      { ...upstream('b'), part: 'jd-server' },
    ]);
  });
});
