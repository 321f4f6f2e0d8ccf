import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { selfSigned } from './certificates.ts';
import { until } from './peers.ts';
import { fromIpv4, fromIpv6, header } from './proxy-headers.ts';
import { type Talk, type WireStage, wireStage } from './wires.ts';

const GARBAGE = Uint8Array.of(0x17, 3, 3, 0, 40, ...Array<number>(40).fill(9));
const HEADS = [
  new Uint8Array(0),
  fromIpv4('198.51.100.7'),
  fromIpv4('198.51.100.8'),
  fromIpv6([1, 2, 3, 4, 5, 6, 7, 8]),
  header({ command: 0x20, kind: 0 }),
  header({ kind: 0x31, addresses: Array<number>(216).fill(7) }),
  header({ command: 0x2f }),
];
/** What one side does once the connection stands, as far as it does. */
const DEEDS: Record<string, (client: Socket | TLSSocket, raw: Socket, server: Talk | undefined) => void> = {
  nothing: () => {},
  'breaks TLS': (_, raw) => raw.write(GARBAGE),
  'ends TCP under TLS': (_, raw) => raw.end(),
  'ends TLS': (client) => client.end(),
  'is ended': (_, __, server) => server?.connection.end('done'),
  'is destroyed': (_, __, server) => server?.connection.destroy('done'),
  'is ended while it is heard': (client, _, server) => {
    if (server !== undefined) server.react = () => server.connection.end('done');
    client.write('x');
  },
  'meets a mistake of ours': (client, _, server) => {
    const fail = () => {
      throw new Error('oops');
    };
    if (server !== undefined) server.react = fail;
    client.write('x');
  },
};
const visit = fc.record({
  head: fc.constantFrom(...HEADS),
  cut: fc.nat(30),
  tls: fc.boolean(),
  ready: fc.boolean(),
  deed: fc.constantFrom(...Object.keys(DEEDS)),
  leaves: fc.constantFrom('end', 'destroy', 'resetAndDestroy'),
});
type Visit = typeof visit extends fc.Arbitrary<infer T> ? T : never;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A client that has been answered, or turned away. */
async function come(scene: WireStage, { head, cut, tls }: Visit): Promise<{ raw: Socket; client: Socket | TLSSocket }> {
  const raw = await scene.raw(head.subarray(0, cut));
  await turn();
  if (!raw.destroyed) raw.write(head.subarray(cut));
  const client = tls && !raw.destroyed ? connectTls({ socket: raw, rejectUnauthorized: false }) : raw;
  client.on('error', () => {});
  if (!client.destroyed) client.write('hello');
  if (!client.closed) await Promise.race([once(client, 'data'), once(client, 'close'), many(turn, 20)]).catch(() => {});
  return { raw, client };
}

async function many(step: () => Promise<unknown>, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await step();
}

test('whoever comes and however it ends, the counts of connections and handshakes return to zero (LIMITS)', async () => {
  const proxyFrom = ['127.0.0.0/8'];
  const tls = selfSigned();
  const limits = { connections: 4, handshakes: 3, connectionsPerAddress: 2, exempt: ['198.51.100.8'] };
  const kinds = [{}, { tls }, { proxyFrom }, { proxyFrom, tls }];
  const scenes = await Promise.all(kinds.map((kind) => wireStage({ ...kind, limits })));
  const visits = fc.array(visit, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...scenes), visits, async (scene, all) => {
      const play = async (each: Visit) => {
        const { raw, client } = await come(scene, each).catch(() => ({ raw: undefined, client: undefined }));
        if (raw === undefined) return;
        const server = scene.servers.at(-1);
        if (each.ready) server?.connection.markReady();
        if (!client.destroyed) DEEDS[each.deed]?.(client, raw, server);
        await turn();
        raw[each.leaves as 'end']();
        await many(turn, 5);
        raw.destroy();
      };
      await Promise.all(all.map(play));
      await until(() => scene.listener.connections === 0);
      expect(scene.listener.handshakes).toBe(0);
    }),
    { numRuns: 100 },
  );
  const outcomes = scenes.flatMap(({ counts }) => Object.keys(counts.counts));
  expect(outcomes).toEqual(expect.arrayContaining(['closed done', 'closed peer-closed', 'refused tls-expected']));
  for (const scene of scenes) await scene[Symbol.asyncDispose]();
});
