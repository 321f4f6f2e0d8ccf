import type { CoinbaseReserve } from '@sv2kit/bitcoin-node';
import { createMetrics, Health, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, describe, expect, test } from 'vitest';
import { HeldTemplates } from '../src/held-templates.ts';
import { templateProviderMetrics } from '../src/metrics.ts';
import { TemplateFeed } from '../src/template-feed.ts';
import { FakeHeldTemplate, FakeNode, template, tip } from './fake-node.ts';

const stop = new Set<() => Promise<void>>();
afterEach(async () => {
  for (const end of stop) await end();
  stop.clear();
});

function following(names: readonly string[], awayLimitMs = 60_000) {
  const clock = new VirtualClock();
  const health = new Health(clock);
  const nodes = names.map((name) => new FakeNode(name, clock));
  const heard: string[] = [];
  let lost = 0;
  const ending = new AbortController();
  const wanted: CoinbaseReserve[] = [];
  const metrics = templateProviderMetrics(createMetrics());
  const published = new Set<object>();
  const user = { holds: (held: object) => published.has(held), complete: () => {} };
  const held = new HeldTemplates({ clock, log: silentLogger, metrics, user, takesBlocks: () => false });
  const feed = new TemplateFeed({
    nodes,
    wanted: () => wanted,
    held,
    awayLimitMs,
    clock,
    log: silentLogger,
    health,
    signal: ending.signal,
    listener: {
      onTemplate: ({ height, ...template }, node) => {
        const reserve = template.kind === 'held' ? ` for ${template.reserve.weight}` : '';
        heard.push(`${node}: template ${height}${reserve}`);
      },
      onTip: ({ height }) => heard.push(`tip ${height}`),
      onLost: () => void (lost += 1),
      onAway: (code) => heard.push(`away: ${code}`),
    },
  });
  const running = feed.run();
  const timer = clock.every(250, () => feed.tick());
  stop.add(async () => {
    timer[Symbol.dispose]();
    ending.abort();
    await running;
  });
  const [a, b] = nodes;
  if (a === undefined) throw new Error('no node');
  const settle = async (ms = 0) => {
    await clock.advanceAsync(ms);
    return heard.splice(0);
  };
  const losses = () => lost;
  return { clock, health, feed, held, wanted, settle, losses, published, a, b: b ?? a };
}

