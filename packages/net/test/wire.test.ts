import { ProtocolError } from '@sv2kit/codec';
import { describe, expect, test } from 'vitest';
import type { CloseReason, WireConnection } from '../src/index.ts';
import { allReceived, until } from './peers.ts';
import { wireStage } from './wires.ts';

async function found<T>(what: () => T | undefined): Promise<T> {
  await until(() => what() !== undefined);
  return what() as T;
}

describe('a plain wire', () => {
  test('carries bytes both ways; what is said while a chunk is handled leaves after it', async () => {
    await using scene = await wireStage();
    const client = await scene.client();
    client.say('ping\n');
    client.connection.flush();
    await until(() => client.heard === 'PING\n');
    const [server] = scene.servers;
    expect(server?.heard).toBe('ping\n');
    expect([client.connection.encrypted, server?.connection.encrypted]).toEqual([false, false]);
    server?.say('later\n');
    server?.connection.flushSoon();
    server?.connection.flushSoon();
    await until(() => client.heard === 'PING\nlater\n');
    client.connection.end('done');
    await until(() => server?.reason !== undefined && client.reason !== undefined);
    expect([server?.reason, client.reason]).toEqual([{ code: 'peer-closed' }, { code: 'done' }]);
  });

  test('what a handler has to say at once leaves with the connection', async () => {
    await using scene = await wireStage();
    const { promise, resolve } = Promise.withResolvers<string>();
    await scene.client({
      handler: () => {
        const said = [new TextEncoder().encode('hello')];
        return {
          drain: () => said.pop(),
          receive: (chunk) => resolve(new TextDecoder().decode(chunk)),
          onClose() {},
        };
      },
    });
    expect(await promise).toBe('HELLO');
  });

  test('counts as a handshake until it is ready, and may not take longer than limits.setupMs', async () => {
    await using scene = await wireStage();
    const [ready, slow] = [await scene.client(), await scene.client()];
    for (const { connection } of [ready, slow]) connection.markReady();
    await until(() => scene.servers.length === 2);
    expect(scene.listener.handshakes).toBe(2);
    scene.servers[0]?.connection.markReady();
    scene.servers[0]?.connection.markReady();
    expect(scene.listener.handshakes).toBe(1);
    scene.clock.advance(11_000);
    await until(() => scene.listener.connections === 1);
    expect(scene.counts.counts).toMatchObject({ 'closed setup-timeout': 1 });
    expect(scene.listener.handshakes).toBe(0);
    expect(ready.reason).toBeUndefined();
  });

  test('a client whose server never lets it get ready ends by itself', async () => {
    await using scene = await wireStage({ limits: { setupMs: 0 } });
    const client = await scene.client();
    scene.clock.advance(11_000);
    await until(() => client.reason !== undefined);
    expect(client.reason).toEqual({ code: 'setup-timeout' });
  });

  test('ready and never put to use: ended when its time is up (limits.firstUseMs)', async () => {
    await using scene = await wireStage({ limits: { firstUseMs: 30_000 } });
    await scene.client({ limits: { setupMs: 0 } });
    await scene.client({ limits: { setupMs: 0 } });
    await until(() => scene.servers.length === 2);
    for (const { connection } of scene.servers) connection.markReady();
    scene.servers[0]?.connection.markInUse();
    scene.clock.advance(31_000);
    await until(() => scene.listener.connections === 1);
    expect(scene.servers.map(({ reason }) => reason?.code)).toEqual([undefined, 'unused']);
  });

  test('a ProtocolError ends one connection, after the answer; a mistake of ours too, and is counted', async () => {
    await using scene = await wireStage();
    const clients = [await scene.client(), await scene.client(), await scene.client()];
    await until(() => scene.servers.length === 3);
    for (const [i, error] of [new ProtocolError('line-too-long'), new TypeError('oops')].entries()) {
      const server = scene.servers[i];
      if (server === undefined) throw new Error('no server');
      server.react = () => {
        server.say('no');
        throw error;
      };
      clients[i]?.say('x');
      clients[i]?.connection.flush();
      await until(() => clients[i]?.reason !== undefined && server.reason !== undefined);
    }
    expect(clients.map(({ heard }) => heard)).toEqual(['no', 'no', '']);
    expect(scene.servers.map(({ reason }) => reason?.code)).toEqual(['line-too-long', 'internal-error', undefined]);
    expect(scene.counts.counts).toMatchObject({ bugs: 1 });
    expect(scene.errors).toHaveLength(1);
  });

  test('a wire that fails to say what it has to say ends itself alone, whoever asked it to speak', async () => {
    const ends: Record<string, (connection: WireConnection) => void> = {
      receive: () => {},
      flush: (connection) => connection.flush(),
      flushSoon: (connection) => connection.flushSoon(),
      end: (connection) => connection.end('done'),
    };
    const wires: WireConnection[] = [];
    const closed: string[] = [];
    const accept = (connection: WireConnection) => {
      wires.push(connection);
      let heard = false;
      return {
        receive: () => {
          heard = true;
        },
        drain(): undefined {
          if (heard || asked.has(connection)) throw new TypeError('nothing to say');
        },
        onClose: ({ code }: CloseReason) => void closed.push(code),
      };
    };
    const asked = new Set<WireConnection>();
    await using scene = await wireStage({ accept });
    const bystander = await scene.raw();
    await until(() => wires.length === 1);
    for (const [what, ask] of Object.entries(ends)) {
      const socket = await scene.raw();
      const connection = await found(() => wires[1]);
      wires.length = 1;
      // What waits for the same end of turn is not held up.
      connection.flushSoon();
      wires[0]?.flushSoon();
      if (what === 'receive') socket.write('x');
      else asked.add(connection);
      ask(connection);
      await allReceived(socket);
      await until(() => scene.listener.connections === 1);
    }
    expect(closed).toEqual(Array(4).fill('internal-error'));
    expect([scene.counts.counts['bugs'], scene.errors.length, bystander.closed]).toEqual([4, 4, false]);
  });

  test('who begins TLS on a plain port is told apart (tls-unexpected)', async () => {
    await using scene = await wireStage();
    await expect(scene.client({ tls: true })).rejects.toMatchObject({ code: 'tls-failed' });
    await until(() => scene.servers[0]?.reason !== undefined);
    expect(scene.servers[0]?.reason?.code).toBe('tls-unexpected');
    expect(scene.errors).toEqual([]);
  });

  test('a peer that does not read is congested, hears nothing lost once it reads, or is dropped (slow-reader)', async () => {
    await using scene = await wireStage({ limits: { writeQueueBytes: 1_000_000 } });
    const socket = await scene.raw('x');
    await until(() => scene.servers[0]?.heard === 'x');
    const server = scene.servers[0];
    if (server === undefined) throw new Error('no server');
    const chunk = new Uint8Array(500_000).fill(65);
    let said = 1;
    while (!server.connection.congested) {
      server.say(chunk);
      server.connection.flush();
      said += chunk.length;
    }
    expect(server.connection.queuedBytes).toBeGreaterThan(0);
    let received = 0;
    socket.on('data', ({ length }: Uint8Array) => {
      received += length;
    });
    await until(() => received === said);
    expect([server.drains > 0, server.connection.congested]).toEqual([true, false]);
    socket.pause();
    for (let i = 0; i < 100 && server.reason === undefined; i += 1) {
      server.say(chunk);
      server.connection.flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.reason?.code).toBe('slow-reader');
  });
});
