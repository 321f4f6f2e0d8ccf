import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig, readCertificateFile, serviceConfig } from '@sv2kit/daemon';
import { miningDeviceConfig } from '@sv2kit/mining-device';
import { verifyCertificate } from '@sv2kit/noise';
import { poolConfig } from '@sv2kit/pool';
import { templateProviderConfig } from '@sv2kit/template-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLayout } from '../../src/stack/layout.ts';
import { paceOf } from '../../src/stack/pacing.ts';
import {
  miningDeviceToml,
  planDevices,
  poolToml,
  type StackParts,
  templateProviderToml,
} from '../../src/stack/role-configs.ts';
import { entryOf } from '../../src/stack/role.ts';
import { createStackKeys } from '../../src/stack/stack-keys.ts';

const NOW_MS = 1_700_000_000_000;
let folder = '';
let parts: StackParts;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit stack "'));
  const layout = await createLayout(folder, 'signet');
  parts = {
    layout,
    node: {
      chain: 'signet',
      rpcUrl: 'http://127.0.0.1:39000',
      cookieFile: join(layout.bitcoind, 'signet', '.cookie'),
      zmqHashBlock: 'tcp://127.0.0.1:39001',
    },
    ports: {
      templateProvider: 8442,
      pool: 3336,
      monitoring: new Map([
        ['pool', 9080],
        ['template-provider', 9081],
        ['device-1', 9082],
      ]),
    },
    keys: createStackKeys(layout.keys, ['template-provider', 'pool'], NOW_MS),
    pace: paceOf('signet', 0.001_126_515_290_698_186, 2),
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load<T>(name: string, config: Config<T>, toml: string) {
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, toml);
  return loadConfig(serviceConfig(config), { name, file, environment: {}, workingFolder: folder });
}

describe('what the stack writes for its roles is a configuration of theirs', () => {
  test('the template provider', () => {
    expect(load('template-provider', templateProviderConfig, templateProviderToml(parts))).toMatchObject({
      listen: { host: '127.0.0.1', port: 8442 },
      monitoring: { host: '127.0.0.1', port: 9081 },
      chain: 'signet',
      nodes: [{ url: 'http://127.0.0.1:39000', zmqHashBlock: 'tcp://127.0.0.1:39001' }],
    });
  });

  test('the template provider, at a node without ZMQ', () => {
    const { zmqHashBlock: _, ...node } = parts.node;
    const { nodes } = load('template-provider', templateProviderConfig, templateProviderToml({ ...parts, node }));
    expect(nodes[0]?.zmqHashBlock).toBeUndefined();
  });

  test('the pool', () => {
    const { authority } = parts.keys;
    expect(load('pool', poolConfig, poolToml(parts))).toMatchObject({
      listen: { host: '127.0.0.1', port: 3336 },
      templateProviders: [{ url: { host: '127.0.0.1', port: 8442, authority } }],
      coinbase: { address: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx' },
      nodes: [{ cookieFile: parts.node.cookieFile }],
    });
    const regtest = { ...parts, node: { ...parts.node, chain: 'regtest' as const } };
    expect(load('pool', poolConfig, poolToml(regtest)).coinbase.address).toMatch(/^bcrt1q/);
  });

  test('a device', () => {
    const [device] = planDevices(1);
    if (device === undefined) throw new Error('one device was planned');
    expect(load('mining-device', miningDeviceConfig, miningDeviceToml(parts, device))).toMatchObject({
      upstreams: [{ url: { host: '127.0.0.1', port: 3336 } }],
      userIdentity: 'stack.device-1',
      channel: 'standard',
      throttle: parts.pace.throttle,
    });
  });

  test('and the programs that read them exist', () => {
    for (const role of ['template-provider', 'pool', 'mining-device'] as const)
      expect(existsSync(entryOf(role))).toBe(true);
  });
});

test('devices open standard and extended channels by turns', () => {
  expect(planDevices(3).map(({ name, channel }) => `${name} ${channel}`)).toEqual([
    'device-1 standard',
    'device-2 extended',
    'device-3 standard',
  ]);
});

describe('keys', () => {
  test('stay the same from start to start; certificates are fresh and verify (§4.5)', () => {
    const before = readFileSync(join(parts.layout.keys, 'pool.key'), 'utf8');
    const again = createStackKeys(parts.layout.keys, ['template-provider', 'pool'], NOW_MS + 1_000);
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
