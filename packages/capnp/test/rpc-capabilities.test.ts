import { describe, expect, test } from 'vitest';
import { CAPNP_LIMITS, type Capability } from '../src/index.ts';
import { method, Peer, type Results, VOID } from './peer.ts';

const take = method({ results: (results, keep) => keep(results.capability(0)) });
/** An answer whose first field is the first of these. */
const hosted = (...ids: readonly (number | undefined)[]): Results => ({
  capabilities: ids,
  content: (payload) => payload.struct(0, 0, 1).capability(0, { id: 0 }),
});

async function connected(limits = CAPNP_LIMITS) {
  const peer = new Peer(limits);
  const main = await peer.main();
  return { peer, connection: peer.connection, main };
}

describe('capabilities in results', () => {
  test('that are taken are held until they are released, once', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, take);
    peer.results(0, hosted(5));
    const thing = await call;
    expect(connection.stats.imports).toBe(2);
    peer.told();
    thing?.release();
    thing?.release();
    expect(peer.told()).toEqual([{ kind: 'release', id: 5, references: 1 }]);
    expect(connection.stats.imports).toBe(1);
  });

  test('that are not taken are released at once', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.told();
    peer.results(0, hosted(5, 6));
    await call;
    expect(peer.told()).toEqual([
      { kind: 'release', id: 5, references: 1 },
      { kind: 'release', id: 6, references: 1 },
      { kind: 'finish', id: 0, releaseResultCaps: false },
    ]);
    expect(connection.stats.imports).toBe(1);
  });

  test('that were taken by a reader that threw are released too', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(
      main,
      method({
        results: (results, keep) => {
          keep(results.capability(0));
          throw new Error('second thoughts');
        },
      }),
    );
    peer.told();
    peer.results(0, hosted(5));
    await expect(call).rejects.toThrow('second thoughts');
    expect(peer.told()).toContainEqual({ kind: 'release', id: 5, references: 1 });
  });

  test('that came several times go back together, when the last one of them is released', async () => {
    const { peer, connection, main } = await connected();
    const calls = [connection.call(main, take), connection.call(main, take), connection.call(main, VOID)];
    for (const id of [0, 1, 2]) peer.results(id, hosted(5));
    const [first, second] = (await Promise.all(calls)) as Capability[];
    peer.told();
    first?.release();
    first?.release();
    expect(peer.told()).toEqual([]);
    second?.release();
    expect(peer.told()).toEqual([{ kind: 'release', id: 5, references: 3 }]);
  });

  test('may have the number of one that was released', async () => {
    const { peer, connection, main } = await connected();
    for (let round = 0; round < 3; round += 1) {
      const call = connection.call(main, take);
      peer.results(0, hosted(5));
      const thing = await call;
      peer.told();
      thing?.release();
      expect(peer.told()).toEqual([{ kind: 'release', id: 5, references: 1 }]);
    }
  });

  test('may be null: as a pointer, or as an entry of the table', async () => {
    const { peer, connection, main } = await connected();
    const calls = [connection.call(main, take), connection.call(main, take)];
    peer.results(0);
    peer.results(1, hosted(undefined));
    expect(await Promise.all(calls)).toEqual([undefined, undefined]);
  });

  test('may be promises, which are held as what they will be', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, take);
    peer.results(0, { ...hosted(), capabilities: [{ kind: 2, id: 8 }] });
    expect((await call)?.id).toBe(8);
  });

  test('are not there beyond their table', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, take);
    peer.results(0, hosted());
    await expect(call).rejects.toMatchObject({ code: 'malformed' });
  });

  test.each([3, 4, 5, 6])('of kind %i end the connection: nothing was offered to the peer', async (kind) => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, take);
    peer.results(0, { ...hosted(), capabilities: [{ kind, id: 0 }] });
    await expect(call).rejects.toMatchObject({ type: 'disconnected' });
    expect(connection.ended).toMatchObject({ code: 'out-of-protocol' });
  });

  test('in great number end the connection', async () => {
    const { peer, connection, main } = await connected({ ...CAPNP_LIMITS, capabilities: 2 });
    const calls = [connection.call(main, VOID), connection.call(main, VOID)];
    peer.results(0, hosted(1, 2));
    await calls[0];
    peer.results(1, hosted(1, 2, 3));
    await expect(calls[1]).rejects.toMatchObject({ type: 'disconnected' });
    expect(connection.ended).toMatchObject({ code: 'too-large' });
  });
});

describe('capabilities in use', () => {
  test('are given to the peer as its own', async () => {
    const { peer, connection, main } = await connected();
    const first = connection.call(main, take);
    peer.results(0, hosted(5));
    const thing = (await first) as Capability;
    peer.told();
    const call = connection.call(
      thing,
      method({
        pointers: 3,
        params: (params) => {
          params.capability(2, thing);
          params.struct(0, 0, 2).capability(1, main);
        },
        results: () => undefined,
      }),
    );
    expect(peer.told()).toMatchObject([{ kind: 'call', target: 5, capabilities: [5, 0] }]);
    peer.results(0);
    await call;
  });

  test('may be released while a call to them waits', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    main.release();
    peer.results(0);
    await call;
    expect(peer.told().map(({ kind }) => kind)).toEqual(['call', 'release', 'finish']);
    expect(connection.stats).toMatchObject({ questions: 0, imports: 0 });
  });

  test('are refused once they are released: the number may be something else by now', async () => {
    const { peer, connection, main } = await connected();
    const thing = connection.call(main, take);
    peer.results(0, hosted(5));
    const released = (await thing) as Capability;
    released.release();
    peer.told();
    await expect(connection.call(released, VOID)).rejects.toThrow('was released');
    const given = method({ pointers: 1, params: (params) => params.capability(0, released), results: () => undefined });
    await expect(connection.call(main, given)).rejects.toThrow('was released');
    expect([peer.told(), connection.stats.questions, connection.ended]).toEqual([[], 0, undefined]);
  });

  test('are refused by another connection', async () => {
    const [one, other] = [await connected(), await connected()];
    await expect(one.connection.call(other.main, VOID)).rejects.toThrow("another connection's");
  });

  test('are nothing to release any more when the connection is over', async () => {
    const { peer, connection, main } = await connected();
    connection.close('over');
    main.release();
    expect(peer.told()).toEqual([]);
  });
});
