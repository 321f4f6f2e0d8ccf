import { describe, expect, test } from 'vitest';
import { CAPNP_LIMITS, CapnpError, type CapnpLimits, type RpcConnection, RpcError } from '../src/index.ts';
import { concat } from './hex.ts';
import { messageOf, method, Peer, type Results, TYPES, VOID, writeResults } from './peer.ts';

const number = method({ results: (results) => results.u32(0) });
const numberAnswer = (value: number): Results => ({ content: (payload) => payload.struct(0, 1, 0).u32(0, value) });

/** A connection that has its main interface. */
async function connected(limits?: CapnpLimits) {
  const peer = new Peer(limits);
  const main = await peer.main();
  return { peer, connection: peer.connection, main };
}

const questions = (connection: RpcConnection) => connection.stats.questions;

describe('asking for the main interface', () => {
  test('is a Bootstrap, a bare capability in the answer, and a Finish that keeps it', async () => {
    const peer = new Peer();
    const main = peer.connection.bootstrap();
    expect(peer.told()).toEqual([{ kind: 'bootstrap', id: 0 }]);
    peer.results(0, { capabilities: [4], content: (payload) => payload.capability(0, { id: 4 }) });
    expect((await main).id).toBe(4);
    expect(peer.told()).toEqual([{ kind: 'finish', id: 0, releaseResultCaps: false }]);
    expect(peer.connection.stats).toMatchObject({ questions: 0, imports: 1 });
  });

  test('fails when the peer has none', async () => {
    const peer = new Peer();
    const main = peer.connection.bootstrap();
    peer.results(0, { capabilities: [undefined], content: (payload) => payload.capability(0, { id: 0 }) });
    await expect(main).rejects.toMatchObject({ name: 'RpcError', type: 'failed', method: 'bootstrap' });
    expect(peer.connection.ended).toBeUndefined();
  });
});

