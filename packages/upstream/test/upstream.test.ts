import { describe, expect, test } from 'vitest';
import { BenchOfEndpoints } from '../src/bench-of-endpoints.ts';
import { DEFAULT_POLICY } from '../src/index.ts';
import { jittered } from '../src/policy.ts';
import { key, THREE, World } from './world.ts';

const { backoffMs, maxBackoffMs, stableMs, probeMs, benchMs } = DEFAULT_POLICY;

describe('connecting and failing over', () => {
  test('tries the endpoints in order at once, then waits with a back-off that doubles up to its limit', async () => {
    const world = new World(THREE);
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      for (const { host, port } of THREE) {
        expect(world.tries).toMatchObject([{ to: `${host}:${port}` }]);
        await world.answer(false);
      }
      const { state } = world.upstream;
      if (state.kind !== 'waiting') throw new Error(state.kind);
      expect(world.upstream.health).toEqual({
        ok: false,
        reason: 'a:1: refused; b:2: refused; c:3: refused',
      });
      waits.push(state.untilMs - world.clock.now());
      await world.clock.advanceAsync(state.untilMs - world.clock.now());
    }
    expect(waits).toEqual([1, 2, 4, 8, 15, 15, 15, 15, 15].map((s) => s * 750));
    expect([backoffMs, maxBackoffMs]).toEqual([1_000, 15_000]);
  });

  test('its health says the same as long as every try ends as the one before', async () => {
    const world = new World(THREE);
    for (const _ of THREE) await world.answer(false);
    const { reason } = world.upstream.health;
    for (let round = 0; round < 3; round += 1) {
      await world.clock.advanceAsync(maxBackoffMs);
      for (const _ of THREE) {
        expect(world.upstream.health).toEqual({ ok: false, reason });
        await world.answer(false);
      }
    }
    await world.clock.advanceAsync(maxBackoffMs);
    await world.answer(true);
    world.current.close();
    expect(world.upstream.health.reason).toBe('a:1: peer-closed');
  });

  test('jitter takes off up to half', () => {
    expect([0, 0.5, 1].map((random) => jittered(1000, 60_000, 3, random))).toEqual([4000, 6000, 8000]);
  });

  test('uses the first endpoint that works, and says in its health that it is a backup', async () => {
    const world = new World(THREE);
    expect(world.upstream.health).toEqual({ ok: false, reason: 'connecting to a:1' });
    await world.answer(false);
    expect(world.upstream.health).toEqual({ ok: false, reason: 'a:1: refused' });
    await world.answer(true);
    expect(world.upstream.health).toEqual({ ok: true, reason: 'on backup b:2' });
    expect(world.upstream.state).toMatchObject({ kind: 'connected', primary: false });
    expect(world.story).toEqual(['+b:2']);
  });

  test('a stable connection that is lost starts anew with the primary, after a short jittered wait', async () => {
    const world = new World(THREE);
    await world.answer(true);
    await world.clock.advanceAsync(stableMs);
    world.current.close();
    expect(world.upstream.state).toMatchObject({ kind: 'waiting', reason: 'a:1: peer-closed' });
    await world.clock.advanceAsync(backoffMs);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
    expect(world.story).toEqual(['+a:1', '-a:1 peer-closed']);
  });

  test('a server that drops us at once is passed over, and backs off when it is the only one', async () => {
    const world = new World(THREE);
    await world.answer(true);
    world.current.close();
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
    const alone = new World(THREE.slice(0, 1));
    for (const wait of [750, 1500, 3000]) {
      await alone.answer(true);
      alone.current.close();
      expect(alone.upstream.state).toMatchObject({ kind: 'waiting', untilMs: alone.clock.now() + wait });
      await alone.clock.advanceAsync(wait);
    }
  });

  test('the application can give an upstream up; it is then passed over, longer each time', async () => {
    const world = new World(THREE);
    await world.answer(true);
    await world.clock.advanceAsync(stableMs);
    world.upstream.giveUp('opens-no-channel');
    expect(world.story).toEqual(['+a:1', '-a:1 opens-no-channel']);
    expect(world.connections[0]?.ended).toBe('opens-no-channel');
    await world.answer(true);
    expect(world.story.at(-1)).toBe('+b:2');
    await world.clock.advanceAsync(probeMs * 0.75);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
    const bench = new BenchOfEndpoints(2, { ...DEFAULT_POLICY, benchMs, maxBenchMs: 4 * benchMs });
    const until = [0, 1, 2, 3].map(() => {
      bench.send(0, 0, 1);
      return [1, 2, 4].find((times) => bench.better(1, times * benchMs).length > 0);
    });
    expect(until).toEqual([1, 2, 4, 4]);
    expect(bench.order(0)).toEqual([1]);
    bench.send(1, 0, 1);
    expect(bench.order(0)).toEqual([0, 1]);
    bench.clear(0);
    expect(bench.order(0)).toEqual([0]);
  });

  test('an application whose handler cannot be made fails over like any other failure', async () => {
    const world = new World(THREE);
    world.tries[0]?.fail('internal-error');
    await world.settle();
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
  });
});

