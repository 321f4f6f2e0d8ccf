import { displayHash } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortInSlices } from '../src/views/in-slices.ts';
import { HASHRATE, type Rig, rig, solve, template, type TestMiner, tip } from './support.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const ALL = { offset: 0, limit: 1_000 };

/** One connection with a channel for each user. */
function farm({ connect }: Rig, users: readonly string[]): TestMiner {
  const miner = connect();
  for (const user of users) miner.open('extended', { user });
  return miner;
}

/** So many accepted shares of its `index`th channel. */
function mine(miner: TestMiner, index: number, shares: number, worker?: string): void {
  const client = miner.clients[index];
  if (client === undefined) throw new Error('no such channel');
  let from = 0;
  for (let share = 0; share < shares; share += 1) {
    const solved = solve(client, { from });
    from = solved.nonce + 1;
    miner.says(worker === undefined ? solved : ({ ...solved, userIdentity: utf8(worker) } as typeof solved));
  }
}

describe('channels', () => {
  test('are listed page by page, however they lie on connections', () => {
    const it = rig();
    for (const count of [3, 0, 1, 5, 2])
      farm(
        it,
        Array.from({ length: count }, (_, index) => `u${index}`),
      );
    const { api } = it.server;
    const all = api.channels(ALL).items.map(({ connection, channelId }) => `${connection}/${channelId}`);
    expect(new Set(all).size).toBe(11);
    const pages = fc.record({ offset: fc.nat({ max: 14 }), limit: fc.integer({ min: 1, max: 14 }) });
    fc.assert(
      fc.property(pages, (page) => {
        const { total, items } = api.channels(page);
        const names = items.map(({ connection, channelId }) => `${connection}/${channelId}`);
        expect(total).toBe(11);
        expect(names).toEqual(all.slice(page.offset, page.offset + page.limit));
      }),
    );
  });

  test('tell what they do', () => {
    const it = rig();
    const miner = farm(it, ['alice.rig']);
    mine(miner, 0, 3);
    it.clock.advance(10_000);
    const [row] = it.server.api.channels(ALL).items;
    expect(row).toMatchObject({
      user: 'alice',
      worker: 'rig',
      kind: 'extended',
      accepted: 3,
      rejected: {},
      device: 'Maker X1',
      remote: '192.0.2.1',
      declaredHashrate: expect.closeTo(HASHRATE, 5),
      lastShareAtMs: it.clock.now() - 10_000,
    });
    expect(row?.bestDifficulty).toBeGreaterThan(row?.difficulty ?? 1);
    expect(row?.hashrate.oneMinute).toBeGreaterThan(0);
    expect(row?.jobId).toBe(miner.clients[0]?.currentWork()?.jobId);
  });
});

test('peers are listed with their channels', () => {
  const it = rig();
  farm(it, ['a', 'b']);
  farm(it, []);
  const { total, items } = it.server.api.peers({ offset: 1, limit: 5 });
  expect(total).toBe(2);
  expect(items).toMatchObject([{ protocol: 'mining', channels: 0, device: 'Maker X1', sinceMs: it.clock.now() }]);
});

describe('workers', () => {
  test('come in any order, page by page, and of one user alone', async () => {
    const it = rig();
    const miner = farm(it, ['bob.1', 'alice.2', 'alice.1', 'carol']);
    for (const [index, shares] of [2, 3, 1, 0].entries()) mine(miner, index, shares);
    const { api } = it.server;
    const names = async (query: Partial<Parameters<typeof api.workers>[0]>) =>
      (await api.workers({ ...ALL, ...query })).items.map(({ name }) => name);
    expect(await names({})).toEqual(['alice.1', 'alice.2', 'bob.1', 'carol']);
    expect(await names({ sort: 'work' })).toEqual(['alice.2', 'bob.1', 'alice.1', 'carol']);
    expect(await names({ sort: 'hashrate', offset: 1, limit: 2 })).toEqual(['bob.1', 'alice.1']);
    expect(await names({ user: 'alice', sort: 'name' })).toEqual(['alice.1', 'alice.2']);
    expect(await names({ search: 'ICE.' })).toEqual(['alice.1', 'alice.2']);
    expect(await names({ search: '.1', user: 'bob' })).toEqual(['bob.1']);
    expect(await names({ state: 'gone' })).toEqual([]);
    expect((await names({ sort: 'last-share' })).at(-1)).toBe('carol');
    expect((await api.workers({ offset: 3, limit: 1, sort: 'best' })).total).toBe(4);
  });

  test('behind a proxy are told from each other, and their sum is the channel’s (extension 0x0002)', () => {
    const it = rig();
    const miner = farm(it, ['farm.proxy']);
    mine(miner, 0, 2, 'one');
    const client = miner.clients[0];
    if (client === undefined) throw new Error('no channel');
    miner.says({ ...solve(client, { from: 100_000 }), userIdentity: utf8('two') } as never);
    miner.says({ ...solve(client, { wanted: 'miss' }), userIdentity: utf8('two') } as never);
    miner.says({ ...solve(client, { wanted: 'miss' }), userIdentity: utf8('unknown') } as never);
    const { api } = it.server;
    expect(api.worker('farm.one')).toMatchObject({
      user: 'farm',
      worker: 'one',
      accepted: 2,
      state: 'active',
      channels: 0,
    });
    expect(api.worker('farm.two')).toMatchObject({ accepted: 1, rejected: { 'difficulty-too-low': 1 } });
    expect(api.worker('farm.proxy')).toMatchObject({ accepted: 0, rejected: { 'difficulty-too-low': 1 }, channels: 1 });
    expect(api.worker('farm.unknown')).toBeUndefined();
    expect(api.channels(ALL).items).toMatchObject([{ accepted: 3, rejected: { 'difficulty-too-low': 2 } }]);
    expect(api.peers(ALL).items[0]?.stats).toMatchObject({ namedWorkers: 2 });
    miner.close();
    expect(api.worker('farm.one')).toMatchObject({ accepted: 2, state: 'gone' });
  });
});

