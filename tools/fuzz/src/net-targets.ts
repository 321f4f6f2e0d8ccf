// The first bytes of a connection: PROXY headers, and what is taken for TLS.
import { createServer, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import type { Random } from '@sv2kit/codec';
import { listenWire, MAX_PROXY_HEADER, readProxyHeader } from '@sv2kit/net';
import { selfSigned } from '@sv2kit/regtest';
import { bytes, integer, mutate, pieces } from './random.ts';
import { Mistakes, RawPeer, serviceDeps, within } from './surroundings.ts';
import type { Target } from './target.ts';

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

function proxyHeader(random: Random): Uint8Array {
  const [kind, size] = (
    [
      [0x11, 12],
      [0x21, 36],
      [0x31, 216],
      [0x00, 0],
    ] as const
  )[integer(random, 4)] ?? [0x11, 12];
  const length = size + integer(random, 20);
  const command = random() < 0.8 ? 0x21 : 0x20;
  return Uint8Array.of(...SIGNATURE, command, kind, length >> 8, length & 0xff, ...bytes(random, length));
}

/** A header is the same however it is cut, names an address, and is never longer than is read. */
const proxyTarget: Target = (random) => {
  const header = proxyHeader(random);
  const damaged = random() < 0.6 ? mutate(random, header) : header;
  const input = random() < 0.1 ? bytes(random, integer(random, 64)) : damaged;
  const whole = readProxyHeader(input);
  for (let length = 0; length < input.length; length += 1) {
    const part = readProxyHeader(input.subarray(0, length));
    if (part.kind === 'incomplete') continue;
    const [one, other] = [JSON.stringify(part), JSON.stringify(whole)];
    if (one !== other) throw new Error(`${length} of ${input.length} bytes say ${one}, all of them ${other}`);
  }
  if (whole.kind !== 'header') return;
  const { size, source } = whole;
  if (size > Math.min(input.length, MAX_PROXY_HEADER)) throw new Error(`a header of ${size} bytes`);
  if (source !== undefined && (isIP(source.address) === 0 || source.port > 0xffff)) {
    throw new Error(`${source.address}, port ${source.port}`);
  }
};

const certificate = selfSigned('fuzz');

/** What a TLS client says first. */
async function clientHello(): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const server = createServer((socket) => {
    socket.once('data', (chunk: Buffer) => {
      resolve(Uint8Array.from(chunk));
      socket.destroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }).on('error', () => {});
  const hello = await promise;
  server.close();
  return hello;
}
let hello: Promise<Uint8Array> | undefined;

/** A TLS listener behind a proxy or not: openings of all kinds end nothing but themselves. */
const tlsTarget: Target = async (random) => {
  const mistakes = new Mistakes();
  const behindProxy = random() < 0.4;
  const { clock, log } = serviceDeps(mistakes);
  await using listener = await listenWire({
    host: '127.0.0.1',
    port: 0,
    tls: certificate,
    ...(behindProxy && { proxyFrom: ['127.0.0.1'] }),
    clock,
    log,
    accept: () => ({ receive() {}, drain: () => undefined, onClose() {} }),
  });
  hello ??= clientHello();
  const opening = await hello;
  const header = behindProxy || random() < 0.1 ? proxyHeader(random) : new Uint8Array(0);
  const damaged = Uint8Array.of(...header, ...(random() < 0.7 ? mutate(random, opening) : bytes(random, 40)));
  const peer = new RawPeer(listener.port);
  for (const piece of pieces(random, damaged)) peer.say(piece);
  await peer.end();
  if (!behindProxy) await within('a TLS handshake', handshake(listener.port));
  mistakes.expectNone();
};

async function handshake(port: number): Promise<void> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.destroy();
}

/** By name. */
export const netTargets: Readonly<Record<string, Target>> = {
  'net:proxy-header': proxyTarget,
  'net:tls': tlsTarget,
};