describe('returning to a better upstream', () => {
  async function onLastBackup(): Promise<World> {
    const world = new World(THREE);
    await world.answer(false);
    await world.answer(false);
    await world.answer(true);
    return world;
  }

  test('tries every better one, in order, and keeps the backup meanwhile', async () => {
    const world = await onLastBackup();
    await world.clock.advanceAsync(probeMs);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
    await world.answer(false);
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
    await world.answer(false);
    expect(world.tries).toEqual([]);
    expect(world.story).toEqual(['+c:3']);
    await world.clock.advanceAsync(probeMs);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
  });

  test('moves over when one works: the application leaves the backup before it gets the better one', async () => {
    const world = await onLastBackup();
    const backup = world.current;
    await world.clock.advanceAsync(probeMs);
    await world.answer(true);
    expect(world.story).toEqual(['+c:3', '-c:3 replaced', '+a:1']);
    expect(backup.ended).toBe('replaced');
    backup.close();
    expect(world.story).toHaveLength(3);
    expect(world.upstream.state).toMatchObject({ kind: 'connected', primary: true });
    expect(world.clock.pending).toBe(0);
    expect(world.events).toMatchObject({ returned: 1 });
  });

  test('a backup that is lost while a better one is tried does not leave two tries behind', async () => {
    const world = await onLastBackup();
    await world.clock.advanceAsync(stableMs + probeMs);
    const stale = world.tries[0];
    world.current.close();
    await world.settle();
    expect(world.tries).toEqual([]);
    await world.clock.advanceAsync(backoffMs);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
    // The aborted try comes through all the same.
    const late = stale?.succeed();
    expect(late?.ended).toBe('superseded');
    expect(world.upstream.state.kind).toBe('connecting');
  });
});

