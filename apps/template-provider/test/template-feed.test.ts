import { Health, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, describe, expect, test } from 'vitest';
import { TemplateFeed } from '../src/template-feed.ts';
import { FakeNode, template, tip } from './fake-node.ts';

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
  const ending = new AbortController();
  const feed = new TemplateFeed({
    nodes,
    awayLimitMs,
    clock,
    log: silentLogger,
    health,
    signal: ending.signal,
    listener: {
      onTemplate: ({ height }, node) => heard.push(`${node}: template ${height}`),
      onTip: ({ height }) => heard.push(`tip ${height}`),
      onAway: () => heard.push('away'),
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
  return { clock, health, feed, settle, a, b: b ?? a };
}

describe('template feed', () => {
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
    expect(await settle(1500)).toEqual(['away']);
    a.announce(tip(101, clock));
    expect(await settle(600_000)).toEqual([]); // once
    a.comeBack();
    expect(await settle(500)).toEqual(['a: template 101']);
  });

  test('a node that answers again but has given no template since is not there yet', async () => {
    const { a, clock, settle, health } = following(['a'], 30_000);
    a.give(template(101, clock));
    await settle(1000);
    a.goAway('no such host');
    expect(await settle(31_000)).toEqual(['away']);
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
