import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { listenWire } from '../src/index.ts';
import { selfSigned } from './certificates.ts';
import { allReceived, until } from './peers.ts';
import { wireStage } from './wires.ts';

const identity = selfSigned();
const tls = { ca: identity.cert };
/** The beginning of a client's handshake that never goes on. */
const HALF_HELLO = Uint8Array.of(0x16, 3, 1, 2, 0, 1);

/** A client inside TLS that has had its first answer. */
async function greeted(socket: Socket, versions: SecureContextOptions): Promise<TLSSocket> {
  const secure = connectTls({ socket, host: '127.0.0.1', ...tls, ...versions });
  secure.on('error', () => {});
  secure.write('hello');
  await new Promise((resolve) => secure.once('data', resolve));
  return secure;
}

describe('TLS wires', () => {
  test.each([
    ['a name', 'localhost', '127.0.0.1'],
    ['an IPv4 address', '127.0.0.1', '127.0.0.1'],
    ['an IPv6 address', '::1', '::1'],
  ])('carry bytes both ways, the certificate being held against %s', async (_what, host, listening) => {
    await using scene = await wireStage({ tls: identity, host: listening });
    const client = await scene.client({ tls, host });
    client.say('ping');
    client.connection.flush();
    await until(() => client.heard === 'PING');
    expect([client.connection.encrypted, scene.servers[0]?.connection.encrypted]).toEqual([true, true]);
    expect(scene.servers[0]?.connection.remote.address).toBe(listening);
    client.connection.end('done');
    await until(() => scene.servers[0]?.reason !== undefined);
    expect(scene.servers[0]?.reason).toEqual({ code: 'peer-closed' });
  });

  test('a chunk larger than a record arrives whole, both ways', async () => {
    await using scene = await wireStage({ tls: identity });
    const client = await scene.client({ tls });
    const long = 'a'.repeat(300_000);
    client.say(long);
    client.connection.flush();
    await until(() => client.heard.length === long.length);
    expect(client.heard).toBe(long.toUpperCase());
  });

  test('a server that is not trusted, or is not who was called, is refused; verify: false takes it', async () => {
    await using scene = await wireStage({ tls: identity });
    await using other = await wireStage({ tls: selfSigned() });
    await expect(scene.client({ tls: true })).rejects.toMatchObject({ code: 'tls-untrusted' });
    await expect(other.client({ tls })).rejects.toMatchObject({ code: 'tls-untrusted' });
    const client = await other.client({ tls: { verify: false } });
    expect(client.connection.encrypted).toBe(true);
    await until(() => scene.listener.connections === 0);
    expect(scene.servers).toEqual([]);
  });

  test('a server that is plain is refused, and says why', async () => {
    await using scene = await wireStage();
    await expect(scene.client({ tls })).rejects.toMatchObject({ code: 'tls-failed' });
  });

  test('roots that cannot be read are the caller’s mistake, and leave no socket behind', async () => {
    await using scene = await wireStage({ tls: identity });
    await expect(
      scene.client({ tls: { ca: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n' } }),
    ).rejects.toThrow();
    await until(() => scene.listener.connections === 0);
  });

  test('a listener whose certificate cannot be used does not open', async () => {
    const broken = { cert: identity.cert, key: selfSigned().key };
    const opened = listenWire({ host: '127.0.0.1', port: 0, tls: broken, accept: () => undefined as never });
    await expect(opened).rejects.toThrow(/key values mismatch/);
  });

  test('a renewed certificate is shown from the next handshake on; a broken one leaves the old in force', async () => {
    const renewed = selfSigned('renewed');
    let present = identity;
    await using scene = await wireStage({ tls: () => present });
    await scene.client({ tls });
    present = { cert: 'nonsense', key: renewed.key };
    await scene.client({ tls });
    await scene.client({ tls });
    expect(scene.errors).toHaveLength(1);
    present = renewed;
    await expect(scene.client({ tls })).rejects.toMatchObject({ code: 'tls-untrusted' });
    await scene.client({ tls: { ca: renewed.cert } });
  });

  test('a client can give up in the middle', async () => {
    await using scene = await wireStage();
    const abort = new AbortController();
    const given = scene.client({ tls, signal: abort.signal });
    await until(() => scene.listener.connections === 1);
    abort.abort();
    await expect(given).rejects.toMatchObject({ code: 'aborted' });
    await until(() => getEventListeners(abort.signal, 'abort').length === 0);
  });

  test('a server that never answers is left when its time is up (limits.handshakeMs)', async () => {
    await using scene = await wireStage({ accept: () => ({ receive() {}, drain: () => undefined, onClose() {} }) });
    const given = scene.client({ tls: { verify: false }, host: '127.0.0.1' });
    given.catch(() => {});
    await until(() => scene.listener.connections === 1);
    scene.clock.advance(11_000);
    await expect(given).rejects.toMatchObject({ code: expect.stringMatching(/^(handshake-timeout|tls-failed)$/) });
  });
});

describe('who misbehaves on a TLS port is turned away and counted; others do not notice', () => {
  async function unharmed(scene: Awaited<ReturnType<typeof wireStage>>, misbehave: () => Promise<unknown>) {
    const bystander = await scene.client({ tls });
    await until(() => scene.servers.length === 1);
    scene.servers[0]?.connection.markReady();
    bystander.connection.markReady();
    await misbehave();
    await until(() => scene.listener.connections === 1);
    expect([scene.listener.handshakes, scene.servers.length, scene.errors.length]).toEqual([0, 1, 0]);
    bystander.say('still here');
    bystander.connection.flush();
    await until(() => bystander.heard === 'STILL HERE');
  }

  test.each([
    ['plain text', '{"id":1,"method":"mining.subscribe","params":[]}\n', 'refused tls-expected'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'refused tls-expected'],
    ['half a PROXY header that is none', '\r\n\r\nhello', 'refused tls-expected'],
    ['a record of something else', Uint8Array.of(0x17, 3, 3, 0, 1, 0), 'refused tls-expected'],
    ['a handshake that is none', Uint8Array.of(0x16, 3, 1, 0, 4, 9, 9, 9, 9), 'closed tls-failed'],
  ])('%s', async (_what, sent, counted) => {
    await using scene = await wireStage({ tls: identity });
    await unharmed(scene, async () => allReceived(await scene.raw(sent)));
    expect(scene.counts.counts).toMatchObject({ [counted]: 1 });
  });

  test('a version that nobody should speak any more', async () => {
    await using scene = await wireStage({ tls: identity });
    await unharmed(scene, async () => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
      const socket = connectTls({ port: scene.listener.port, host: '127.0.0.1', ...tls, ...old });
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('close', resolve));
    });
    expect(scene.counts.counts).toMatchObject({ 'closed tls-failed': 1 });
  });

  test.each([
    ['nothing at all', [], 'refused opening-timeout'],
    ['half a handshake', [HALF_HELLO], 'closed handshake-timeout'],
  ])('%s, for ever (limits.handshakeMs)', async (_what, sent, counted) => {
    await using scene = await wireStage({ tls: identity });
    await unharmed(scene, async () => {
      const socket = await scene.raw(...sent);
      await until(() => scene.listener.handshakes === 1 && socket.bytesWritten === (sent[0]?.length ?? 0));
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      scene.clock.advance(9_000);
      expect(scene.listener.connections).toBe(2);
      scene.clock.advance(3_000);
      await allReceived(socket);
    });
    expect(scene.counts.counts).toMatchObject({ [counted]: 1 });
  });

  test.each([
    ['without a word', []],
    ['in the middle', [HALF_HELLO]],
  ])('who goes away %s leaves nothing behind, by end or by reset', async (_when, sent) => {
    await using scene = await wireStage({ tls: identity });
    await unharmed(scene, async () => {
      const [one, two] = [await scene.raw(...sent), await scene.raw(...sent)];
      await until(() => scene.listener.connections === 3);
      one.end();
      two.resetAndDestroy();
      await Promise.all([allReceived(one), allReceived(two)]);
    });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a broken record after the handshake ends the connection (%s)',
    async (v) => {
      await using scene = await wireStage({ tls: identity });
      await unharmed(scene, async () => {
        const socket = await scene.raw();
        const secure = await greeted(socket, { minVersion: v, maxVersion: v });
        scene.servers.length = 1;
        socket.write(Uint8Array.of(0x17, 3, 3, 0, 40, ...Array<number>(40).fill(9)));
        await new Promise((resolve) => secure.once('close', resolve));
      });
      expect(scene.counts.counts).toMatchObject({ 'closed tls-failed': 1 });
    },
  );

  test('a client cannot have the handshake done anew (TLS 1.2)', async () => {
    await using scene = await wireStage({ tls: identity });
    const secure = await greeted(await scene.raw(), { maxVersion: 'TLSv1.2' });
    const renewed = await new Promise((resolve) => {
      secure.once('close', () => resolve('closed'));
      secure.renegotiate({}, (error) => resolve(error === null ? 'renewed' : 'refused'));
    });
    expect(renewed).not.toBe('renewed');
    await until(() => scene.listener.connections === 0);
  });

  test('a listener that closes ends half-open handshakes too', async () => {
    const scene = await wireStage({ tls: identity });
    const sockets = [await scene.raw(), await scene.raw(HALF_HELLO)];
    await scene.client({ tls });
    await until(() => scene.listener.connections === 3);
    const ended = sockets.map(allReceived);
    await scene[Symbol.asyncDispose]();
    await Promise.all(ended);
    expect([scene.listener.connections, scene.listener.handshakes]).toEqual([0, 0]);
  });
});
