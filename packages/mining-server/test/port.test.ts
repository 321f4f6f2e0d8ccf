import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { address, config, parseConfig, VirtualClock } from '@sv2kit/daemon';
import { noMetrics, silentLogger } from '@sv2kit/net';
import { expect, test } from 'vitest';
import { extensionsSection, listenForMiners, minerLimitsSection, proxyProtocolField } from '../src/index.ts';
import { rig } from './support.ts';

const declared = config({
  listen: address('127.0.0.1:0', 'Where miners connect.'),
  proxyProtocol: proxyProtocolField,
  extensions: extensionsSection,
  limits: minerLimitsSection,
});
const read = (toml: string) => parseConfig(declared, toml, { name: 'test' });

/** "TCP over IPv4 from 198.51.100.7:4000 to 10.0.0.9:3336", PROXY protocol version 2. */
const HEADER = Buffer.from('0d0a0d0a000d0a515549540a2111000cc63364070a0000090fa00d08', 'hex');

async function port(toml: string) {
  const events: string[] = [];
  const note = (what: string) => ({
    inc: (labels: Readonly<Record<string, string>> = {}) =>
      void events.push([what, ...Object.values(labels)].join(' ')),
  });
  const listener = await listenForMiners(read(toml), {
    server: rig().server,
    identity: { current: () => expect.unreachable('nobody shakes hands here') },
    clock: new VirtualClock(),
    log: silentLogger,
    metrics: { ...noMetrics, accepted: note('accepted'), refused: note('refused') },
  });
  const sockets: Socket[] = [];
  return {
    /** What becomes of a connection that begins with these bytes. */
    async visit(bytes: Uint8Array): Promise<string | undefined> {
      const before = events.length;
      const socket = connect(listener.port, '127.0.0.1').on('error', () => {});
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write(bytes);
      while (events.length === before) await new Promise((resolve) => setImmediate(resolve));
      return events.at(-1);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await listener.close();
    },
  };
}

test('miners behind proxies are told apart by their own addresses, exempt ranges included', async () => {
  const behind = ['proxy_protocol = ["127.0.0.1"]', '[limits]', 'connections_per_address = 1'];
  await using strict = await port(behind.join('\n'));
  expect(await strict.visit(HEADER)).toBe('accepted');
  expect(await strict.visit(HEADER)).toBe('refused connections-per-address');
  expect(await strict.visit(Uint8Array.of(1, 2, 3))).toBe('refused proxy-header-missing');
  await using lenient = await port([...behind, 'exempt = ["198.51.100.0/24"]'].join('\n'));
  for (let i = 0; i < 3; i += 1) expect(await lenient.visit(HEADER)).toBe('accepted');
});

test.each(['proxy_protocol = ["balancer.example"]', '[limits]\nexempt = ["10.0.0.0/"]'])(
  'a list that cannot be read is a mistake of the configuration: %s',
  (toml) => {
    expect(() => read(toml)).toThrow(/at \[0\]: ".*" (is no IP address|has no prefix)/);
  },
);
