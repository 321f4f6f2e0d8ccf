import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, parseConfig, serviceExample } from '@sv2kit/daemon';
import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import { expect, onTestFinished, test } from 'vitest';
import { translatorToV1Config } from '../src/index.ts';
import { HashrateGauge } from '../src/to-v1/hashrate-gauge.ts';
import { listedPools, sessionOf } from '../src/to-v1/pools.ts';
import { selfSigned } from '../../../packages/net/test/certificates.ts';

const POOL = '[[upstreams]]\nurl = "stratum+tcp://pool.example:3333"\nuser = "account"\n';
const EXAMPLE = fileURLToPath(new URL('../example-to-v1.toml', import.meta.url));
const read = (toml: string) => parseConfig(translatorToV1Config, toml, { name: 'translator-to-v1' });

function problems(toml: string): readonly string[] {
  try {
    read(toml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, wrong }) => `${key}: ${wrong}`);
    throw error;
  }
  return [];
}

test('the example file is what the declaration says', () => {
  const example = serviceExample({ name: 'translator-to-v1', config: translatorToV1Config });
  expect(readFileSync(EXAMPLE, 'utf8')).toBe(example);
});

test('a pool and a user is all that must be said', () => {
  expect(read(POOL)).toMatchObject({
    listen: { host: '127.0.0.1', port: 34275 },
    upstreams: [{ url: { host: 'pool.example', port: 3333, tls: false }, user: 'account' }],
    pool: { versionMask: '1fffe000', nameWorkers: false, reconnectHosts: [] },
    extranonce: { room: 2 },
    outage: { keepWorking: 60 },
  });
});

test.each([
  ['no pool', '', /^upstreams/],
  ['no user', '[[upstreams]]\nurl = "stratum+tcp://pool.example:3333"\n', /^upstreams\[0\]\.user/],
  ['an empty user', POOL.replace('account', ''), /^upstreams\[0\]\.user: is empty/],
  [
    'a URL for a host',
    `${POOL}[pool]\nreconnect_hosts = ["a.example", "http://x"]`,
    /^pool\.reconnect_hosts: .*host name/,
  ],
  [
    'certificates that are not there',
    `${POOL.replace('tcp', 'ssl')}ca_file = "/nowhere.pem"`,
    /^upstreams\[0\]\.ca_file: cannot be read/,
  ],
  [
    'certificates that are none',
    `${POOL.replace('tcp', 'ssl')}ca_file = "${EXAMPLE}"`,
    /^upstreams\[0\]\.ca_file: .*certificate/,
  ],
  ['a V2 pool', POOL.replace('stratum+tcp', 'stratum2+tcp'), /^upstreams\[0\]\.url: .*Stratum V2/],
  ['a mask that is none', `${POOL}[pool]\nversion_mask = "xyz"`, /^pool\.version_mask: .*hexadecimal/],
  ['more refusals than shares', `${POOL}[outage]\nrefused_shares = 30`, /^outage\.refused_shares: is above of_last/],
  ['easiest above hardest', `${POOL}[mining]\nmin_difficulty = 2\nmax_difficulty = 1`, /^mining\.min_difficulty/],
])('%s is wrong in the words of the configuration', (_, toml, wrong) => {
  expect(problems(toml)).toEqual([expect.stringMatching(wrong)]);
});

test('a pool that is listed under two users is two pools, each with its own session', () => {
  const config = read(`${POOL}password = "d=1024"\n${POOL.replace('"account"', '"other"')}`);
  const [first, second] = listedPools(config.upstreams);
  if (first === undefined || second === undefined) throw new Error('two pools are listed');
  expect([first.name, second.name]).toEqual(['pool.example:3333', 'pool.example:3333 #2']);
  const sessions = new Map([[second.name, 'abcd']]);
  expect(sessionOf(first.endpoint, first, config, sessions)).toMatchObject({ username: 'account', password: 'd=1024' });
  expect(sessionOf(first.endpoint, first, config, sessions)).not.toHaveProperty('session');
  expect(sessionOf(second.endpoint, second, config, sessions)).toMatchObject({
    username: 'other',
    password: 'x',
    session: 'abcd',
    versionMask: 0x1fffe000,
  });
});

test("a pool's own certificates are read where it is spoken to by TLS", () => {
  const file = join(mkdtempSync(join(tmpdir(), 'translator-ca-')), 'ca.pem');
  onTestFinished(() => rmSync(dirname(file), { recursive: true }));
  writeFileSync(file, selfSigned().cert);
  const secure = POOL.replace('stratum+tcp', 'stratum+ssl');
  const endpoints = (toml: string) => listedPools(read(toml).upstreams).map(({ endpoint }) => endpoint.tls);
  expect(endpoints(POOL + secure)).toEqual([false, true]);
  expect(endpoints(`${secure}ca_file = "${file}"`)).toEqual([{ ca: readFileSync(file, 'utf8') }]);
  expect(endpoints(`${POOL}ca_file = "${file}"`)).toEqual([false]);
  expect(() => endpoints(`${secure}ca_file = "/nowhere.pem"`)).toThrow(ConfigError);
});

test('the hashrate of devices is what their shares show; what a channel states counts in bounds, until shares show more', () => {
  const gauge = new HashrateGauge(0);
  gauge.expect(1e30);
  expect(gauge.hashrate).toBe(1e15);
  expect(gauge.look(4_999)).toBe(false);
  gauge.add(100);
  expect(gauge.look(5_000)).toBe(true);
  expect(gauge.hashrate).toBe(0.75 * 1e15);
  for (let nowMs = 10_000; nowMs <= 600_000; nowMs += 5_000) {
    gauge.add(5);
    gauge.look(nowMs);
  }
  expect(gauge.hashrate).toBeCloseTo(HASHES_PER_DIFFICULTY, 0);
});