describe('Reconnect (§3.6.5)', () => {
  test('leads to the new host under the same authority, and is never passed on', async () => {
    const world = new World(THREE);
    await world.answer(true);
    const first = world.current;
    first.reconnect('elsewhere', 99);
    first.reconnect('elsewhere', 99);
    expect(world.tries).toMatchObject([{ to: 'elsewhere:99' }]);
    expect(world.story).toEqual(['+a:1']);
    await world.answer(true);
    expect(world.story).toEqual(['+a:1', '-a:1 replaced', '+a:1']);
    expect(world.current.to).toBe('elsewhere:99');
    world.current.reconnect();
    expect(world.tries).toMatchObject([{ to: 'elsewhere:99' }]);
    expect(world.events).toMatchObject({ redirected: 2, moved: 1 });
  });

  test('keeps the present connection when the new host does not answer', async () => {
    const world = new World(THREE);
    await world.answer(true);
    world.current.reconnect('elsewhere');
    await world.answer(false);
    expect(world.upstream.state).toMatchObject({ kind: 'connected', primary: true });
    expect(world.story).toEqual(['+a:1']);
  });

  test('without a configured authority leads to the same host only', async () => {
    const world = new World([{ host: 'a', port: 1 }]);
    await world.answer(true);
    world.current.reconnect('elsewhere', 99);
    expect(world.tries).toEqual([]);
    expect(world.events).toMatchObject({ 'redirect-ignored': 1 });
    world.current.reconnect('', 99);
    expect(world.tries).toMatchObject([{ to: 'a:99' }]);
  });

  test('without a handshake leads to the same host only, as an authority vouches for nothing then', async () => {
    const world = new World(THREE, {}, () => 0.5, 'plain');
    await world.answer(true);
    world.current.reconnect('elsewhere', 99);
    expect(world.tries).toEqual([]);
    world.current.reconnect('', 99);
    expect(world.tries).toMatchObject([{ to: 'a:99' }]);
  });

  test.each([0, stableMs])('is followed although the server closes right behind it (after %i ms)', async (lastedMs) => {
    const world = new World(THREE);
    await world.answer(true);
    await world.clock.advanceAsync(lastedMs);
    world.current.reconnect('elsewhere', 99);
    world.current.close();
    expect(world.upstream.state).toMatchObject({ kind: 'connecting' });
    expect(world.tries).toMatchObject([{ to: 'elsewhere:99' }]);
    await world.answer(true);
    expect(world.story).toEqual(['+a:1', '-a:1 peer-closed', '+a:1']);
    expect(world.current.to).toBe('elsewhere:99');
  });

  test('leads on to the next endpoint when the new host does not answer either', async () => {
    const world = new World(THREE);
    await world.answer(true);
    world.current.reconnect('elsewhere', 99);
    world.current.close();
    await world.answer(false);
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
  });

  test('to where nobody answers is obeyed less and less often', async () => {
    const world = new World(THREE.slice(0, 1));
    await world.answer(true);
    await world.clock.advanceAsync(stableMs);
    let tries = 0;
    for (let second = 0; second < 600; second += 1) {
      for (let i = 0; i < 10; i += 1) {
        world.current.reconnect('victim', i);
        tries += world.tries.length;
        if (world.tries.length > 0) await world.answer(false);
      }
      await world.clock.advanceAsync(1_000);
    }
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(60);
    expect(world.story).toEqual(['+a:1']);
  });

  test('servers that send us in circles are given up', async () => {
    const world = new World(THREE);
    await world.answer(true);
    for (let hop = 0; hop < DEFAULT_POLICY.maxRedirects; hop += 1) {
      world.current.reconnect(`hop${hop}`);
      await world.answer(true);
    }
    world.current.reconnect('once-more');
    expect(world.story.at(-1)).toBe('-a:1 too-many-redirects');
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
  });

  test('after a loss the configured address counts again', async () => {
    const world = new World([{ host: 'a', port: 1, authority: key }]);
    await world.answer(true);
    world.current.reconnect('elsewhere');
    await world.answer(true);
    await world.clock.advanceAsync(stableMs);
    world.current.close();
    await world.clock.advanceAsync(backoffMs);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
  });
});

describe('closing', () => {
  test.each(['connecting', 'connected', 'probing', 'waiting'])('while %s leaves nothing behind', async (when) => {
    const world = new World(THREE);
    if (when === 'connected') await world.answer(true);
    if (when === 'waiting') for (const _ of THREE) await world.answer(false);
    if (when === 'probing') {
      await world.answer(false);
      await world.answer(true);
      await world.clock.advanceAsync(probeMs);
    }
    const closed = world.upstream.close();
    for (const connection of world.connections) connection.close();
    await closed;
    await world.settle();
    expect(world.upstream.state).toEqual({ kind: 'closed' });
    expect(world.upstream.health).toEqual({ ok: false, reason: 'closed' });
    expect([world.tries.length, world.clock.pending, world.held]).toEqual([0, 0, 0]);
    world.upstream.giveUp('too late');
    await world.upstream.close();
  });
});
