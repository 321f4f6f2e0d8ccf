import { type AddressInfo, createServer, Socket } from 'node:net';
import {
  encodeFrame,
  type MiningFromServer,
  SetGroupChannel,
  SetupConnectionSuccess,
  SubmitSharesStandard,
  templateDistribution,
} from '@sv2kit/codec';
import { describe, expect, test, vi } from 'vitest';
import { type Connection, listen, serve } from '../src/index.ts';
import { allReceived, Recorder, type ServerSide, type Stage, setupFrame, stage, until } from './peers.ts';

const share = (nonce = 4): SubmitSharesStandard => ({
  type: 'SubmitSharesStandard',
  channelId: 1,
  sequenceNumber: 2,
  jobId: 3,
  nonce,
  ntime: 5,
  version: 6,
});
const close: MiningFromServer = { type: 'CloseChannel', channelId: 1, reasonCode: 'bye' };

/** A scene with one client. */
async function pairOf(scene: Stage) {
  const client = await scene.client();
  await until(() => scene.servers.length === 1);
  return { client, server: scene.servers[0] as ServerSide };
}

describe('the socket loop', () => {
  for (const secure of [false, true]) {
    test(`carries messages both ways, ${secure ? 'sealed (§4)' : 'plain'}`, async () => {
      await using scene = await stage({ secure });
      const { client, server } = await pairOf(scene);
      client.connection.send(share());
      await until(() => server.messages.length === 1);
      expect(server.messages).toEqual([share()]);
      server.connection.send(close);
      await until(() => client.messages.length === 1);
      expect(client.messages).toEqual([close]);
      expect(scene.counts.counts).toMatchObject({ accepted: 1, connections: 1 });
    });
  }

  test('says nothing to the application before Success is queued, and hands over what the client sent (§3.6)', async () => {
    const seen: unknown[] = [];
    const accept = (connection: Connection<MiningFromServer>) => {
      seen.push(['accept', connection.setup.vendor, connection.setup.flags]);
      const handler = new Recorder<never, MiningFromServer>(connection);
      const onReady = () => {
        seen.push(['ready', connection.usedVersion, connection.flags]);
        connection.send(close);
      };
      return { kind: 'accept', flags: 0b10, handler: Object.assign(handler, { onReady }) } as const;
    };
    await using scene = await stage({ accept });
    const client = await scene.client({ setup: { vendor: 'acme', flags: 0b001 } });
    await until(() => client.messages.length === 1);
    expect(seen).toEqual([
      ['accept', 'acme', 1],
      ['ready', 2, 2],
    ]);
    expect(client.connection).toMatchObject({ flags: 2, usedVersion: 2 });
  });

  test('replies to one chunk leave in one write; what is sent outside of one, once per turn', async () => {
    await using scene = await stage();
    const { client, server } = await pairOf(scene);
    const write = vi.spyOn(Socket.prototype, 'write');
    const ours = (socket: unknown) => (socket as Socket).localPort === scene.listener.port;
    const writes = () => write.mock.contexts.filter(ours).length;
    server.react = () => {
      for (let i = 0; i < 3; i += 1) server.connection.send(close);
    };
    for (let nonce = 0; nonce < 4; nonce += 1) client.connection.send(share(nonce));
    await until(() => client.messages.length === 12);
    expect(server.messages).toHaveLength(4);
    expect(writes()).toBe(1);
    for (let i = 0; i < 5; i += 1) server.connection.send(close);
    expect(server.connection.queuedBytes).toBeGreaterThan(0);
    await until(() => client.messages.length === 17);
    expect(writes()).toBe(2);
    server.connection.send(close);
    server.connection.flush();
    expect(server.connection.queuedBytes).toBe(0);
    server.connection.send(close);
    await until(() => client.messages.length === 19);
    expect(writes()).toBe(4);
    write.mockRestore();
  });

  test('what is sent as a batch waits for the end of the poll, unless it is much or has to leave now', async () => {
    await using scene = await stage();
    const { client, server } = await pairOf(scene);
    const write = vi.spyOn(Socket.prototype, 'write');
    const ours = (socket: unknown) => (socket as Socket).localPort === scene.listener.port;
    const writes = () => write.mock.contexts.filter(ours).length;
    const turn = () => new Promise<void>((resolve) => process.nextTick(resolve));
    for (let i = 0; i < 3; i += 1) {
      server.connection.send(close, 'batch');
      await turn();
      expect(server.connection.queuedBytes).toBeGreaterThan(0);
    }
    await until(() => client.messages.length === 3);
    expect(writes()).toBe(1);
    server.connection.send(close, 'batch');
    server.connection.flush();
    expect(server.connection.queuedBytes).toBe(0);
    server.connection.send(close, 'batch');
    server.connection.send(close);
    await turn();
    expect(server.connection.queuedBytes).toBe(0);
    const many = 2_000;
    for (let i = 0; i < many; i += 1) server.connection.send(close, 'batch');
    await turn();
    expect(server.connection.queuedBytes).toBe(0);
    await until(() => client.messages.length === 6 + many);
    expect(writes()).toBe(4);
    write.mockRestore();
  });

  test('a peer that floods is read one chunk per turn of the event loop, so that others are served in between', async () => {
    await using scene = await stage();
    const frame = encodeFrame(SubmitSharesStandard, share());
    const perChunk = 65_536 / frame.length;
    const flood = await scene.raw();
    flood.write(setupFrame());
    await until(() => scene.servers.length === 1);
    const messages = scene.servers[0]?.messages ?? [];
    const frames = Math.ceil(100 * perChunk);
    flood.write(Buffer.alloc(frames * frame.length, frame));
    let before = 0;
    let most = 0;
    await until(() => {
      most = Math.max(most, messages.length - before);
      before = messages.length;
      return before === frames;
    });
    expect(most).toBeLessThan(3 * perChunk);
  });

  test('a bug in a handler ends that one connection, is logged with its stack and counted', async () => {
    await using scene = await stage();
    const { client, server } = await pairOf(scene);
    const other = await scene.client();
    server.react = () => {
      server.connection.send(close);
      throw new TypeError('our mistake');
    };
    client.connection.send(share());
    await client.closed;
    await server.closed;
    expect(client.messages).toEqual([close]);
    expect(scene.errors).toMatchObject([{ stack: expect.stringContaining('loop.test.ts') }]);
    expect(scene.counts.counts).toMatchObject({ bugs: 1, 'closed internal-error': 1 });
    expect(other.reason).toBeUndefined();
  });

  test('a bug while a connection ends is logged and leaves nothing behind', async () => {
    await using scene = await stage();
    const { client, server } = await pairOf(scene);
    server.onClose = () => {
      throw new Error('our mistake');
    };
    client.connection.end('done');
    await until(() => scene.listener.connections === 0);
    expect(scene.counts.counts).toMatchObject({ bugs: 1, 'closed peer-closed': 1, connections: 0 });
  });

  test('ends after what is queued has left, and tells each side why', async () => {
    await using scene = await stage();
    const { client, server } = await pairOf(scene);
    server.connection.send(close);
    server.connection.end('maintenance');
    server.connection.send(close);
    expect(await client.closed).toEqual({ code: 'peer-closed' });
    expect(client.messages).toEqual([close]);
    expect(await server.closed).toEqual({ code: 'maintenance' });
  });

  test('an application refuses a client with its own code (§3.6.3)', async () => {
    await using scene = await stage({ accept: () => ({ kind: 'refuse', errorCode: 'pool-is-full' }) });
    const refused = scene.client();
    await expect(refused).rejects.toMatchObject({
      code: 'setup-refused',
      cause: { details: { errorCode: 'pool-is-full', flags: 0 } },
    });
    await until(() => scene.listener.connections === 0);
    expect(scene.counts.counts).toMatchObject({ 'closed setup-refused': 1 });
  });

  test('extensions are negotiated before the client may speak (extension 0x0001)', async () => {
    const offer = { supported: [2], required: [] };
    await using scene = await stage({ extensions: offer });
    const client = await scene.client({ extensions: offer });
    expect(client.connection).toMatchObject({ extensions: new Set([2]), extensionsUnanswered: false });
    expect(scene.servers[0]?.extensions).toEqual([new Set([2])]);
  });

  test('a client waits for an answer about extensions and then goes on without (extension 0x0001, 4)', async () => {
    const success = encodeFrame(SetupConnectionSuccess, { type: 'SetupConnectionSuccess', usedVersion: 2, flags: 0 });
    const mute = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.write(success)));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    await using scene = await stage();
    const wish = (required: readonly number[]) => scene.client({ port, extensions: { supported: [2], required } });
    const content = wish([]);
    const needy = expect(wish([2])).rejects.toMatchObject({ code: 'extension-missing' });
    // The sweep's timer, and each client's patience.
    await until(() => scene.clock.pending === 3);
    scene.clock.advance(2_000);
    expect((await content).connection).toMatchObject({ extensions: new Set(), extensionsUnanswered: true });
    await needy;
    mute.close();
  });

  test('several protocols are served on one port, each with its own flags (§3.6.1)', async () => {
    const templates: unknown[] = [];
    const more = serve(templateDistribution, {
      accept(connection) {
        templates.push(connection.setup.protocol);
        return { kind: 'accept', handler: { onMessage: (m) => templates.push(m.type), onClose: () => {} } };
      },
    });
    await using scene = await stage({ more: [more] });
    await scene.client();
    const client = await scene.client({ protocol: templateDistribution as never });
    client.connection.send({
      type: 'CoinbaseOutputConstraints',
      coinbaseOutputMaxAdditionalSize: 1,
      coinbaseOutputMaxAdditionalSigops: 1,
    } as never);
    await until(() => templates.length === 2);
    expect(templates).toEqual([2, 'CoinbaseOutputConstraints']);
  });
});

