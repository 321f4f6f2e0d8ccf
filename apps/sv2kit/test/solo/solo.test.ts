import { type AddressInfo, createServer } from 'node:net';
import { parseConfig, processHost, runService } from '@sv2kit/daemon';
import { createMiningDevice, miningDeviceConfig } from '@sv2kit/mining-device';
import { formatUrl } from '@sv2kit/noise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCommandLine, soloHost } from '../../src/solo/command-line.ts';
import { soloConfig } from '../../src/solo/config.ts';
import { createSolo } from '../../src/solo/create.ts';
import { hashBlockAddress, lookAtRpc } from '../../src/solo/look.ts';
import { dashboardPlace } from '../../src/solo/dashboard-place.ts';
import { firstScreen, type ShownPage } from '../../src/solo/first-screen.ts';
import { Node } from '../node.ts';
import { ownFolder, quoted, startRole } from '../roles-here.ts';
import { call } from '../scene.ts';

const PAGE: ShownPage = { at: { host: '127.0.0.1', port: 8080 }, isBuilt: true };
const PAYOUT = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
let node: Node;
beforeAll(async () => {
  node = await Node.start();
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());

const toml = (more = 'listen_v1 = "none"'): string => `listen = "127.0.0.1:0"
chain = "regtest"
${ownFolder(node.folder).dataDir}
${more}
[coinbase]
address = ${quoted(PAYOUT)}
[node]
url = ${quoted(node.rpcUrl)}
cookie_file = ${quoted(node.cookieFile)}
`;

test('its block holds what was included by hand, and not what was excluded', async () => {
  await node.mine(102);
  const excluded = await node.pay(100_000n);
  const included = await node.payment(0n);
  const choose = (...argv: string[]) => call(['template', ...argv, '--node', node.rpcUrl, '--cookie', node.cookieFile]);
  expect(await choose('exclude', excluded.txid)).toMatchObject({ code: 0, error: '' });
  expect(await choose('include', included.txid, '--hex', included.hex, '--wait')).toMatchObject({ code: 0, error: '' });
  await using solo = await startRole('solo', soloConfig, toml(), createSolo);
  const { address, authorityPublicKey } = solo.service;
  const url = formatUrl({ ...address, authority: authorityPublicKey });
  const device = `threads = 1\nuser_identity = "rig"\n[[upstreams]]\nurl = ${quoted(url)}\n`;
  await using _device = await startRole('mining-device', miningDeviceConfig, device, createMiningDevice);
  const { hash } = await solo.lines.until('block found');
  await solo.lines.until('block status', { hash, status: 'confirmed' });
  const block = (await node.call('getblock', hash, 1)) as { readonly tx: readonly string[] };
  expect(block.tx.slice(1)).toEqual([included.txid]);
}, 60_000);

test('one process and a node: a device finds a block, which pays the address all there is, and matures', async () => {
  const config = toml();
  await using solo = await startRole('solo', soloConfig, config, createSolo);
  const { address, authorityPublicKey } = solo.service;
  const url = formatUrl({ ...address, authority: authorityPublicKey });
  const device = `threads = 1\nuser_identity = "rig"\n[[upstreams]]\nurl = ${quoted(url)}\n`;
  await using _device = await startRole('mining-device', miningDeviceConfig, device, createMiningDevice);
  const found = await solo.lines.until('block found');
  expect(found).toMatchObject({ role: 'jd-client', path: 'solo', user: 'rig' });
  await solo.lines.until('block status', { hash: found['hash'], status: 'confirmed' });
  const block = (await node.call('getblock', found['hash'], 2)) as {
    readonly tx: readonly {
      readonly vout: readonly { readonly value: number; scriptPubKey: { address?: string } }[];
    }[];
  };
  expect(block.tx[0]?.vout[0]).toMatchObject({ value: 50, scriptPubKey: { address: PAYOUT } });
  expect(solo.service.status?.()).toMatchObject({
    jdClient: { work: { kind: 'solo' } },
    templateProvider: { clients: 1 },
  });
  await node.call('generatetodescriptor', 100, 'raw(51)');
  await solo.lines.until('block status', { hash: found['hash'], status: 'matured' });
}, 60_000);

test('a device that speaks Stratum V1 finds a block too, and is named by it', async () => {
  await using solo = await startRole('solo', soloConfig, toml('listen_v1 = "127.0.0.1:0"'), createSolo);
  const { v1Address } = solo.service;
  const url = `stratum+tcp://127.0.0.1:${v1Address?.port}`;
  const device = `threads = 1\nuser_identity = "bitaxe"\n[[upstreams]]\nurl = ${quoted(url)}\n`;
  await using _device = await startRole('mining-device', miningDeviceConfig, device, createMiningDevice);
  const found = await solo.lines.until('block found');
  expect(found).toMatchObject({ role: 'jd-client', path: 'solo', user: 'bitaxe' });
  await solo.lines.until('block status', { hash: found['hash'], status: 'confirmed' });
  const config = { chain: 'regtest', coinbase: { address: PAYOUT, descriptor: undefined } } as Parameters<
    typeof firstScreen
  >[0];
  expect(firstScreen(config, solo.service, PAGE)).toContain(`\n  Stratum V1  ${url}\n`);
  const workers = await solo.service.api?.().workers?.({ offset: 0, limit: 10, sort: 'name' });
  expect(workers?.items.map(({ name, part }) => [name, part])).toEqual([['bitaxe', 'jd-client']]);
}, 60_000);

test('an address for V1 miners that is taken is told by its key', async () => {
  await using first = await startRole('solo', soloConfig, toml('listen_v1 = "127.0.0.1:0"'), createSolo);
  const { port = 0 } = first.service.v1Address ?? {};
  const again = startRole('solo', soloConfig, toml(`listen_v1 = "127.0.0.1:${port}"`), createSolo);
  await expect(again).rejects.toThrow(`listen_v1: 127.0.0.1:${port} is taken by another process`);
}, 60_000);

test('the key that miners know it by stays from start to start', async () => {
  const config = toml();
  const keys: string[] = [];
  for (let start = 0; start < 2; start += 1) {
    await using solo = await startRole('solo', soloConfig, config, createSolo);
    keys.push(Buffer.from(solo.service.authorityPublicKey).toString('hex'));
  }
  expect(new Set(keys).size).toBe(1);
}, 60_000);

test('a node that is away is waited for; one on another chain is refused', async () => {
  const place = { url: 'http://127.0.0.1:9', credentials: { user: 'a', password: 'b' } };
  expect(await lookAtRpc(place, 'regtest')).toEqual({ kind: 'away', reason: expect.stringContaining('ECONNREFUSED') });
  const here = { url: node.rpcUrl, credentials: { cookieFile: node.cookieFile } };
  expect(await lookAtRpc(here, 'regtest')).toEqual({ kind: 'there' });
  await expect(lookAtRpc(here, 'mainnet')).rejects.toThrow('is on regtest; for example: chain = "regtest"');
});

test.each([
  [[], undefined],
  [[{ type: 'pubrawtx', address: 'tcp://127.0.0.1:1' }], undefined],
  [[{ type: 'pubhashblock', address: 'tcp://127.0.0.1:28332' }], 'tcp://127.0.0.1:28332'],
  [[{ type: 'pubhashblock', address: 'tcp://0.0.0.0:28332' }], 'tcp://node.lan:28332'],
  ['nonsense', undefined],
])('where a node publishes its blocks: %j', (notifications, address) => {
  expect(hashBlockAddress(notifications, 'node.lan')).toBe(address);
});

test('the first screen says what to point miners at, and that any of them may be reached from outside', async () => {
  await using solo = await startRole('solo', soloConfig, toml(), createSolo);
  const { port } = solo.service.address;
  const config = { chain: 'regtest', coinbase: { address: PAYOUT, descriptor: undefined } } as Parameters<
    typeof firstScreen
  >[0];
  const shown = firstScreen(config, solo.service, PAGE);
  expect(shown).toContain(`Every block pays ${PAYOUT} in full.`);
  expect(shown.match(/stratum2\+tcp:\/\/127\.0\.0\.1:\d+\/9\w+/g)).toHaveLength(1);
  const everywhere = { ...solo.service, address: { host: '0.0.0.0', port } };
  expect(firstScreen(config, everywhere, PAGE)).toMatch(
    new RegExp(`  stratum2\\+tcp://127\\.0\\.0\\.1:${port}/9\\w+\n  Stratum V1  nowhere: --listen-v1`),
  );
  expect(shown).toContain('\nThe dashboard is at http://127.0.0.1:8080/dashboard/\n');
  const taken = { ...PAGE, at: { host: '127.0.0.1', port: 5 }, taken: '127.0.0.1:8080' };
  expect(firstScreen(config, solo.service, taken)).toContain(
    'at http://127.0.0.1:5/dashboard/ (127.0.0.1:8080 is taken by another process; --dashboard HOST:PORT chooses)',
  );
}, 60_000);

test('V1 miners are let in unless that is said otherwise', () => {
  const listenV1 = (line: string) =>
    parseConfig(soloConfig, `${line}\n[coinbase]\naddress = ${quoted(PAYOUT)}`, { name: 'solo' }).listenV1;
  const regtest = 'chain = "regtest"\n';
  expect(listenV1(regtest)).toEqual({ host: '0.0.0.0', port: 34_255 });
  expect(listenV1(`${regtest}listen_v1 = "127.0.0.1:1"`)).toEqual({ host: '127.0.0.1', port: 1 });
  expect(listenV1(`${regtest}listen_v1 = "none"`)).toBeUndefined();
  expect(() => listenV1(`${regtest}listen_v1 = "nowhere"`)).toThrow('listen_v1');
});

describe('the dashboard', () => {
  const environment = {};

  test('is where it was asked for, nowhere if so, and where the configuration says', async () => {
    const config = 'solo.toml';
    expect(await dashboardPlace({ dashboard: 'none', environment })).toEqual({});
    expect(await dashboardPlace({ dashboard: '127.0.0.1:1', config, environment })).toEqual({ address: '127.0.0.1:1' });
    expect(await dashboardPlace({ config, environment })).toEqual({});
    expect(await dashboardPlace({ environment: { SV2KIT_SOLO__MONITORING: '127.0.0.1:9' } })).toEqual({});
  });

  test('is at the usual port, or at another that is free', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const place = await dashboardPlace({ environment }, port);
    expect(place.taken).toBe(`127.0.0.1:${port}`);
    expect(place.address).toMatch(/^127\.0\.0\.1:\d+$/);
    await new Promise((resolve) => other.close(resolve));
    expect(await dashboardPlace({ environment }, port)).toEqual({ address: `127.0.0.1:${port}` });
  });
});