describe('template feed', () => {
  test('says since when a node that is back has given no template, in words that stay', async () => {
    const { a, clock, settle, health } = following(['a']);
    expect(health.report().conditions).toMatchObject([{ reason: 'no answer from the node yet' }]);
    a.give(template(101, clock));
    await settle(1_000);
    const known = a.health();
    a.goAway();
    await settle(1_000);
    a.health = () => known;
    const reasons = new Set<string | undefined>();
    for (let second = 0; second < 5; second += 1) {
      await settle(1_000);
      reasons.add(health.report().conditions[0]?.reason);
    }
    expect([...reasons]).toEqual([expect.stringMatching(/^it has given no template since 20/)]);
  });

  test('withdraws the work of a node that is refused at once, with why, and goes on when it is mined on again', async () => {
    const { a, clock, settle, health } = following(['a'], 60_000);
    a.give(template(101, clock));
    await settle();
    const refused = { state: 'wrong-chain' as const, reason: 'its block 90 is another' };
    a.health = () => refused;
    expect(await settle(6_000)).toEqual(['away: node-refused']);
    expect(health.report().conditions).toMatchObject([{ name: 'node a', ok: false, reason: refused.reason }]);
    a.health = FakeNode.prototype.health;
    a.give(template(101, clock));
    expect(await settle(1_000)).toEqual(['a: template 101']);
  });

  test('leaves a node that is refused for another one, though that is behind the work at hand', async () => {
    const { a, b, clock, settle } = following(['a', 'b'], 60_000);
    a.give(template(105, clock));
    b.give(template(101, clock));
    await settle();
    a.health = () => ({ state: 'wrong-chain' as const });
    expect(await settle(6_000)).toEqual(['b: template 101']);
  });

  test('passes on the templates and tips of the one node', async () => {
    const { a, clock, settle, feed } = following(['a']);
    a.announce(tip(100, clock));
    expect(await settle()).toEqual([]); // nothing to compare it with yet
    a.give(template(101, clock));
    expect(await settle()).toEqual(['a: template 101']);
    a.announce(tip(101, clock));
    a.give(template(102, clock));
    expect((await settle()).toSorted()).toEqual(['a: template 102', 'tip 101']);
    expect(feed.activeNode).toBe('a');
  });

  test('starts with whichever node is first to have a template, and moves to the preferred one when it is settled', async () => {
    const { a, b, clock, settle } = following(['a', 'b']);
    b.give(template(101, clock));
    expect(await settle(1000)).toEqual(['b: template 101']);
    a.give(template(101, clock));
    expect(await settle(4000)).toEqual([]);
    expect(await settle(1500)).toEqual(['a: template 101']);
    b.give(template(102, clock));
    b.announce(tip(102, clock));
    expect(await settle(1000)).toEqual([]);
  });

  test('moves to another node when the one in use has been away for a moment, and back', async () => {
    const { a, b, clock, settle } = following(['a', 'b']);
    a.give(template(101, clock));
    b.give(template(101, clock));
    expect(await settle(1000)).toEqual(['a: template 101']);
    a.goAway();
    expect(await settle(4000)).toEqual([]);
    expect(await settle(1500)).toEqual(['b: template 101']);
    a.comeBack();
    expect(await settle(4500)).toEqual([]);
    expect(await settle(1000)).toEqual(['a: template 101']);
  });

  test('never moves to a node that is behind the work at hand while that is any good: its tip is history', async () => {
    const { a, b, clock, settle } = following(['a', 'b'], 30_000);
    b.give(template(105, clock));
    expect(await settle()).toEqual(['b: template 105']);
    a.give(template(103, clock)); // preferred, and catching up after a restart
    expect(await settle(10_000)).toEqual([]);
    a.give(template(105, clock));
    expect(await settle(6_000)).toEqual(['a: template 105']);
    a.give(template(106, clock));
    await settle(1000);
    a.goAway();
    expect(await settle(29_000)).toEqual([]);
    expect(await settle(2_000)).toEqual(['b: template 105']);
  });

  test('a short absence is nobody’s business', async () => {
    const { a, b, clock, settle } = following(['a', 'b']);
    a.give(template(101, clock));
    b.give(template(101, clock));
    await settle(1000);
    a.goAway();
    await settle(3000);
    a.comeBack();
    expect(await settle(60_000)).toEqual([]);
  });

  test('withdraws the work when no node has been there for too long, and comes back with the first', async () => {
    const { a, clock, settle } = following(['a'], 30_000);
    a.give(template(101, clock));
    await settle(1000);
    a.goAway();
    expect(await settle(29_000)).toEqual([]);
    expect(await settle(1500)).toEqual(['away: node-away']);
    a.announce(tip(101, clock));
    expect(await settle(600_000)).toEqual([]); // once
    a.comeBack();
    expect(await settle(500)).toEqual(['a: template 101']);
  });

  test('does not bring withdrawn work back for a client that comes while the node is away', async () => {
    const { a, clock, settle, wanted } = following(['a'], 30_000);
    const mine = { weight: 4000, sigops: 8 };
    wanted.push(mine);
    a.give(new FakeHeldTemplate(101, clock));
    await settle(1_000);
    a.give(new FakeHeldTemplate(101, clock, { reserve: mine }));
    expect(await settle(1_000)).toEqual(['a: template 101 for 4000']);
    a.goAway();
    expect(await settle(31_000)).toEqual(['away: node-away']);
    wanted.pop();
    await settle(500);
    wanted.push(mine);
    expect(await settle(1_000)).toEqual([]);
    a.give(new FakeHeldTemplate(102, clock, { reserve: mine }));
    expect(await settle(1_000)).toEqual(['a: template 102 for 4000']);
  });

  test('counts on though the clock is set back by a day: work is withdrawn in time, and a node that is back is there', async () => {
    const { a, clock, settle } = following(['a'], 30_000);
    a.give(template(101, clock));
    await settle(1_000);
    a.goAway();
    await settle(10_000);
    const now = clock.now.bind(clock);
    clock.now = () => now() - 86_400_000;
    expect(await settle(19_000)).toEqual([]);
    expect(await settle(2_000)).toEqual(['away: node-away']);
    a.give(template(102, clock));
    expect(await settle(1_000)).toEqual(['a: template 102']);
  });

  test('a node that answers again but has given no template since is not there yet', async () => {
    const { a, clock, settle, health } = following(['a'], 30_000);
    a.give(template(101, clock));
    await settle(1000);
    a.goAway('no such host');
    expect(await settle(31_000)).toEqual(['away: node-away']);
    const away = { state: 'ibd' as const, reason: 'the node has downloaded 5 of 9 blocks' };
    a.health = () => away;
    expect(await settle(5000)).toEqual([]);
    expect(health.report().conditions).toMatchObject([{ name: 'node a', ok: false, reason: away.reason }]);
  });

  test('every node is a condition of health, with its reason', async () => {
    const { a, b, clock, settle, health } = following(['a', 'b']);
    a.give(template(101, clock));
    b.goAway('connection refused');
    await settle(500);
    expect(health.report().conditions).toMatchObject([
      { name: 'node a', ok: true },
      { name: 'node b', ok: false, reason: 'connection refused' },
    ]);
  });
});

