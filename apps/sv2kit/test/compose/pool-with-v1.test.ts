import { once } from 'node:events';
import { createConnection } from 'node:net';
import { decodePayload, HEADER_SIZE, mining, readHeader } from '@sv2kit/codec';
import { parseConfig, type ServiceDeps } from '@sv2kit/daemon';
import { createMiningDevice, miningDeviceConfig } from '@sv2kit/mining-device';
import { Connections, type ConnectionView, type WireMessageView } from '@sv2kit/monitor';
import { formatUrl } from '@sv2kit/noise';
import { createTemplateProvider, templateProviderConfig } from '@sv2kit/template-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPoolWithV1, type PoolWithV1Config, poolWithV1Config } from '../../src/compose/pool-with-v1.ts';
import { Node } from '../node.ts';
import { ownFolder, quoted, startRole } from '../roles-here.ts';

const PAYOUT = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const PAGE = { offset: 0, limit: 100 };

let node: Node;
beforeAll(async () => {
  node = await Node.start();
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());

async function startTemplateProvider() {
  const { dataDir, identity } = ownFolder(node.folder);
  const toml = `listen = "127.0.0.1:0"\nchain = "regtest"\n${dataDir}\n[identity]\n${identity}\n[[nodes]]
url = ${quoted(node.rpcUrl)}
cookie_file = ${quoted(node.cookieFile)}`;
  return await startRole('template-provider', templateProviderConfig, toml, createTemplateProvider);
}

function poolToml(templates: string, more: string): string {
  const { dataDir, identity } = ownFolder(node.folder);
  return `listen = "127.0.0.1:0"
${more}
chain = "regtest"
${dataDir}
[identity]
${identity}
[coinbase]
address = ${quoted(PAYOUT)}
[mining]
min_difficulty = 0.000001
max_difficulty = 0.000001
[[template_providers]]
url = ${quoted(templates)}
`;
}

function startDevice(url: string, user: string) {
  const toml = `threads = 1\nthrottle = 5000\nuser_identity = ${quoted(user)}\n[[upstreams]]\nurl = ${quoted(url)}\n`;
  return startRole('mining-device', miningDeviceConfig, toml, createMiningDevice);
}

/** What goes over one connection from now on, until `enough`. */
function watched(connections: Connections, { id }: ConnectionView, enough: (message: WireMessageView) => boolean) {
  const { promise, resolve, reject } = Promise.withResolvers<WireMessageView>();
  const onMessage = (message: WireMessageView) => void (enough(message) && resolve(message));
  const onEnded = (reason = '') => reject(new Error(`the connection has ended: ${reason}`));
  connections.watch(id, { admits: () => true, onMessage, onEnded });
  return promise;
}

function decoded({ hex = '' }: WireMessageView) {
  const frame = new Uint8Array(Buffer.from(hex, 'hex'));
  const { extensionType, messageType } = readHeader(frame);
  const definition = mining.fromClient.find(extensionType, messageType);
  return definition && decodePayload(definition, frame.subarray(HEADER_SIZE), new Set([2]));
}

test('V1 miners of a pool are its miners, each under its own user name, and what they say can be watched', async () => {
  await using provider = await startTemplateProvider();
  const templates = formatUrl({ ...provider.service.address, authority: provider.service.authorityPublicKey });
  const connections = new Connections();
  const start = (config: PoolWithV1Config, deps: ServiceDeps) => createPoolWithV1(config, { ...deps, connections });
  await using pool = await startRole('pool', poolWithV1Config, poolToml(templates, 'listen_v1 = "127.0.0.1:0"'), start);
  const url = `stratum+tcp://127.0.0.1:${pool.service.v1Address?.port}`;
  await using _alice = await startDevice(url, 'alice.rig');
  await using _bob = await startDevice(url, 'bob');
  await pool.lines.until('block found', { user: 'alice.rig' });
  await pool.lines.until('block found', { user: 'bob' });

  const api = pool.service.api?.() ?? {};
  const channels = await api.channels?.(PAGE);
  expect(channels?.items.map(({ user, worker }) => [user, worker]).toSorted()).toEqual([
    ['alice', 'rig'],
    ['bob', ''],
  ]);
  const peers = (await api.peers?.(PAGE))?.items ?? [];
  expect(peers.filter(({ part }) => part === 'v1').map(({ protocol }) => protocol)).toEqual(['v1', 'v1']);

  const all = connections.list(PAGE).items;
  expect(all.map(({ part, protocol, direction }) => [part, protocol, direction].join(' ')).toSorted()).toEqual([
    ' mining in',
    ' template-distribution out',
    'v1 mining out',
    'v1 v1 in',
    'v1 v1 in',
  ]);
  const fromMiner = all.find(({ protocol }) => protocol === 'v1');
  const toPool = all.find(({ protocol, direction }) => protocol === 'mining' && direction === 'in');
  if (fromMiner === undefined || toPool === undefined) throw new Error('both have just been listed');
  const [submit, share] = await Promise.all([
    watched(connections, fromMiner, ({ line }) => line?.includes('mining.submit') === true),
    watched(connections, toPool, (message) => message.direction === 'received'),
  ]);
  expect(JSON.parse(submit.line ?? '')).toMatchObject({ method: 'mining.submit' });
  expect(decoded(share)).toMatchObject({ type: 'SubmitSharesExtended' });
}, 60_000);

test('a pool without listen_v1 has no such port, and one that is taken is told by its key', async () => {
  const templates = 'stratum2+tcp://127.0.0.1:9/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
  await using first = await startRole('pool', poolWithV1Config, poolToml(templates, ''), createPoolWithV1);
  expect(first.service.v1Address).toBeUndefined();
  const { port } = first.service.address;
  const again = startRole(
    'pool',
    poolWithV1Config,
    poolToml(templates, `listen_v1 = "127.0.0.1:${port}"`),
    createPoolWithV1,
  );
  await expect(again).rejects.toThrow(`listen_v1: 127.0.0.1:${port} is taken by another process`);
}, 60_000);

test('limits that are changed while it runs are those of the port for V1 miners too', async () => {
  const templates = 'stratum2+tcp://127.0.0.1:9/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
  const toml = poolToml(templates, 'listen_v1 = "127.0.0.1:0"');
  await using pool = await startRole('pool', poolWithV1Config, toml, createPoolWithV1);
  const config = parseConfig(poolWithV1Config, toml, { name: 'pool' });
  const apply = await pool.service.reload?.({ ...config, limits: { ...config.limits, connections: 1 } });
  apply?.();
  const { host, port } = pool.service.v1Address ?? { host: '', port: 0 };
  const first = createConnection(port, host);
  await once(first, 'connect');
  const second = createConnection(port, host);
  await once(second, 'error');
  expect(first.closed).toBe(false);
  first.destroy();
}, 60_000);

test('a pool that wants a PROXY header of this machine cannot have its own translator', () => {
  const templates = 'stratum2+tcp://127.0.0.1:9/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
  const parse = (more: string) => parseConfig(poolWithV1Config, poolToml(templates, more), { name: 'pool' });
  expect(() => parse('listen_v1 = "127.0.0.1:0"\nproxy_protocol = ["127.0.0.0/8"]')).toThrow('listen_v1');
  expect(parse('listen_v1 = "127.0.0.1:0"\nproxy_protocol = ["10.0.0.0/8"]').listenV1?.port).toBe(0);
});
