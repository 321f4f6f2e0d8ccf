import { ConfigError, parseConfig } from '@sv2kit/daemon';
import { createJdClient, jdClientConfig } from '@sv2kit/jd-client';
import { createMiningDevice, miningDeviceConfig } from '@sv2kit/mining-device';
import { formatUrl } from '@sv2kit/noise';
import { createTemplateProvider, templateProviderConfig } from '@sv2kit/template-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPoolWithJds, poolWithJdsConfig } from '../../src/compose/pool-with-jds.ts';
import { Node } from '../node.ts';
import { ownFolder, quoted, startRole } from '../roles-here.ts';

const PAYOUT = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
/** Easy enough for a device that leaves the machine to others: some thousand hashes a share, every one a block. */
const EASY = `[mining]
min_difficulty = 0.000001
max_difficulty = 0.000001
`;

let node: Node;
beforeAll(async () => {
  node = await Node.start();
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());

const urlOf = ({
  address,
  authorityPublicKey,
}: Pick<Awaited<ReturnType<typeof createJdClient>>, 'address' | 'authorityPublicKey'>) =>
  quoted(formatUrl({ ...address, authority: authorityPublicKey }));
const nodeLines = (): string => `url = ${quoted(node.rpcUrl)}
cookie_file = ${quoted(node.cookieFile)}`;

function startTemplateProvider() {
  const { dataDir, identity } = ownFolder(node.folder);
  const toml = `listen = "127.0.0.1:0"\nchain = "regtest"\n${dataDir}\n[identity]\n${identity}\n[[nodes]]\n${nodeLines()}`;
  return startRole('template-provider', templateProviderConfig, toml, createTemplateProvider);
}

function startPoolWithJds(templates: string) {
  const [pool, jds] = [ownFolder(node.folder), ownFolder(node.folder)];
  const toml = `[pool]
listen = "127.0.0.1:0"
chain = "regtest"
${pool.dataDir}
[pool.identity]
${pool.identity}
[pool.coinbase]
address = ${quoted(PAYOUT)}
${EASY.replace('[mining]', '[pool.mining]')}
[[pool.template_providers]]
url = ${templates}
[jd_server]
listen = "127.0.0.1:0"
chain = "regtest"
${jds.dataDir}
[jd_server.identity]
${jds.identity}
[jd_server.coinbase]
address = ${quoted(PAYOUT)}
[jd_server.job_declaration]
token_key_file = ${quoted(`${node.folder}/job-tokens.key`)}
[[jd_server.nodes]]
${nodeLines()}
`;
  return startRole('pool-with-jds', poolWithJdsConfig, toml, createPoolWithJds);
}

function startJdClient(templates: string, poolUrl: string, jdsUrl: string) {
  const { dataDir, identity } = ownFolder(node.folder);
  const toml = `listen = "127.0.0.1:0"
chain = "regtest"
${dataDir}
[identity]
${identity}
[coinbase]
descriptor = "raw(51)"
${EASY}
[[template_providers]]
url = ${templates}
[[upstreams]]
pool_url = ${poolUrl}
jds_url = ${jdsUrl}
user_identity = "alice"
payout_address = ${quoted(PAYOUT)}
`;
  return startRole('jd-client', jdClientConfig, toml, createJdClient);
}

test('a pool and its job declarator server in one process pay for a declared job, and its block goes from one to the other', async () => {
  await using provider = await startTemplateProvider();
  const templates = urlOf(provider.service);
  await using both = await startPoolWithJds(templates);
  const { pool, jdServer } = both.service;
  await using client = await startJdClient(templates, urlOf(pool), urlOf(jdServer));
  await client.lines.until('mining for a pool');
  const device = `threads = 1
throttle = 5000
channel = "standard"
user_identity = "rig"
[[upstreams]]
url = ${urlOf(client.service)}
`;
  await using _device = await startRole('mining-device', miningDeviceConfig, device, createMiningDevice);
  const { hash } = await both.lines.until('block found', { role: 'pool', path: 'declared-full-template' });
  expect(await both.lines.until('block status', { hash, by: 'job-declarator' })).toMatchObject({ status: 'submitted' });
  expect(both.service.status?.()).toMatchObject({
    pool: { blocks: [{ path: 'declared-full-template', userIdentity: 'alice' }] },
    jdServer: { declarations: { outcomes: { declared: expect.any(Number) } } },
  });
  const names = both.health.report().conditions.map(({ name }) => name);
  expect(names).toContain('pool.templates');
  expect(names).toContain('jd-server.ledger');
}, 60_000);

describe('its configuration', () => {
  const parse = (toml: string) => parseConfig(poolWithJdsConfig, toml, { name: 'pool-with-jds' });
  const right = `[pool.coinbase]
address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
[[pool.template_providers]]
url = "stratum2+tcp://127.0.0.1:8442"
[jd_server.coinbase]
descriptor = "raw(0014751e76e8199196d454941c45d1b3a323f1433bd6)"
[jd_server.job_declaration]
token_key_file = "key"
`;

  test('is read, the payout compared by what it pays to', () => {
    expect(parse(right)).toMatchObject({ pool: { chain: 'mainnet' }, jdServer: { listen: { port: 3337 } } });
  });

  test.each([
    ['[pool]\nchain = "testnet"\n', 'pool.coinbase.address: cannot be paid on testnet'],
    ['[jd_server]\nchain = "signet"\n', 'jd_server.chain: is not the same as pool.chain'],
    ['[pool.job_declaration]\nleast_payout_share = 0.9\n', 'jd_server.job_declaration.least_payout_share: is not the'],
    ['[pool.job_declaration]\nrequired_outputs = ["51"]\n', 'jd_server.job_declaration.required_outputs: is not the'],
    ['[pool.job_declaration]\ntoken_key_file = "x"\n', 'pool.job_declaration.token_key_file: is not needed'],
  ])('that is wrong is told by its table: %j', (lines, words) => {
    expect(() => parse(`${lines}${right}`)).toThrow(ConfigError);
    expect(() => parse(`${lines}${right}`)).toThrow(words);
  });

  test('that says no more than the example is told what is missing, in the words of one process', () => {
    const bare = '[[pool.template_providers]]\nurl = "stratum2+tcp://127.0.0.1:8442"\n';
    for (const words of [
      'pool.coinbase: needs either an address or a descriptor',
      'jd_server.coinbase: needs either an address or a descriptor',
      'jd_server.job_declaration.token_key_file: is missing: the key that tokens are sealed with',
    ]) {
      expect(() => parse(bare)).toThrow(ConfigError);
      expect(() => parse(bare)).toThrow(words);
    }
    expect(() => parse(bare)).not.toThrow('is not the same');
  });

  test('of another payout too', () => {
    expect(() => parse(right.replace('raw(0014', 'raw(0015').replace('bd6)', 'bd6aa)'))).toThrow(
      'jd_server.coinbase: is not the same as pool.coinbase',
    );
  });
});

test('an address that is taken is told by its table', async () => {
  await using provider = await startTemplateProvider();
  await using both = await startPoolWithJds(urlOf(provider.service));
  const { port } = both.service.jdServer.address;
  const [pool, jds] = [ownFolder(node.folder), ownFolder(node.folder)];
  const toml = `[pool]
listen = "127.0.0.1:0"
${pool.dataDir}
[pool.identity]
${pool.identity}
[pool.coinbase]
descriptor = "raw(51)"
[[pool.template_providers]]
url = "stratum2+tcp://127.0.0.1:8442"
[jd_server]
listen = "127.0.0.1:${port}"
${jds.dataDir}
[jd_server.identity]
${jds.identity}
[jd_server.coinbase]
descriptor = "raw(51)"
[jd_server.job_declaration]
token_key_file = ${quoted(`${node.folder}/job-tokens.key`)}
`;
  await expect(startRole('pool-with-jds', poolWithJdsConfig, toml, createPoolWithJds)).rejects.toThrow(
    `jd_server.listen: 127.0.0.1:${port} is taken by another process`,
  );
}, 60_000);