describe('a call', () => {
  test('names its target, interface, ordinal and parameters', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, number);
    expect(peer.told()).toEqual([{ kind: 'call', id: 0, target: 0, method: 'fedcba9876543210@7', capabilities: [] }]);
    peer.results(0, numberAnswer(42));
    expect(await call).toBe(42);
    expect(peer.told()).toEqual([{ kind: 'finish', id: 0, releaseResultCaps: false }]);
  });

  test('whose answer is a null pointer reads defaults', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, number);
    peer.results(0);
    expect(await call).toBe(0);
  });

  test('sends no Finish when none is needed: an old peer would take it for an unknown question', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.told();
    peer.results(0, { noFinishNeeded: true });
    await call;
    expect(peer.told()).toEqual([]);
    expect(questions(connection)).toBe(0);
  });

  test.each(TYPES.entries().toArray())('rejects with the exception of type %i, %s', async (kind, type) => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.told();
    peer.exception(0, kind, 'because');
    await expect(call).rejects.toMatchObject({ name: 'RpcError', type, reason: 'because', method: 'Test.method' });
    expect(peer.told()).toEqual([{ kind: 'finish', id: 0, releaseResultCaps: false }]);
    expect(connection.ended).toBeUndefined();
  });

  test('has its reason in one line', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.exception(0, 0, '\u001b[31mred\r\nfake log line\n');
    await expect(call).rejects.toMatchObject({ reason: '[31mred fake log line' });
  });

  test('takes an exception of a type to come as a failure', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.exception(0, 9, '');
    await expect(call).rejects.toMatchObject({ type: 'failed', reason: expect.stringContaining('callee') });
  });

  test.each([2, 3, 4, 5, 99])('rejects for an answer of kind %i, which was not asked for', async (kind) => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.answer(0, kind);
    await expect(call).rejects.toMatchObject({ type: 'failed', method: 'Test.method' });
    expect(questions(connection)).toBe(0);
  });

  const unimplemented = (peer: Peer, kind: number, id: number) =>
    peer.say((root) => {
      root.u16(0, 0);
      const echo = root.struct(0, 1, 1);
      echo.u16(0, kind);
      echo.struct(0, 3, 3).u32(0, id);
    });

  test('that the peer sends back as unimplemented is over, and has no Finish', async () => {
    const { peer, connection, main } = await connected();
    const [call, bootstrap] = [connection.call(main, VOID), connection.bootstrap()];
    peer.told();
    unimplemented(peer, 2, 0);
    unimplemented(peer, 8, 1);
    await expect(call).rejects.toMatchObject({ type: 'unimplemented', method: 'Test.method' });
    await expect(bootstrap).rejects.toMatchObject({ type: 'unimplemented', method: 'bootstrap' });
    expect(peer.told()).toEqual([]);
    expect(questions(connection)).toBe(0);
  });

  test('keeps its number to itself when another that is not open comes back', async () => {
    const { peer, connection, main } = await connected();
    unimplemented(peer, 2, 0);
    unimplemented(peer, 2, 5);
    const calls = [connection.call(main, number), connection.call(main, number), connection.call(main, number)];
    for (const id of [0, 1, 2]) peer.results(id, numberAnswer(id));
    expect(await Promise.all(calls)).toEqual(expect.arrayContaining([0, 1, 2]));
  });

  test('rejects with what reading its results throws, and the connection goes on', async () => {
    const { peer, connection, main } = await connected();
    const own = connection.call(
      main,
      method({
        results: () => {
          throw new TypeError('mine');
        },
      }),
    );
    const malformed = connection.call(main, method({ results: (results) => results.data(0) }));
    peer.results(0);
    peer.results(1, { content: (payload) => payload.struct(0, 0, 1).struct(0, 1, 0) });
    await expect(own).rejects.toThrow(new TypeError('mine'));
    await expect(malformed).rejects.toMatchObject({ name: 'CapnpError', code: 'malformed' });
    expect(connection.ended).toBeUndefined();
    expect(peer.told().filter(({ kind }) => kind === 'finish')).toHaveLength(2);
  });

  test('whose parameters cannot be written rejects and sends nothing', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, method({ params: (params) => params.u32(0, 1), results: () => undefined }));
    await expect(call).rejects.toThrow(RangeError);
    expect(peer.told()).toEqual([]);
    expect(questions(connection)).toBe(0);
  });

  test('of more bytes than a peer takes is not sent, since it would end the connection', async () => {
    const { peer, connection, main } = await connected({ ...CAPNP_LIMITS, frameBytes: 1_024 });
    const big = (bytes: number) =>
      method({
        pointers: 1,
        params: (params) => params.data(0, new Uint8Array(bytes)),
        results: () => undefined,
      });
    const [tooBig, fitting] = [connection.call(main, big(1_024)), connection.call(main, big(512))];
    await expect(tooBig).rejects.toMatchObject({ name: 'CapnpError', code: 'too-large' });
    expect(peer.told()).toMatchObject([{ kind: 'call', id: 0 }]);
    peer.results(0);
    await fitting;
  });

  test('is numbered by the smallest set of numbers: one is free again after its Finish', async () => {
    const { peer, connection, main } = await connected();
    const calls = [connection.call(main, VOID), connection.call(main, VOID), connection.call(main, VOID)];
    peer.results(1);
    const next = connection.call(main, VOID);
    expect(peer.told().flatMap((told) => (told.kind === 'call' ? [told.id] : []))).toEqual([0, 1, 2, 1]);
    for (const id of [2, 1, 0]) peer.results(id);
    await Promise.all([...calls, next]);
    expect(questions(connection)).toBe(0);
  });

  test('may be answered out of order, and by many answers in one chunk', async () => {
    const { peer, connection, main } = await connected();
    const calls = [connection.call(main, number), connection.call(main, number)];
    const answer = (id: number, value: number) => messageOf((root) => writeResults(root, id, numberAnswer(value)));
    connection.receive(concat(answer(1, 11), answer(0, 10)));
    expect(await Promise.all(calls)).toEqual([10, 11]);
    expect(peer.told().filter(({ kind }) => kind === 'finish')).toHaveLength(2);
  });

  test('may be answered before `send` returns', async () => {
    const { peer, connection, main } = await connected();
    peer.onTold = (told) => {
      if (told.kind === 'call') peer.results(told.id, numberAnswer(told.id + 1));
    };
    expect(await connection.call(main, number)).toBe(1);
    expect(await Promise.all([connection.call(main, number), connection.call(main, number)])).toEqual([1, 1]);
  });

  test('may be answered before `send` returns, by a chunk that is used again', async () => {
    const { peer, connection, main } = await connected();
    const answer = (id: number) => messageOf((root) => writeResults(root, id, numberAnswer(7)));
    peer.onTold = (told) => {
      if (told.kind !== 'finish' || told.id !== 0) return;
      const chunk = answer(1);
      connection.receive(chunk);
      chunk.fill(0xff);
    };
    const calls = [connection.call(main, number), connection.call(main, number)];
    connection.receive(answer(0));
    expect(await Promise.all(calls)).toEqual([7, 7]);
  });

  test('made while results are read has a number of its own', async () => {
    const { peer, connection, main } = await connected();
    const outer = connection.call(main, method({ results: () => ({ inner: connection.call(main, number) }) }));
    peer.told();
    peer.results(0);
    expect(peer.told()).toMatchObject([
      { kind: 'call', id: 1 },
      { kind: 'finish', id: 0 },
    ]);
    peer.results(1, numberAnswer(5));
    expect(await (await outer).inner).toBe(5);
  });

  test('that nobody waits for ends no process', async () => {
    const { peer, connection, main } = await connected();
    void connection.call(main, VOID);
    void connection.call(main, VOID);
    peer.exception(0, 0, 'nobody hears');
    connection.close('bye');
    void connection.call(main, VOID);
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('the end of a connection', () => {
  test('by Abort rejects every call that waits, with the reason, and every later one', async () => {
    const { peer, connection, main } = await connected();
    const calls = [connection.call(main, VOID), connection.call(main, number)];
    peer.abort(2, 'Peer disconnected.');
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        name: 'RpcError',
        type: 'disconnected',
        reason: 'the peer ended the connection: Peer disconnected.',
        method: 'Test.method',
        cause: connection.ended,
      });
    }
    await expect(connection.call(main, VOID)).rejects.toMatchObject({ type: 'disconnected' });
    await expect(connection.bootstrap()).rejects.toMatchObject({ type: 'disconnected' });
    expect(peer.ends).toEqual([connection.ended]);
    expect(connection.ended).toMatchObject({ name: 'RpcError', type: 'disconnected' });
    expect(connection.stats).toMatchObject({ questions: 0, imports: 0 });
  });

  test('by close says nothing to the peer, once', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.told();
    connection.close('the socket was closed');
    connection.close('again');
    main.release();
    peer.results(0);
    await expect(call).rejects.toMatchObject({ type: 'disconnected', reason: 'the socket was closed' });
    expect([peer.told(), peer.ends]).toEqual([[], [new RpcError('disconnected', 'the socket was closed')]]);
  });

  test('while results are read rejects that call too, and leaves the rest of the chunk', async () => {
    const { connection, main } = await connected();
    const call = connection.call(main, method({ results: () => connection.close('enough') }));
    const answer = messageOf((root) => writeResults(root, 0, {}));
    const received = connection.stats.messagesReceived;
    connection.receive(concat(answer, answer, answer));
    await expect(call).rejects.toMatchObject({ type: 'disconnected', reason: 'enough' });
    expect(connection.stats.messagesReceived).toBe(received + 1);
  });

  test('by what `send` throws', async () => {
    const { peer, connection, main } = await connected();
    peer.onTold = () => {
      throw new Error('the socket is gone');
    };
    await expect(connection.call(main, VOID)).rejects.toMatchObject({
      type: 'disconnected',
      reason: 'the socket is gone',
    });
    expect(peer.ends).toEqual([new Error('the socket is gone')]);
  });

  test('frames over the limits end it with an Abort, before they are read', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.told();
    connection.receive(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));
    await expect(call).rejects.toMatchObject({ type: 'disconnected', reason: expect.stringContaining('too-large') });
    expect(peer.told()).toMatchObject([{ kind: 'abort', type: 0, reason: expect.stringContaining('too-large') }]);
    expect(connection.ended).toBeInstanceOf(CapnpError);
  });
});
