import { displayHash } from '@sv2kit/bitcoin';
import { silentLogger } from '@sv2kit/daemon';
import type { RoleApi } from '@sv2kit/monitor';
import { describe, expect, test } from 'vitest';
import { templateProviderApi } from '../src/api.ts';
import { FakeHeldTemplate, hashOf, template, transaction } from './fake-node.ts';
import { type Harness, serving } from './server-harness.ts';

const ALL = { offset: 0, limit: 100 };
const shown = (name: string) => displayHash(hashOf(name));

function apiOf({ publisher, held, node, server }: Harness): RoleApi {
  const feed = { activeNode: node.name, sources: [{ node, backEnd: null, sinceMs: 0 }] } as never;
  const desk = { list: () => [] };
  return templateProviderApi({ publisher, held, feed, desk, server, listens: [], log: silentLogger });
}

async function activeId(api: RoleApi): Promise<string> {
  const { items } = (await api.templates?.(ALL)) ?? { items: [] };
  return items.findLast(({ state }) => state === 'active')?.id ?? 'none';
}

describe('a template', () => {
  test('of a node that tells all at once has fee and weight of each transaction, and when it came', async () => {
    await using harness = await serving({ empty: true });
    const [a, b] = [transaction('a'), transaction('b')].map((each, index) => ({
      ...each,
      fee: BigInt(1_000 * (index + 1)),
      sigops: 4,
      depends: [],
    }));
    if (a === undefined || b === undefined) throw new Error('two');
    harness.clock.advance(5_000);
    const spec = { transactions: [a, b], coinbaseValue: 50_0000_3000n };
    harness.server.onTemplate(template(101, harness.clock, spec), 'node');
    const client = await harness.client();
    await client.ask();
    const api = apiOf(harness);
    const id = await activeId(api);
    expect(await api.template?.(id)).toEqual({
      id,
      state: 'active',
      height: 101,
      prevHash: shown('100'),
      transactions: 2,
      isEmpty: false,
      fees: 3_000,
      revenue: 50_0000_3000,
      receivedAtMs: harness.clock.now(),
      source: 'node',
      weight: 256,
      transactionList: [
        { txid: shown('txid of a'), wtxid: shown('wtxid of a'), weight: 128, size: 32, fee: 1_000 },
        { txid: shown('txid of b'), wtxid: shown('wtxid of b'), weight: 128, size: 32, fee: 2_000 },
      ],
    });
    expect(await api.template?.('77')).toBeUndefined();
    expect(await api.template?.('no number')).toBeUndefined();
  });

  test('that its node holds is told with what the node says of its fees, and without where it says nothing', async () => {
    await using harness = await serving({ empty: true });
    const held = new FakeHeldTemplate(101, harness.clock, { labels: ['a', 'b', 'c'], fees: 6n });
    const client = await harness.client();
    harness.give(held);
    await client.ask();
    const api = apiOf(harness);
    const id = await activeId(api);
    const fees = async () => (await api.template?.(id))?.transactionList?.map(({ fee }) => fee);
    expect(await fees()).toEqual([undefined, undefined, undefined]);
    held.loadFees = () => Promise.resolve([1n, 2n, 3n]);
    expect(await fees()).toEqual([1, 2, 3]);
    held.loadFees = () => Promise.resolve([1n]);
    expect(await fees()).toEqual([undefined, undefined, undefined]);
    expect(await api.template?.(id)).toMatchObject({ fees: 6, source: 'node', weight: 384, transactions: 3 });
    expect(held.asked).toBe(1);
  });
});
