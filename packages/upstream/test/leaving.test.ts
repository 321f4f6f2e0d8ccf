import { describe, expect, test } from 'vitest';
import { key, THREE, World } from './world.ts';

const [A, B, C] = THREE as [(typeof THREE)[0], (typeof THREE)[0], (typeof THREE)[0]];

describe('a server that stops (§3.6.5)', () => {
  test('is tried again first and soon, however short it was there: it has said that it goes', async () => {
    const world = new World();
    await world.answer(true);
    world.current.reconnect();
    // Nobody listens there yet: the connection stays as long as the server lets it.
    await world.answer(false);
    expect(world.upstream.state).toMatchObject({ kind: 'connected' });
    world.current.close();
    expect(world.upstream.state).toMatchObject({ kind: 'waiting' });
    await world.clock.advanceAsync(1_000);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
    await world.answer(true);
    expect(world.story).toEqual(['+a:1', '-a:1 peer-closed', '+a:1']);
  });

  test('is tried again first although it closed the channels before its connection', async () => {
    const world = new World();
    await world.answer(true);
    await world.clock.advanceAsync(600_000);
    world.current.reconnect();
    await world.answer(false);
    world.upstream.giveUp('channel-closed');
    expect(world.upstream.state).toMatchObject({ kind: 'waiting' });
    await world.clock.advanceAsync(1_000);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
  });

  test('is passed over all the same when it was of no use from the beginning', async () => {
    const world = new World();
    await world.answer(true);
    world.current.reconnect();
    await world.answer(false);
    world.upstream.giveUp('channel-closed');
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
  });

  test('is passed over when it ends the connection at once without a word', async () => {
    const world = new World();
    await world.answer(true);
    world.current.close();
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
  });
});

describe('another list of servers', () => {
  test('keeps the connection to one that is still on it, wherever that is, and goes back to a better one in time', async () => {
    const world = new World();
    await world.answer(true);
    world.upstream.setEndpoints([B, { ...A }]);
    expect(world.upstream.state).toMatchObject({ kind: 'connected', primary: false });
    expect(world.tries).toEqual([]);
    await world.clock.advanceAsync(60_000);
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
    await world.answer(true);
    expect(world.upstream.state).toMatchObject({ kind: 'connected', primary: true, endpoint: B });
  });

  test('leaves a server that is no longer on it, or has to show another key', async () => {
    const world = new World();
    await world.answer(true);
    world.upstream.setEndpoints([{ ...A, authority: key.map((byte) => byte + 1) }, C]);
    expect(world.story).toEqual(['+a:1', '-a:1 removed']);
    expect(world.tries).toMatchObject([{ to: 'a:1' }]);
    await world.answer(false);
    await world.answer(true);
    expect(world.upstream.state).toMatchObject({ kind: 'connected', endpoint: C });
  });

  test('is taken up at once while none is connected', async () => {
    const world = new World([A]);
    world.upstream.setEndpoints([B]);
    expect(world.tries).toMatchObject([{ to: 'b:2' }]);
    await world.answer(false);
    expect(world.upstream.state).toMatchObject({ kind: 'waiting' });
    world.upstream.setEndpoints([C]);
    expect(world.tries).toMatchObject([{ to: 'c:3' }]);
    await world.answer(true);
    expect(world.upstream.state).toMatchObject({ kind: 'connected', endpoint: C });
    const closed = world.upstream.close();
    world.current.close();
    await closed;
    world.upstream.setEndpoints([A]);
    expect(world.upstream.state).toEqual({ kind: 'closed' });
    expect(() => world.upstream.setEndpoints([])).toThrow(RangeError);
  });
});