describe('a mistake on the command line', () => {
  test.each([
    [[], '--address is missing: where blocks are to pay'],
    [['--adress', 'x'], '--adress is not an option; did you mean --address?'],
    [['--address', 'x', '--node', 'nowhere'], "'nowhere' is not a node's RPC"],
    [['--address', 'x', '--no-v1', '--listen-v1', '0.0.0.0:1'], '--no-v1 and --listen-v1 are both given'],
  ])('%j', async (argv, words) => {
    const { code, error } = await call(['solo', ...argv]);
    expect([code, error]).toEqual([2, `sv2kit solo: ${error.slice('sv2kit solo: '.length)}`]);
    expect(error).toContain(words);
  });

  test.each([
    [
      ['--address', PAYOUT],
      `sv2kit solo: --address: cannot be paid on mainnet: '${PAYOUT}' is no mainnet address`,
      'sv2kit solo --help',
    ],
    [['--chain', 'moon', '--address', PAYOUT], 'sv2kit solo: --chain: "moon" is not one of', 'Try: sv2kit solo --help'],
  ])('is told at once in its own words: %j', (argv, words, more) => {
    const { options, environment } = soloHost(readCommandLine(argv), {}, false);
    const listened: string[] = [];
    return runService(
      { name: 'solo', config: soloConfig, start: () => Promise.reject(new Error('it must not start')) },
      { ...processHost('sv2kit solo', []), options, environment, error: (text) => void listened.push(text) },
    ).then((code) => {
      expect(code).toBe(2);
      expect(listened.join('')).toContain(words);
      expect(listened.join('')).toContain(more);
    });
  });

  test('--help says everything', async () => {
    const { code, out } = await call(['solo', '--help']);
    expect(code).toBe(0);
    for (const word of [
      '--address',
      '--node',
      '--cookie',
      '--ipc',
      '--listen',
      '--listen-v1',
      '--no-v1',
      '--dashboard',
      'Examples:',
      'Exit codes:',
    ]) {
      expect(out).toContain(word);
    }
  });
});
