import { type MiningFromServer, mining } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import { type Connection, inlineHandshakes, type Listener, listen, serve } from '@sv2kit/net';
import {
  createEllSwiftKeypair,
  decodeEllSwift,
  issueCertificate,
  publicKeyOf,
  type ServerIdentity,
} from '@sv2kit/noise';
import { expect, test } from 'vitest';
import { createUpstream, DEFAULT_POLICY, type Endpoint, type Upstream } from '../src/index.ts';

const seeded = (seed: number) => new Uint8Array(32).fill(seed);
const authoritySecret = seeded(9);
const authority = publicKeyOf(authoritySecret);

function identity(secret: Uint8Array): ServerIdentity {
  const staticKey = createEllSwiftKeypair(seeded(3), seeded(4));
  const staticPublicKey = decodeEllSwift(staticKey.encoded);
  const dates = { validFrom: 0, notValidAfter: 0xffff_ffff };
  return {
    staticKey,
    certificate: issueCertificate({ authoritySecret: secret, staticPublicKey, ...dates, auxRand: seeded(1) }),
  };
}

interface Server extends AsyncDisposable {
  readonly listener: Listener;
  readonly clients: Connection<MiningFromServer>[];
}

async function server(clock: VirtualClock, secret = authoritySecret, port = 0): Promise<Server> {
  const clients: Connection<MiningFromServer>[] = [];
  const accept = (connection: Connection<MiningFromServer>) => {
    clients.push(connection);
    return {
      kind: 'accept',
      handler: { onMessage() {}, onClose: () => void clients.splice(clients.indexOf(connection), 1) },
    } as const;
  };
  const listener = await listen({
    host: '127.0.0.1',
    port,
    identity: () => identity(secret),
    handshakes: inlineHandshakes(),
    services: [serve(mining, { accept })],
    clock,
  });
  return { listener, clients, [Symbol.asyncDispose]: () => listener.close() };
}

const endpoint = (name: string, { listener }: Server): Endpoint => ({
  name,
  host: '127.0.0.1',
  port: listener.port,
  authority,
});

/** An upstream over real sockets, and which endpoint the application is on. */
function upstream(clock: VirtualClock, endpoints: readonly Endpoint[]): { upstream: Upstream; story: string[] } {
  const story: string[] = [];
  const handler = (_: unknown, { name = '' }: Endpoint) => {
    story.push(`+${name}`);
    return { onMessage() {}, onClose: () => void story.push(`-${name}`) };
  };
  return { upstream: createUpstream({ endpoints, protocol: mining, handler, clock, random: () => 0 }), story };
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setImmediate(resolve));
}

test('fails over when the primary dies, and returns when it is back, over sealed sockets (§3.3)', async () => {
  const clock = new VirtualClock();
  const primary = await server(clock);
  await using backup = await server(clock);
  const { upstream: up, story } = upstream(clock, [endpoint('primary', primary), endpoint('backup', backup)]);
  await until(() => primary.clients.length === 1);
  await clock.advanceAsync(DEFAULT_POLICY.stableMs);
  const { port } = primary.listener;
  await primary.listener.close();
  await until(() => up.state.kind === 'waiting');
  await clock.advanceAsync(DEFAULT_POLICY.backoffMs);
  await until(() => backup.clients.length === 1 && up.state.kind === 'connected');
  expect(up.health).toEqual({ ok: true, reason: 'on backup backup' });
  await using again = await server(clock, authoritySecret, port);
  await clock.advanceAsync(DEFAULT_POLICY.probeMs);
  await until(() => again.clients.length === 1 && backup.clients.length === 0);
  expect(up.health).toEqual({ ok: true });
  expect(story).toEqual(['+primary', '-primary', '+backup', '-backup', '+primary']);
  await up.close();
});

test('follows Reconnect to a server of the same authority, not to a stranger (§3.6.5)', async () => {
  const clock = new VirtualClock();
  await using first = await server(clock);
  await using second = await server(clock);
  await using stranger = await server(clock, seeded(8));
  const { upstream: up, story } = upstream(clock, [endpoint('pool', first)]);
  await until(() => first.clients.length === 1 && up.state.kind === 'connected');
  first.clients[0]?.send({ type: 'Reconnect', newHost: 'localhost', newPort: stranger.listener.port });
  await until(() => stranger.listener.connections === 1);
  await until(() => stranger.listener.connections === 0);
  expect(story).toEqual(['+pool']);
  first.clients[0]?.send({ type: 'Reconnect', newHost: '', newPort: second.listener.port });
  await until(() => second.clients.length === 1 && first.clients.length === 0);
  expect(story).toEqual(['+pool', '-pool', '+pool']);
  await up.close();
  await until(() => second.clients.length === 0);
});

test('names an upstream that nobody listens on once', async () => {
  const clock = new VirtualClock();
  const gone = await server(clock);
  await gone.listener.close();
  const { upstream: up } = upstream(clock, [endpoint('gone', gone)]);
  await until(() => up.state.kind === 'waiting');
  expect(up.health).toEqual({ ok: false, reason: 'gone: nobody listens there (ECONNREFUSED)' });
  await up.close();
});
