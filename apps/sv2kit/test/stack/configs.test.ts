import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig, readCertificateFile, serviceConfig } from '@sv2kit/daemon';
import { jdServerConfig } from '@sv2kit/jd-server';
import { miningDeviceConfig } from '@sv2kit/mining-device';
import { verifyCertificate } from '@sv2kit/noise';
import { poolConfig } from '@sv2kit/pool';
import { templateProviderConfig } from '@sv2kit/template-provider';
import { translatorConfig, translatorToV1Config } from '@sv2kit/translator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLayout } from '../../src/stack/layout.ts';
import { paceOf } from '../../src/stack/pacing.ts';
import { PATHS, planStack, type ServicePlan } from '../../src/stack/plan.ts';
import type { StackParts } from '../../src/stack/config-parts.ts';
import { miningDeviceToml, serviceToml } from '../../src/stack/role-configs.ts';
import { entryOf } from '../../src/stack/role.ts';
import { createStackKeys } from '../../src/stack/stack-keys.ts';

const NOW_MS = 1_700_000_000_000;
let folder = '';
let parts: StackParts;
const { services, devices } = planStack(PATHS, { v2: 2, v1: 1, v2OnV1: true });
const plan = (name: string): ServicePlan => {
  const found = services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`no ${name} is planned`);
  return found;
};
const toml = (name: string, changes: Partial<StackParts> = {}): string =>
  serviceToml({ ...parts, ...changes }, plan(name));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit stack "'));
  const layout = await createLayout(folder, 'signet');
  const node = (name: string, port: number) => ({
    chain: 'signet' as const,
    rpcUrl: `http://127.0.0.1:${port}`,
    cookieFile: join(layout.data(name), 'signet', '.cookie'),
    zmqHashBlock: `tcp://127.0.0.1:${port + 1}`,
    ipcSocket: `/run/${name}.sock`,
  });
  const names = services.map(({ name }) => name);
  parts = {
    layout,
    node: node('bitcoind', 39_000),
    minerNode: node('miner-bitcoind', 39_010),
    ports: {
      services: new Map(services.map(({ name, port }) => [name, port])),
      monitoring: new Map([...names, ...devices.map(({ name }) => name)].map((name, index) => [name, 9080 + index])),
    },
    keys: createStackKeys(layout.keys, names, NOW_MS),
    pace: paceOf('signet', 0.001_126_515_290_698_186, devices.length),
    link: 'rpc',
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load<T>(name: string, config: Config<T>, toml: string) {
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, toml);
  return loadConfig(serviceConfig(config), { name, file, environment: {}, workingFolder: folder });
}

