import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configuredRoles } from '../../src/config/configured-roles.ts';
import { MONITORING_PORTS } from '../../src/config/ports.ts';
import { call } from '../scene.ts';
import { ADDRESS, workplace } from './scene.ts';

/** `init` of a role in a folder; what it printed. */
async function init(folder: string, role: string, ...more: readonly string[]): Promise<string> {
  const { code, out, error } = await call(['config', 'init', role, '--out', join(folder, `${role}.toml`), ...more]);
  expect([role, code, error]).toEqual([role, 0, '']);
  return out;
}

const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');
const keyIn = (out: string) => /public key (\w+)/.exec(out)?.[1];

describe('a configuration that was just written', () => {
  test.each(configuredRoles.filter(({ name }) => name !== 'translator-to-v1'))(
    'starts as it is: $name',
    async ({ name }) => {
      const folder = workplace('regtest');
      const upstream = ['translator', 'mining-device'].includes(name)
        ? ['--upstream', 'stratum2+tcp://127.0.0.1:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh']
        : [];
      const out = await init(folder, name, '--chain', 'regtest', '--address', ADDRESS.regtest, ...upstream);
      expect(out).not.toContain('Still to be done');
      const file = join(folder, `${name}.toml`);
      expect(await call(['config', 'check', file])).toEqual({ code: 0, out: `${file}: ok, a ${name}\n`, error: '' });
    },
  );

  test('says commands that a shell reads as they are meant', async () => {
    const folder = join(workplace('regtest'), "a miner's own");
    const out = await init(folder, 'pool', '--chain', 'regtest', '--address', ADDRESS.regtest);
    const file = `'${join(folder, 'pool.toml').replace("'", "'\\''")}'`;
    expect(out).toContain(`Then:\n  sv2kit config check ${file}\n  sv2kit pool --config ${file}\n`);
  });

  test('says what is still missing, and nothing else', async () => {
    const folder = workplace('regtest');
    expect(await init(folder, 'pool', '--chain', 'regtest')).toMatch(
      /Still to be done before it starts:\n {2}coinbase: needs either an address or a descriptor.*\n\nThen:/,
    );
    expect(await init(folder, 'translator-to-v1')).toMatch(
      /\n {2}upstreams\[0\]\.url: .*\n {2}upstreams\[0\]\.user: .*\n\n/,
    );
  });

  test('fits those that stand in the same folder', async () => {
    const folder = workplace('signet');
    await init(folder, 'template-provider', '--chain', 'signet', '--listen', '127.0.0.1:8555');
    await init(folder, 'jd-server', '--address', ADDRESS.signet);
    for (const role of ['pool', 'jd-client']) await init(folder, role, '--address', ADDRESS.signet);
    for (const role of ['translator', 'mining-device', 'dashboard']) await init(folder, role);
    expect(read(folder, 'pool.toml')).toContain('stratum2+tcp://127.0.0.1:8555/');
    expect(read(folder, 'pool.toml')).toContain('chain = "signet"');
    expect(read(folder, 'translator.toml')).toContain('stratum2+tcp://127.0.0.1:34265/');
    const files = ['template-provider', 'jd-server', 'pool', 'jd-client', 'translator', 'mining-device', 'dashboard'];
    const { code, error } = await call(['config', 'check', ...files.map((name) => join(folder, `${name}.toml`))]);
    expect([code, error]).toEqual([0, '']);
  });

  test('that a pool beside it does not know of yet says so', async () => {
    const folder = workplace('regtest');
    await init(folder, 'pool', '--address', ADDRESS.regtest);
    expect(await init(folder, 'jd-server')).toContain('pool.toml: [job_declaration]');
    expect(read(folder, 'jd-server.toml')).toContain(`address = "${ADDRESS.regtest}"`);
  });
});

test('data is kept beside the file, or where it is said', async () => {
  const folder = workplace('regtest');
  await init(folder, 'solo', '--address', ADDRESS.regtest);
  expect(read(folder, 'solo.toml')).toContain('data_dir = "solo-data"');
  await init(folder, 'pool-with-jds', '--address', ADDRESS.regtest, '--data', '/srv/mining');
  const folders = read(folder, 'pool-with-jds.toml').match(/data_dir = .*/g);
  expect(folders).toEqual(['data_dir = "/srv/mining/pool"', 'data_dir = "/srv/mining/jd-server"']);
});

test('services that share a key of tokens are given one where they may write', async () => {
  const folder = workplace('regtest');
  await init(folder, 'jd-server', '--address', ADDRESS.regtest, '--data', '/var/lib/sv2kit');
  await init(folder, 'pool', '--address', ADDRESS.regtest, '--data', '/var/lib/sv2kit');
  for (const name of ['jd-server.toml', 'pool.toml'])
    expect(read(folder, name)).toContain('token_key_file = "/var/lib/sv2kit/shared/job-tokens.key"');
});