describe('jobs', () => {
  test('are what is mined, with what their coinbase pays, and what waits for the next tip', async () => {
    const describeTemplate = () => ({ transactions: 7, fees: 1_000 });
    const it = rig({ deps: { describe: describeTemplate } });
    farm(it, ['a']);
    it.server.prepare(template(2));
    await it.settle();
    const { api } = it.server;
    const { total, items } = api.jobs(ALL);
    expect(total).toBe(2);
    expect(items).toMatchObject([
      { state: 'active', origin: 'pool', kind: 'template', height: 800_000, prevHash: displayHash(tip(1).prevHash) },
      { state: 'future', origin: 'pool', transactions: 7, fees: 1_000, templateId: '2' },
    ]);
    expect(items[0]?.coinbaseOutputs).toMatchObject([{ value: 625_000_000, script: '51' }, { value: 0 }]);
    expect(items[0]?.createdAtMs).toBe(it.clock.now());
    expect(api.templates(ALL).items).toMatchObject([
      { id: '1', state: 'active', revenue: 625_000_000, transactions: 7, isEmpty: false },
      { id: '2', state: 'future' },
    ]);
  });

  test('are looked into: the coinbase with its tag and addresses, who works on them, and what is in their template', async () => {
    const fee = 9n;
    const [txid, wtxid] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const contents = () => [{ txid, wtxid, weight: 400, data: new Uint8Array(100), fee }];
    const it = rig({ config: { chain: 'regtest' }, deps: { contents, source: () => 'provider:8442' } });
    farm(it, ['a', 'b']);
    await it.settle();
    const { api } = it.server;
    const [listed] = api.jobs(ALL).items;
    const detail = await api.job(listed?.id ?? '');
    const told = { txid: '01'.repeat(32), wtxid: '02'.repeat(32), weight: 400, size: 100, fee: 9 };
    expect(detail).toMatchObject({ ...listed, channels: 2, transactionList: [told] });
    const { prefix = '', suffix = '', tag } = detail?.coinbase ?? {};
    expect([prefix.slice(0, 8), suffix.slice(-8), tag]).toEqual(['02000000', 'ff340c00', '/test/']);
    expect(await api.job('none')).toBeUndefined();
    expect(await api.template('1')).toMatchObject({ source: 'provider:8442', weight: 400, transactionList: [told] });
    expect(await api.template('none')).toBeUndefined();
  });
});

test('shares of all are summed up by reason', () => {
  const it = rig();
  const miner = farm(it, ['a', 'b']);
  mine(miner, 0, 2);
  mine(miner, 1, 1);
  miner.says({ ...solve(miner.clients[0] as never), channelId: 99 });
  expect(it.server.api.shares()).toMatchObject({ accepted: 3, rejected: { 'invalid-channel-id': 1 }, blocks: 0 });
  it.clock.advance(60_000);
  const { kept, stepSeconds, points } = it.server.api.history({ hours: 1 });
  expect([kept, stepSeconds]).toEqual(['memory', 60]);
  expect(points.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(3);
  expect(points.reduce((sum, { rejected = 0 }) => sum + rejected, 0)).toBe(1);
});

test('rows sorted slice by slice are in the order of rows sorted at once', async () => {
  const rows = fc.array(fc.nat({ max: 500 }), { maxLength: 20_000, size: 'max' });
  await fc.assert(
    fc.asyncProperty(rows, async (values) => {
      const tagged = values.map((value, index) => ({ value, index }));
      const sorted = await sortInSlices(tagged, (a, b) => a.value - b.value);
      expect(sorted).toEqual(tagged.toSorted((a, b) => a.value - b.value));
    }),
    { numRuns: 10 },
  );
});