describe('what the stack writes for its roles is a configuration of theirs', () => {
  test("the template providers, each at its side's node", () => {
    expect(load('template-provider', templateProviderConfig, toml('template-provider'))).toMatchObject({
      listen: { host: '127.0.0.1', port: 8442 },
      monitoring: { host: '127.0.0.1', port: 9080 },
      chain: 'signet',
      nodes: [{ url: 'http://127.0.0.1:39000', zmqHashBlock: 'tcp://127.0.0.1:39001' }],
    });
    expect(load('miner-templates', templateProviderConfig, toml('miner-templates'))).toMatchObject({
      listen: { port: 8443 },
      nodes: [{ url: 'http://127.0.0.1:39010', zmqHashBlock: 'tcp://127.0.0.1:39011' }],
    });
  });

  test('the template provider, at a node without ZMQ', () => {
    const { zmqHashBlock: _, ...node } = parts.node;
    const { nodes } = load('template-provider', templateProviderConfig, toml('template-provider', { node }));
    expect(nodes[0]?.zmqHashBlock).toBeUndefined();
  });

  test.each([
    ['ipc+rpc', { ipc: '/run/bitcoind.sock', url: 'http://127.0.0.1:39000', zmqHashBlock: undefined }],
    ['ipc', { ipc: '/run/bitcoind.sock', url: undefined, cookieFile: undefined }],
  ] as const)('whoever speaks to a bitcoind, over %s', (link, node) => {
    const over = { link };
    expect(load('template-provider', templateProviderConfig, toml('template-provider', over)).nodes).toMatchObject([
      node,
    ]);
    expect(load('pool', poolConfig, toml('pool', over)).nodes).toMatchObject([node]);
    expect(load('jd-server', jdServerConfig, toml('jd-server', over)).nodes).toMatchObject([node]);
  });

  test('the pool', () => {
    const { authority } = parts.keys;
    expect(load('pool', poolConfig, toml('pool'))).toMatchObject({
      listen: { host: '127.0.0.1', port: 3336 },
      templateProviders: [{ url: { host: '127.0.0.1', port: 8442, authority } }],
      coinbase: { address: 'tb1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqaqh7jw' },
      nodes: [{ cookieFile: parts.node.cookieFile }],
      jobDeclaration: { tokenKeyFile: join(parts.layout.keys, 'job-tokens.key') },
      jobDeclarators: [{ url: { host: '127.0.0.1', port: 3337, authority } }],
    });
    const node = { ...parts.node, chain: 'regtest' as const };
    expect(load('pool', poolConfig, toml('pool', { node })).coinbase.address).toMatch(/^bcrt1q/);
  });

  test('the pool without declared jobs', () => {
    const alone = planStack(['pool-template'], { v2: 1, v1: 0, v2OnV1: false }).services.map(
      ({ name, port }) => [name, port] as const,
    );
    const ports = { ...parts.ports, services: new Map(alone) };
    expect(load('pool', poolConfig, toml('pool', { ports }))).toMatchObject({ jobDeclarators: [] });
  });

  test('a device', () => {
    for (const [index, [port, channel]] of (
      [
        [3336, 'standard'],
        [3336, 'extended'],
        [34_265, 'standard'],
        [34_266, 'extended'],
        [34_267, 'standard'],
      ] as const
    ).entries()) {
      const device = devices[index];
      if (device === undefined) throw new Error('seven devices were planned');
      expect(load('mining-device', miningDeviceConfig, miningDeviceToml(parts, device))).toMatchObject({
        upstreams: [{ url: { host: '127.0.0.1', port } }],
        userIdentity: `stack.device-${index + 1}`,
        channel,
        throttle: parts.pace.throttle,
      });
    }
  });

  test('a device that speaks Stratum V1', () => {
    const device = devices[5];
    if (device === undefined) throw new Error('seven devices were planned');
    expect(load('mining-device', miningDeviceConfig, miningDeviceToml(parts, device))).toMatchObject({
      upstreams: [{ url: { version: 1, host: '127.0.0.1', port: 34_255 } }],
      userIdentity: 'stack.device-6',
      throttle: parts.pace.throttle,
    });
  });

  test('the translator, which passes the names of its miners on', () => {
    const { authority } = parts.keys;
    const { upstreams, ...rest } = load('translator', translatorConfig, toml('translator'));
    expect(rest).toMatchObject({
      listen: { host: '127.0.0.1', port: 34_255 },
      aggregateChannels: false,
      miners: { sharesPerMinute: 120, minDifficulty: 1e-6, startDifficulty: parts.pace.startDifficulty },
    });
    expect(upstreams).toEqual([{ url: expect.objectContaining({ port: 3336, authority }), userIdentity: undefined }]);
  });

  test('the translator to V1, for which the translator is a V1 pool, in the name of its device', () => {
    const { upstreams, ...rest } = load('translator-to-v1', translatorToV1Config, toml('translator-to-v1'));
    expect(rest).toMatchObject({ listen: { port: 34_256 }, mining: { sharesPerMinute: 120, minDifficulty: 1e-6 } });
    expect(upstreams).toMatchObject([{ url: { host: '127.0.0.1', port: 34_255 }, user: 'stack.device-7' }]);
    expect(devices[6]).toMatchObject({ name: 'device-7', via: 'sv2-on-v1', server: 'translator-to-v1' });
  });

  test('its device, on a standard channel', () => {
    const device = devices[6];
    if (device === undefined) throw new Error('seven devices were planned');
    expect(load('mining-device', miningDeviceConfig, miningDeviceToml(parts, device))).toMatchObject({
      upstreams: [{ url: { version: 2, host: '127.0.0.1', port: 34_256 } }],
      userIdentity: 'stack.device-7',
      channel: 'standard',
    });
  });

  test('and the programs that read them exist', () => {
    for (const role of ['template-provider', 'pool', 'translator', 'translator-to-v1', 'mining-device'] as const)
      expect(existsSync(entryOf(role))).toBe(true);
  });
});