describe('what is there', () => {
  test('is not overwritten, and with --force the key still is not', async () => {
    const folder = workplace('regtest');
    const file = join(folder, 'pool.toml');
    const made = await init(folder, 'pool', '--address', ADDRESS.regtest);
    const before = read(folder, 'pool.toml');
    expect(await call(['config', 'init', 'pool', '--out', file])).toMatchObject({
      code: 1,
      error: `sv2kit config: ${file} is there already and is not overwritten; --force does\n`,
    });
    expect(read(folder, 'pool.toml')).toBe(before);
    const again = await init(folder, 'pool', '--force', '--address', ADDRESS.regtest, '--listen', '0.0.0.0:1');
    expect(read(folder, 'pool.toml')).toContain('listen = "0.0.0.0:1"');
    expect(keyIn(again)).toBe(keyIn(made));
    expect(statSync(join(folder, 'authority.key')).mode & 0o777).toBe(0o600);
  });

  test('and cannot be used as a key is said, and nothing is written', async () => {
    const folder = workplace('regtest');
    writeFileSync(join(folder, 'authority.key'), 'static-secret 00\n');
    const { code, error } = await call(['config', 'init', 'pool', '--out', join(folder, 'pool.toml')]);
    expect([code, error]).toEqual([1, expect.stringContaining('holds the static-secret of something')]);
    expect(existsSync(join(folder, 'pool.toml'))).toBe(false);
  });
});

describe('the node', () => {
  test('is where Bitcoin Core keeps it, and a password is kept in a file of its own', async () => {
    const folder = workplace('regtest');
    writeFileSync(join(folder, '.bitcoin', 'regtest', '.cookie'), '__cookie__:x');
    const out = await init(folder, 'template-provider');
    expect(out).toContain('chain      regtest, whose node is here');
    const text = read(folder, 'template-provider.toml');
    expect(text).toContain(`cookie_file = "${join(folder, '.bitcoin', 'regtest', '.cookie')}"`);
    expect(text).not.toContain('ipc =');
    const secret = workplace('regtest');
    await init(secret, 'template-provider', '--chain', 'regtest', '--node', 'http://u:hunter2@127.0.0.1:9');
    expect(read(secret, 'template-provider.toml')).toContain('password = "file:rpc-password"');
    expect(read(secret, 'template-provider.toml')).not.toContain('hunter2');
    expect(statSync(join(secret, 'rpc-password')).mode & 0o777).toBe(0o600);
  });

  test('may be named by its socket alone, and no RPC is made up for it', async () => {
    const folder = workplace('regtest');
    await init(folder, 'template-provider', '--chain', 'regtest', '--node', join(folder, 'node.sock'));
    const text = read(folder, 'template-provider.toml');
    expect(text).toContain(`ipc = "${join(folder, 'node.sock')}"`);
    expect(text).not.toContain('url =');
  });
});

test.each([
  [['config', 'init'], 'sv2kit config: the ROLE is missing: one of '],
  [['config', 'init', 'pol'], "sv2kit config: there is no role 'pol'; did you mean 'pool'?"],
  [['config', 'init', 'pool', '--address', 'nonsense'], 'sv2kit config: --address nonsense is no address of any chain'],
  [['config', 'init', 'pool', '--listen', '3336'], 'sv2kit config: --listen 3336 is not host:port'],
  [['config', 'init', 'pool', '--chain', 'main'], 'sv2kit config: --chain main is none of mainnet, '],
  [
    ['config', 'init', 'pool', '--chain', 'signet', '--address', ADDRESS.mainnet],
    `sv2kit config: --address ${ADDRESS.mainnet} is no address of signet`,
  ],
])('%j is wrong usage, and nothing is written', async (argv, error) => {
  const folder = workplace();
  const answer = await call([...argv, '--out', join(folder, 'x.toml')]);
  expect([answer.code, answer.error.slice(0, error.length)]).toEqual([2, error]);
  expect(existsSync(join(folder, 'x.toml'))).toBe(false);
  expect(existsSync(join(folder, 'authority.key'))).toBe(false);
});

test('each role is monitored at a port of its own, where the dashboard looks', () => {
  const ports = Object.values(MONITORING_PORTS);
  expect(Object.keys(MONITORING_PORTS).toSorted()).toEqual(configuredRoles.map(({ name }) => name).toSorted());
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports.every((port) => port >= 9080 && port <= 9099)).toBe(true);
});