describe('a peer that reads slowly', () => {
  const big = encodeFrame(SetGroupChannel, {
    type: 'SetGroupChannel',
    groupChannelId: 1,
    channelIds: Array.from({ length: 16_000 }, (_, i) => i),
  });

  /** A client that has set up and then reads nothing, and the server's side of it. */
  async function slowReader(scene: Stage): Promise<{ socket: Socket; server: ServerSide }> {
    const socket = await scene.raw();
    socket.pause();
    socket.write(setupFrame());
    await until(() => scene.servers.length === 1);
    return { socket, server: scene.servers[0] as ServerSide };
  }

  function fill({ connection }: ServerSide): void {
    while (!connection.congested) {
      connection.sendFrame(big);
      connection.flush();
    }
  }

  async function turns(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  test('shows as congested, is not read meanwhile, and hears the rest when it catches up', async () => {
    await using scene = await stage({ limits: { writeQueueBytes: 100_000_000 } });
    const { socket, server } = await slowReader(scene);
    fill(server);
    socket.write(encodeFrame(SubmitSharesStandard, share()));
    await turns(20);
    expect(server.messages).toEqual([]);
    socket.resume();
    await until(() => server.drains === 1);
    expect(server.connection.congested).toBe(false);
    await until(() => server.messages.length === 1);
  });

  test('is dropped when more is about to wait than limits.writeQueueBytes', async () => {
    await using scene = await stage({ limits: { writeQueueBytes: 1_000_000 } });
    const { server } = await slowReader(scene);
    while (server.reason === undefined) {
      server.connection.sendFrame(big);
      server.connection.flush();
      expect(server.connection.queuedBytes).toBeLessThan(1_100_000);
      await turns(1);
    }
    expect(server.reason).toEqual({ code: 'slow-reader' });
  });

  test('is nobody who was sent more than limits.writeQueueBytes at once, nor by what follows it', async () => {
    await using scene = await stage({ limits: { writeQueueBytes: 1_000_000 } });
    const { socket, server } = await slowReader(scene);
    const { connection } = server;
    // A job for each channel of a large proxy leaves in one write; answers to shares come behind it.
    while (connection.queuedBytes < 20_000_000) connection.sendFrame(big);
    connection.flush();
    for (let i = 0; i < 10; i += 1) {
      connection.send(close);
      await turns(1);
    }
    expect(connection.congested).toBe(true);
    expect(server.reason).toBeUndefined();
    socket.resume();
    await until(() => connection.queuedBytes === 0);
    expect(server.reason).toBeUndefined();
  });

  test('is dropped when it takes nothing for limits.drainMs', async () => {
    await using scene = await stage({ limits: { writeQueueBytes: 100_000_000 } });
    const { server } = await slowReader(scene);
    fill(server);
    scene.clock.advance(59_000);
    await turns(5);
    expect(server.reason).toBeUndefined();
    scene.clock.advance(5_000);
    expect(await server.closed).toEqual({ code: 'slow-reader' });
  });
});

describe('a listener', () => {
  test('rejects when its port is taken', async () => {
    await using scene = await stage();
    await expect(listen({ host: '127.0.0.1', port: scene.listener.port, services: [] })).rejects.toThrow('EADDRINUSE');
  });

  test('ends every connection when it closes, and leaves no timer', async () => {
    await using scene = await stage({ secure: true });
    const { client, server } = await pairOf(scene);
    const silent = await scene.raw();
    await until(() => scene.listener.connections === 2);
    const ended = allReceived(silent);
    await scene.listener.close();
    expect(await server.closed).toEqual({ code: 'shutdown' });
    await client.closed;
    expect(await ended).toHaveLength(0);
    expect(scene.clock.pending).toBe(0);
    await expect(scene.client()).rejects.toMatchObject({ code: 'socket-error' });
  });
});