describe('what runs', () => {
  const names = (...wanted: Parameters<typeof planStack>): string =>
    [...planStack(...wanted).services, ...planStack(...wanted).devices].map(({ name }) => name).join(' ');

  test('is what the paths need, with a device at the end of each', () => {
    const two = { v2: 2, v1: 0, v2OnV1: false };
    expect(names(['pool-template'], two)).toBe('template-provider pool device-1 device-2');
    expect(names(['pool-template', 'declared-full-template'], two)).toBe(
      'template-provider miner-templates pool jd-server jd-client device-1 device-2 device-3',
    );
    expect(names(['solo'], two)).toBe('template-provider miner-templates pool jd-client-solo device-1');
    expect(names(['coinbase-only'], two)).toBe(
      'template-provider miner-templates pool jd-server jd-client-coinbase device-1',
    );
  });

  test('has a translator for devices that speak Stratum V1', () => {
    expect(names(['pool-template'], { v2: 1, v1: 2, v2OnV1: false })).toBe(
      'template-provider pool translator device-1 device-2 device-3',
    );
    expect(names(['pool-template'], { v2: 0, v1: 1, v2OnV1: false })).toBe(
      'template-provider pool translator device-1',
    );
    expect(names(['pool-template'], { v2: 0, v1: 0, v2OnV1: true })).toBe(
      'template-provider pool translator translator-to-v1 device-1',
    );
  });

  test.each([
    [PATHS, 'pool', 'pool-template'],
    [['declared-full-template', 'solo'], 'jd-client', 'declared-full-template'],
    [['solo'], 'jd-client-solo', 'solo'],
  ] as const)('for %j has the translator at the %s, whose path its blocks have', (paths, server, path) => {
    const { services, devices } = planStack(paths, { v2: 2, v1: 1, v2OnV1: false });
    expect(services.at(-1)).toMatchObject({ name: 'translator', server });
    expect(devices.at(-1)).toMatchObject({ via: 'sv1', server: 'translator', path });
  });

  test('has standard and extended channels by turns', () => {
    expect(planStack(PATHS, { v2: 3, v1: 1, v2OnV1: false }).devices.map(({ via, path }) => `${via} ${path}`)).toEqual([
      'sv2-standard pool-template',
      'sv2-extended pool-template',
      'sv2-standard pool-template',
      'sv2-extended declared-full-template',
      'sv2-standard coinbase-only',
      'sv2-extended solo',
      'sv1 pool-template',
    ]);
  });
});

describe('keys', () => {
  test('stay the same from start to start; certificates are fresh and verify (§4.5)', () => {
    const before = readFileSync(join(parts.layout.keys, 'pool.key'), 'utf8');
    const again = createStackKeys(parts.layout.keys, ['pool'], NOW_MS + 1_000);
    expect(again.authority).toEqual(parts.keys.authority);
    expect(readFileSync(join(parts.layout.keys, 'pool.key'), 'utf8')).toBe(before);
    const { certificate, staticPublicKey } = readCertificateFile(join(parts.layout.keys, 'pool.cert'));
    verifyCertificate(certificate, staticPublicKey, again.authority, NOW_MS / 1_000);
  });

  test('can be read by their owner only', () => {
    expect(statSync(join(parts.layout.keys, 'authority.key')).mode & 0o077).toBe(0);
  });
});

describe('the pace', () => {
  test.each([1, 2, 8])('on signet is a block in three seconds with %i devices, and shares are many', (devices) => {
    const difficulty = 0.001_126_515_290_698_186;
    const { throttle, sharesPerMinute } = paceOf('signet', difficulty, devices);
    const secondsPerBlock = (difficulty * 2 ** 32) / (throttle * devices);
    expect(secondsPerBlock).toBeCloseTo(3, 1);
    expect((sharesPerMinute / 60) * devices * secondsPerBlock).toBeGreaterThanOrEqual(5.9);
  });

  test.each([1, 2, 8])('on regtest is a block in a second and a half with %i devices, each share one', (devices) => {
    const { throttle, minDifficulty, maxDifficulty } = paceOf('regtest', 4.656e-10, devices);
    expect(minDifficulty).toBe(maxDifficulty);
    expect((minDifficulty * 2 ** 32) / (throttle * devices)).toBeCloseTo(1.5, 1);
  });
});
