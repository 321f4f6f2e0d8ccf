import { ProtocolError } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { type CloseReason, connectWire, listenWire, type Wire, type WireConnection } from '../src/index.ts';
import { until } from './peers.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A wire that remembers what it hears, and says what it is given. */
class Talk implements Wire {
  readonly connection: WireConnection;
  heard = '';
  drains = 0;
  reason: CloseReason | undefined;
  react: (said: string) => void = () => {};
  #out: Uint8Array[] = [];

  constructor(connection: WireConnection) {
    this.connection = connection;
  }
  say(what: string | Uint8Array): void {
    this.#out.push(typeof what === 'string' ? new TextEncoder().encode(what) : what);
  }
  receive(chunk: Uint8Array): void {
    this.heard += text(chunk);
    this.react(text(chunk));
  }
  drain(): Uint8Array | undefined {
    const out = this.#out;
    this.#out = [];
    return out.length === 0 ? undefined : new Uint8Array(Buffer.concat(out));
  }
  onDrain(): void {
    this.drains += 1;
  }
  onClose(reason: CloseReason): void {
    this.reason = reason;
  }
}

describe('a plain wire', () => {
  test('carries bytes both ways; what is said while a chunk is handled leaves after it', async () => {
    const clock = new VirtualClock();
    const servers: Talk[] = [];
    await using listener = await listenWire({
      host: '127.0.0.1',
      port: 0,
      clock,
      accept(connection) {
        const talk = new Talk(connection);
        talk.react = () => talk.say('pong\n');
        servers.push(talk);
        return talk;
      },
    });
    let client: Talk | undefined;
    const connection = await connectWire({
      host: '127.0.0.1',
      port: listener.port,
      clock,
      handler(c) {
        client = new Talk(c);
        client.say('ping\n');
        return client;
      },
    });
    await until(() => client?.heard === 'pong\n');
    expect(servers[0]?.heard).toBe('ping\n');
    expect([connection.encrypted, listener.connections, listener.handshakes]).toEqual([false, 1, 1]);
    servers[0]?.connection.markReady();
    expect(listener.handshakes).toBe(0);
    servers[0]?.say('later\n');
    servers[0]?.connection.flushSoon();
    await until(() => client?.heard === 'pong\nlater\n');
    connection.end('done');
    await until(() => servers[0]?.reason !== undefined);
    expect(servers[0]?.reason).toEqual({ code: 'peer-closed' });
    await until(() => client?.reason !== undefined);
    expect(client?.reason).toEqual({ code: 'done' });
  });

  test('a ProtocolError ends one connection, after the answer', async () => {
    await using listener = await listenWire({
      host: '127.0.0.1',
      port: 0,
      accept(connection) {
        const talk = new Talk(connection);
        talk.react = () => {
          talk.say('no\n');
          throw new ProtocolError('line-too-long');
        };
        return talk;
      },
    });
    let client: Talk | undefined;
    const handler = (c: WireConnection) => {
      client = new Talk(c);
      client.say('x');
      return client;
    };
    await connectWire({ host: '127.0.0.1', port: listener.port, handler });
    await until(() => client?.reason !== undefined);
    expect([client?.heard, client?.reason?.code]).toEqual(['no\n', 'peer-closed']);
  });
});