const SMALL = { weight: 2000, sigops: 4 };
const LARGE = { weight: 40_000, sigops: 4 };
const weights = ({ reserves }: FakeNode) => reserves.map((reserve) => reserve?.weight);

describe('templates that the node holds', () => {
  test('are followed once for each reserve that clients want; with Bitcoin Core’s own while there is no client', async () => {
    const { a, clock, settle, wanted, feed } = following(['a']);
    await settle();
    expect(a.reserves).toEqual([{ weight: 8000, sigops: 400 }]);
    a.give(new FakeHeldTemplate(101, clock));
    await settle();
    wanted.push(SMALL, LARGE);
    feed.follow(); // at once: a client has come
    await settle();
    expect(weights(a)).toEqual([8000, 2000, 40_000]);
    a.give(new FakeHeldTemplate(101, clock, { reserve: SMALL }));
    a.give(new FakeHeldTemplate(101, clock, { reserve: LARGE }));
    expect(await settle()).toEqual(['a: template 101 for 2000', 'a: template 101 for 40000']);
    await settle(250);
    expect(weights(a)).toEqual([2000, 40_000]); // the node builds nothing for nobody
    wanted.pop();
    await settle(9000);
    expect(weights(a)).toEqual([2000, 40_000]); // a client that has left may come back
    await settle(2000);
    expect(weights(a)).toEqual([2000]);
  });

  test('of a client that comes back soon are given out again: the node does not say them twice', async () => {
    const { a, clock, settle, wanted, feed } = following(['a']);
    a.give(new FakeHeldTemplate(101, clock));
    wanted.push(SMALL);
    await settle(1000);
    a.give(new FakeHeldTemplate(101, clock, { reserve: SMALL }));
    await settle(1000);
    wanted.pop();
    expect(await settle(3000)).toEqual([]);
    a.give(new FakeHeldTemplate(101, clock));
    await settle();
    wanted.push(SMALL);
    feed.follow();
    expect(await settle()).toEqual(['a: template 101 for 2000']);
    expect(await settle(1000)).toEqual([]);
  });

  test('a stream is not ended before one that is wanted has a template', async () => {
    const { a, clock, settle, wanted } = following(['a']);
    a.give(new FakeHeldTemplate(101, clock));
    wanted.push(SMALL);
    await settle(120_000);
    expect(weights(a)).toEqual([8000, 2000]);
    a.give(new FakeHeldTemplate(101, clock, { reserve: SMALL }));
    await settle(1000);
    expect(weights(a)).toEqual([2000]);
  });

  test('no more than a number of streams are begun, however often clients change their minds', async () => {
    const { a, clock, settle, wanted, feed } = following(['a']);
    a.give(new FakeHeldTemplate(101, clock));
    await settle(1000);
    const begun = new Set<number>();
    for (let i = 0; i < 200; i++) {
      wanted.splice(0, 1, { weight: 2000 + i, sigops: 4 });
      feed.follow();
      await settle();
      for (const weight of weights(a)) begun.add(weight ?? 0);
      expect(a.streams.size).toBeLessThanOrEqual(12);
    }
    expect(begun.size).toBeLessThanOrEqual(62); // a minute's, one of the second that it took, and the first
  });

  test('over JSON-RPC one stream is enough for everybody', async () => {
    const { a, clock, settle, wanted } = following(['a']);
    wanted.push(SMALL, LARGE);
    await settle(1000);
    a.give(template(101, clock));
    await settle(60_000);
    expect(a.streams.size).toBe(1);
  });

  test('a node that turns to RPC, and back to IPC, is followed accordingly', async () => {
    const { a, clock, settle, wanted, feed } = following(['a']);
    a.give(new FakeHeldTemplate(101, clock));
    wanted.push(SMALL, LARGE);
    await settle(1000);
    expect(a.streams.size).toBe(3);
    a.give(template(102, clock));
    await settle(1000);
    expect(a.streams.size).toBe(1);
    expect(feed.sources[0]?.backEnd).toBe('rpc');
    const [only] = a.reserves;
    if (only === undefined) throw new Error('no reserve');
    a.give(new FakeHeldTemplate(103, clock, { reserve: only }));
    await settle(1000);
    expect(new Set(weights(a))).toEqual(new Set([8000, 2000, 40_000]));
    expect(feed.sources[0]?.backEnd).toBe('ipc');
  });

  test('a node in reserve has one stream, that would do for every client; it is followed exactly once it is used', async () => {
    const { a, b, clock, settle, wanted } = following(['a', 'b']);
    a.give(new FakeHeldTemplate(101, clock));
    wanted.push(SMALL, LARGE);
    await settle(1000);
    const covering = { weight: 40_000, sigops: 400 };
    expect(b.reserves.at(-1)).toEqual(covering);
    b.give(new FakeHeldTemplate(101, clock, { reserve: covering }));
    await settle(1000);
    a.goAway();
    expect(await settle(6000)).toEqual(['b: template 101 for 40000']);
    expect(weights(b)).toEqual(expect.arrayContaining([2000, 40_000]));
    a.give(new FakeHeldTemplate(101, clock, { reserve: covering }));
    a.goAway();
    await settle(40_000);
    expect(weights(a)).toEqual([40_000]);
  });

  test('of a stream that is a tip behind are not given out when the node is chosen, or is back', async () => {
    const { a, clock, settle, wanted } = following(['a'], 30_000);
    a.give(new FakeHeldTemplate(101, clock));
    wanted.push(SMALL, LARGE);
    await settle(1000);
    a.give(new FakeHeldTemplate(102, clock, { reserve: SMALL }));
    await settle(1000);
    a.goAway();
    expect(await settle(31_000)).toEqual(['away: node-away']);
    a.comeBack();
    expect(await settle(500)).toEqual(['a: template 102 for 2000']);
  });

  test('are given out anew by a node that was away, without what it held before: a block of that may find no taker', async () => {
    const { a, clock, settle, wanted, losses, published } = following(['a']);
    const before = new FakeHeldTemplate(101, clock);
    a.give(before);
    wanted.push(SMALL, LARGE);
    await settle(1000);
    const small = new FakeHeldTemplate(101, clock, { reserve: SMALL });
    a.give(small);
    published.add(before).add(small);
    await settle(1000);
    a.goAway();
    await settle(1000);
    expect(losses()).toBe(0);
    a.give(new FakeHeldTemplate(101, clock, { reserve: LARGE }));
    expect(await settle()).toEqual(['a: template 101 for 40000']);
    expect(losses()).toBe(1);
    a.give(new FakeHeldTemplate(101, clock, { reserve: SMALL }));
    expect(await settle(1000)).toEqual(['a: template 101 for 2000']);
    expect(losses()).toBe(1);
  });

  test('are given out anew when the connection to the node was lost and is back within a moment: nobody saw it away', async () => {
    const { a, clock, settle, losses, published } = following(['a']);
    const before = new FakeHeldTemplate(101, clock);
    a.give(before);
    published.add(before);
    await settle(1000);
    before.isGone = true;
    a.give(new FakeHeldTemplate(101, clock));
    expect(await settle()).toEqual(['a: template 101 for 8000']);
    expect(losses()).toBe(1);
  });

  test('are given back when a newer one has come and nobody has them', async () => {
    const { a, clock, settle, held } = following(['a']);
    const [first, second] = [new FakeHeldTemplate(101, clock), new FakeHeldTemplate(101, clock, { fees: 5n })];
    a.give(first);
    await settle();
    held.sweep();
    expect(first.released).toBe(0); // it is the node's best yet
    a.give(second);
    await settle();
    held.sweep();
    expect([first.released, second.released]).toEqual([1, 0]);
    held.close();
    expect([first.released, second.released]).toEqual([1, 1]);
  });
});

test('a node that does without something is ok, and says what it lacks', async () => {
  const { a, clock, settle, health } = following(['a']);
  a.give(template(101, clock));
  await settle(1000);
  const known = a.health();
  a.health = () => ({ ...known, reason: 'IPC: no socket at /x/node.sock' });
  await settle(500);
  health.started();
  expect(health.report()).toMatchObject({ state: 'degraded', serving: true });
});

test('a fetch that fails because the provider stops is nothing to warn of', async () => {
  const clock = new VirtualClock();
  const node = new FakeNode('a', clock);
  const metrics = templateProviderMetrics(createMetrics());
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const user = { holds: () => true, complete: () => {} };
  for (const stops of [false, true]) {
    const held = new HeldTemplates({ clock, log, metrics, user, takesBlocks: () => true });
    const template = new FakeHeldTemplate(101, clock);
    const { promise, reject } = Promise.withResolvers<never>();
    template.load = () => promise;
    held.add(template, node);
    held.load();
    if (stops) held.close();
    reject(new Error('the connection was closed'));
    await clock.advanceAsync(0);
    expect(warnings.splice(0)).toHaveLength(stops ? 0 : 1);
  }
});
