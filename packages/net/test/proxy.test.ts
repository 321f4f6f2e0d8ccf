import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PROXY_HEADER, readProxyHeader } from '../src/proxy-header.ts';
import { selfSigned } from './certificates.ts';
import { allReceived, setupFrame, stage, until } from './peers.ts';
import { fromIpv4, fromIpv6, header } from './proxy-headers.ts';
import { wireStage } from './wires.ts';

const V1_TEXT = Buffer.from('PROXY TCP4 198.51.100.7 10.0.0.9 4000 3333\r\n');
const join = (...parts: readonly (Uint8Array | string)[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));

/** A proxy that announces every connection with the same header. */
async function proxyTo(to: number, head: Uint8Array): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const inner = connectTcp(to, '127.0.0.1');
    inner.write(head);
    client.pipe(inner).pipe(client);
    for (const socket of [client, inner]) socket.on('error', () => client.destroy());
    sockets.push(client, inner);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}

describe('the PROXY header, version 2 (HAProxy specification, §2.2)', () => {
  test.each([
    ['TCP over IPv4', fromIpv4('198.51.100.7'), { address: '198.51.100.7', port: 4_000 }],
    ['TCP over IPv6', fromIpv6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]), { address: '2001:db8::1', port: 4_000 }],
    [
      'an IPv4 address inside IPv6',
      fromIpv6([0, 0, 0, 0, 0, 0xffff, 0xc633, 0x6407]),
      { address: '198.51.100.7', port: 4_000 },
    ],
    ['LOCAL: the proxy checks our health', header({ command: 0x20, kind: 0 }), undefined],
    ['an unspecified family', header({ kind: 0, more: [1, 2, 3] }), undefined],
    ['a UNIX socket', header({ kind: 0x31, addresses: Array<number>(216).fill(7) }), undefined],
  ])('%s is read', (_what, bytes, source) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'header', size: bytes.length, source });
  });

  test.each([
    ['no header', Buffer.from('{"id":1}'), 'proxy-header-missing'],
    ['a header that goes wrong in its first line', Buffer.from('\r\n\r\n\0\r\nQUAT'), 'proxy-header-missing'],
    ['version 1', V1_TEXT, 'proxy-version-1'],
    ['an unknown version', header({ command: 0x31 }), 'proxy-header-malformed'],
    ['an unknown command', header({ command: 0x22 }), 'proxy-header-malformed'],
    ['an unknown family', header({ kind: 0x41 }), 'proxy-header-malformed'],
    ['UDP', header({ kind: 0x12, addresses: Array<number>(12).fill(1) }), 'proxy-header-malformed'],
    ['an unknown transport', header({ kind: 0x13, addresses: Array<number>(12).fill(1) }), 'proxy-header-malformed'],
    ['too few bytes for IPv4', header({ addresses: Array<number>(11).fill(1) }), 'proxy-header-malformed'],
    ['too few bytes for IPv6', header({ kind: 0x21, addresses: Array<number>(35).fill(1) }), 'proxy-header-malformed'],
    [
      'a header beyond its limit',
      header({ addresses: Array<number>(12).fill(1), more: Array<number>(MAX_PROXY_HEADER).fill(0) }),
      'proxy-header-malformed',
    ],
  ])('%s is refused', (_what, bytes, code) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'refused', code });
  });

  test('says the same whatever follows, is incomplete one byte earlier, and keeps the address and port', () => {
    const byte = fc.nat(255);
    const more = fc.array(byte, { maxLength: 300 });
    const parts = fc.record({ address: fc.array(byte, { minLength: 4, maxLength: 4 }), port: fc.nat(65_535), more });
    fc.assert(
      fc.property(parts, fc.uint8Array({ maxLength: 50 }), ({ address, port, more: fields }, rest) => {
        const addresses = [...address, 10, 0, 0, 9, port >> 8, port & 0xff, 13, 5];
        const bytes = header({ addresses, more: fields });
        const read = { kind: 'header', size: bytes.length, source: { address: address.join('.'), port } };
        expect(readProxyHeader(bytes)).toEqual(read);
        expect(readProxyHeader(join(bytes, rest))).toEqual(read);
        for (let cut = 0; cut < bytes.length; cut += 1) {
          expect(readProxyHeader(bytes.subarray(0, cut))).toEqual({ kind: 'incomplete' });
        }
      }),
    );
  });

  test('IPv6 addresses come out in the one form that the operating system gives', () => {
    const group = fc.oneof(fc.constant(0), fc.nat(65_535));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const read = readProxyHeader(fromIpv6(groups));
        const address = read.kind === 'header' ? (read.source?.address ?? '') : '';
        const isMapped = groups.slice(0, 5).every((each) => each === 0) && groups[5] === 0xffff;
        const wanted = new URL(`http://[${groups.map((each) => each.toString(16)).join(':')}]`).hostname;
        expect(isMapped ? '' : `[${address}]`).toBe(isMapped ? '' : wanted);
      }),
    );
  });

  test('never throws, and what is refused early is refused with more', () => {
    const near = fc.tuple(fc.nat(30), fc.nat(255)).map(([at, value]) => {
      const bytes = fromIpv4('198.51.100.7');
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), near), fc.nat(40), (bytes, cut) => {
        const early = readProxyHeader(bytes.subarray(0, cut));
        const late = readProxyHeader(bytes);
        if (early.kind !== 'incomplete') expect(late).toEqual(early);
        if (late.kind === 'header') expect(late.size).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

describe('wires behind a proxy', () => {
  const proxyFrom = ['127.0.0.0/8'];

  test('know who is behind it; what follows the header is heard, in one piece with it or not', async () => {
    await using scene = await wireStage({ proxyFrom });
    const head = fromIpv4('198.51.100.7');
    const sockets = [
      await scene.raw(join(head, 'together')),
      await scene.raw(head, 'behind'),
      await scene.raw(head.subarray(0, 5)),
    ];
    await until(() => scene.servers.length === 2 && scene.servers.every(({ heard }) => heard !== ''));
    sockets[2]?.write(head.subarray(5, 20));
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    sockets[2]?.write(join(head.subarray(20), 'in pieces'));
    await until(() => scene.servers[2]?.heard === 'in pieces');
    expect(scene.servers.map(({ heard }) => heard).sort()).toEqual(['behind', 'in pieces', 'together']);
    for (const { connection } of scene.servers)
      expect(connection.remote).toEqual({ address: '198.51.100.7', port: 4_000 });
    const answers = allReceived(sockets[2] as never);
    scene.servers[2]?.say('more');
    scene.servers[2]?.connection.end('done');
    expect(Buffer.from(await answers).toString()).toBe('IN PIECESmore');
    await until(() => scene.counts.counts['closed done'] === 1);
    expect(scene.counts.counts).toMatchObject({ accepted: 3 });
  });

  test('a proxy that speaks for itself has its own address', async () => {
    await using scene = await wireStage({ proxyFrom });
    await scene.raw(header({ command: 0x20, kind: 0 }), 'alive?');
    await until(() => scene.servers[0]?.heard === 'alive?');
    expect(scene.servers[0]?.connection.remote.address).toBe('127.0.0.1');
  });

  test('are limited by the real address, not by the proxy’s; exempt ranges too', async () => {
    const limits = { connectionsPerAddress: 1, exempt: ['203.0.113.0/24', '2001:db8::/32'] };
    await using scene = await wireStage({ proxyFrom, limits });
    const first = await scene.raw(fromIpv4('198.51.100.7'));
    await until(() => scene.servers.length === 1);
    await allReceived(await scene.raw(fromIpv4('198.51.100.7')));
    expect(scene.counts.counts).toMatchObject({ accepted: 1, 'refused connections-per-address': 1 });
    await scene.raw(fromIpv4('198.51.100.8'));
    for (let i = 0; i < 2; i += 1) await scene.raw(fromIpv4('203.0.113.5'));
    for (let i = 0; i < 2; i += 1) await scene.raw(fromIpv6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]));
    await until(() => scene.servers.length === 6);
    expect([scene.listener.connections, scene.listener.handshakes]).toEqual([6, 6]);
    first.destroy();
    await until(() => scene.listener.connections === 5);
    await scene.raw(fromIpv4('198.51.100.7'));
    await until(() => scene.servers.length === 7);
  });

  test('connections of which the header is awaited count in all, and as handshakes', async () => {
    await using scene = await wireStage({ proxyFrom, limits: { handshakes: 2 } });
    const waiting = [await scene.raw(), await scene.raw('\r\n')];
    await until(() => scene.listener.handshakes === 2);
    await scene.raw().catch(() => {});
    await until(() => scene.counts.counts['refused handshakes'] === 1);
    waiting[0]?.end();
    waiting[1]?.resetAndDestroy();
    await until(() => scene.listener.connections === 0);
    expect(scene.listener.handshakes).toBe(0);
    await scene.raw(fromIpv4('198.51.100.7'));
    await until(() => scene.servers.length === 1);
  });

  test.each([
    ['no header', ['{"id":1,"method":"mining.subscribe"}\n'], 'proxy-header-missing'],
    ['a header in text form', [V1_TEXT], 'proxy-version-1'],
    ['a header that makes no sense', [header({ command: 0x2f })], 'proxy-header-malformed'],
    ['nothing at all', [], 'opening-timeout'],
    ['half a header', [fromIpv4('198.51.100.7').subarray(0, 20)], 'opening-timeout'],
  ])('a proxy that sends %s is turned away and counted', async (_what, sent, code) => {
    await using scene = await wireStage({ proxyFrom });
    const socket = await scene.raw(...sent);
    const received = allReceived(socket);
    if (code === 'opening-timeout') {
      await until(() => scene.listener.handshakes === 1);
      scene.clock.advance(9_000);
      expect(scene.listener.connections).toBe(1);
      scene.clock.advance(2_000);
    }
    expect(await received).toHaveLength(0);
    await until(() => scene.listener.connections === 0);
    expect([scene.counts.counts[`refused ${code}`], scene.servers, scene.errors]).toEqual([1, [], []]);
  });

  test('a header from elsewhere ends the connection, with a code of its own, plain or TLS', async () => {
    const tls = selfSigned();
    await using plain = await wireStage({ proxyFrom: ['10.0.0.0/8'] });
    await using secure = await wireStage({ tls });
    for (const scene of [plain, secure]) await allReceived(await scene.raw(fromIpv4('198.51.100.7')));
    await until(() => plain.counts.counts['closed proxy-header-unexpected'] === 1);
    expect(plain.servers[0]?.heard).toBe('');
    expect(secure.counts.counts).toMatchObject({ 'refused proxy-header-unexpected': 1 });
  });

  test('TLS begins behind the header', async () => {
    const identity = selfSigned();
    await using scene = await wireStage({ proxyFrom, tls: identity });
    const socket = await scene.raw(fromIpv4('198.51.100.7'));
    const secure = connectTls({ socket, ca: identity.cert, host: '127.0.0.1' });
    secure.write('hello');
    const answer = await new Promise<Buffer>((resolve) => secure.once('data', resolve));
    expect(answer.toString()).toBe('HELLO');
    expect(scene.servers[0]?.connection).toMatchObject({ encrypted: true, remote: { address: '198.51.100.7' } });
    const plain = await scene.raw(fromIpv4('198.51.100.7'), 'plain text');
    await allReceived(plain);
    await until(() => scene.counts.counts['closed tls-failed'] === 1);
  });

  test('whatever they send, the others do not notice and nothing is left behind', async () => {
    const identity = selfSigned();
    const hello = Uint8Array.of(0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3);
    const begin = fc.constantFrom(new Uint8Array(0), fromIpv4('198.51.100.7'), V1_TEXT, hello, join(header({}), hello));
    const sent = fc.tuple(begin, fc.nat(40), fc.uint8Array({ maxLength: 60 })).map(([first, cut, rest]) => {
      return join(first.subarray(0, first.length - (cut > 20 ? cut - 20 : 0)), rest);
    });
    const kinds = [{}, { tls: identity }, { proxyFrom }, { proxyFrom, tls: identity }];
    const scenes = await Promise.all(kinds.map((kind) => wireStage(kind)));
    const chosen = fc.record({
      kind: fc.nat(3),
      bytes: fc.array(sent, { minLength: 1, maxLength: 3 }),
      hard: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(chosen, async ({ kind, bytes, hard }) => {
        const scene = scenes[kind] as (typeof scenes)[number];
        const socket = await scene.raw(...bytes);
        const gone = allReceived(socket);
        if (hard) socket.resetAndDestroy();
        else socket.end();
        await gone;
        await until(() => scene.listener.connections === 0);
        expect([scene.listener.handshakes, scene.errors]).toEqual([0, []]);
      }),
      { numRuns: 200 },
    );
    for (const scene of scenes) await scene[Symbol.asyncDispose]();
  });

  test.each(['somewhere', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/0x8', '10.0.0.0/33', '', '/8'])(
    'a list of proxies that cannot be read does not open a port: "%s"',
    async (entry) => {
      await expect(wireStage({ proxyFrom: [entry] })).rejects.toThrow();
    },
  );

  test('exempt ranges that cannot be read do not open a port', async () => {
    await expect(wireStage({ limits: { exempt: ['10.0.0.0/99'] } })).rejects.toThrow();
  });
});

describe('Stratum V2 sessions behind a proxy', () => {
  test.each([false, true])('know who is behind it, and are limited by that (sealed: %s)', async (secure) => {
    await using scene = await stage({ secure, proxyFrom: ['127.0.0.1'], limits: { connectionsPerAddress: 1 } });
    await using proxy = await proxyTo(scene.listener.port, fromIpv4('198.51.100.7'));
    const first = await scene.client({ port: proxy.port });
    expect(scene.servers[0]?.connection.remote).toEqual({ address: '198.51.100.7', port: 4_000 });
    await expect(scene.client({ port: proxy.port })).rejects.toThrow();
    expect(scene.counts.counts).toMatchObject({ accepted: 1, 'refused connections-per-address': 1 });
    first.connection.end('done');
    await until(() => scene.listener.connections === 0);
    await scene.client({ port: proxy.port });
    await expect(scene.client()).rejects.toThrow();
    expect(scene.counts.counts).toMatchObject({ 'refused proxy-header-missing': 1 });
  });

  test('a header from elsewhere ends the session, with a code of its own', async () => {
    await using scene = await stage();
    const socket = await scene.raw();
    socket.write(join(fromIpv4('198.51.100.7'), setupFrame()));
    await allReceived(socket);
    await until(() => scene.counts.counts['closed proxy-header-unexpected'] === 1);
  });
});
