import type { JobView, Listing, PeerView, UpstreamView } from '@sv2kit/monitor';
import { expect, test } from 'vitest';
import { FakeNode, VALUE } from './fake-node.ts';
import { draft, Running } from './support.ts';

const PAGE = { offset: 0, limit: 10 };

test('a server tells its jobs, nodes, clients and blocks, and what happens', async () => {
  const node = new FakeNode();
  await using running = await Running.start({ nodes: [node] });
  await using client = await running.connect();
  await client.declare(draft(201, VALUE));
  const api = running.server.api?.() ?? {};
  const jobs = (await api.jobs?.(PAGE)) as Listing<JobView>;
  expect(jobs).toMatchObject({
    total: 1,
    items: [{ id: '1', origin: 'declared', state: 'active', height: 201, user: 'alice', fees: expect.any(Number) }],
  });
  const [listed] = jobs.items;
  expect(listed?.coinbaseOutputs?.[0]).toMatchObject({
    value: Number(VALUE),
    address: expect.stringMatching(/^bcrt1/),
  });
  expect(await api.job?.('1')).toMatchObject({
    ...listed,
    transactionList: [],
    coinbase: { prefix: expect.stringMatching(/^0[12]000000/), suffix: expect.any(String) },
  });
  expect(await api.job?.('2')).toBeUndefined();
  expect((await api.upstreams?.()) as UpstreamView[]).toMatchObject([{ name: node.name, kind: 'node', active: true }]);
  const peers = (await api.peers?.(PAGE)) as Listing<PeerView>;
  expect(peers).toMatchObject({
    total: 1,
    items: [{ protocol: 'job-declaration', channels: 0, stats: { mode: 'full-template' } }],
  });
  expect(await api.blocks?.(PAGE)).toEqual({ total: 0, items: [] });
  expect(await api.ledger?.()).toMatchObject({ journal: { state: 'ok' } });
  expect(api).not.toHaveProperty('shares');
});
