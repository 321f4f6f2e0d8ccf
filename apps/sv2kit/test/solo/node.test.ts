import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BitcoindBinary, findIpcNode, NO_IPC_NODE, startBitcoind } from '@sv2kit/bitcoind';
import { parseConfig } from '@sv2kit/daemon';
import { createMiningDevice, miningDeviceConfig } from '@sv2kit/mining-device';
import { formatUrl } from '@sv2kit/noise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { soloConfig } from '../../src/solo/config.ts';
import { createSolo } from '../../src/solo/create.ts';
import { findNode, placeWords } from '../../src/solo/node.ts';
import { firstScreen } from '../../src/solo/first-screen.ts';
import { Node } from '../node.ts';
import { ownFolder, quoted, startRole } from '../roles-here.ts';

const PAYOUT = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
let node: Node;
let home = '';
/** Of a regtest node. */
let folder = '';
beforeAll(async () => {
  node = await Node.start();
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sv2kit-home-'));
  folder = join(home, process.platform === 'darwin' ? 'Library/Application Support/Bitcoin' : '.bitcoin', 'regtest');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const configOf = (...lines: readonly string[]) =>
  parseConfig(soloConfig, ['chain = "regtest"', '[coinbase]', `address = "${PAYOUT}"`, '[node]', ...lines].join('\n'), {
    name: 'solo',
  });
const rpcLines = () => [`url = ${quoted(node.rpcUrl)}`, `cookie_file = ${quoted(node.cookieFile)}`];

/** A socket that somebody listens on, or did. */
async function socketAt(path: string, listens = true): Promise<string> {
  const server = createServer().listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  if (listens) return path;
  // A node leaves its socket behind, where Node takes it away: out of its reach, for so long.
  const left = `${path}.left`;
  renameSync(path, left);
  server.close();
  await once(server, 'close');
  renameSync(left, path);
  return path;
}

describe('the node is reached', () => {
  test('over the socket that Bitcoin Core keeps, without any RPC', async () => {
    const ipc = await socketAt(join(folder, 'node.sock'));
    const found = await findNode(configOf(), home);
    expect(found).toEqual({ ipc, isIpcFound: true, look: { kind: 'there' } });
    expect(placeWords(found)).toBe(`${ipc} (IPC)`);
  });

  test('over the socket that was named, without any RPC', async () => {
    const ipc = await socketAt(join(home, 'n.sock'));
    expect(await findNode(configOf(`ipc = "unix:${ipc}"`), home)).toEqual({
      ipc,
      isIpcFound: false,
      look: { kind: 'there' },
    });
  });

  test('over both, where an RPC was named and a socket lies beside its cookie', async () => {
    const rpc = { url: node.rpcUrl, credentials: { cookieFile: node.cookieFile } };
    expect(await findNode(configOf(...rpcLines()), home)).toEqual({ rpc, isIpcFound: false, look: { kind: 'there' } });
    const ipc = await socketAt(join(node.cookieFile, '..', 'node.sock'));
    const found = await findNode(configOf(...rpcLines()), home);
    expect(found).toEqual({ ipc, rpc, isIpcFound: true, look: { kind: 'there' } });
    expect(placeWords(found)).toBe(`${ipc} (IPC) and ${node.rpcUrl}`);
  });

  test('over RPC alone, where the socket is of a node that has gone, or the node is elsewhere', async () => {
    const socket = join(node.cookieFile, '..', 'node.sock');
    await socketAt(socket, false);
    onTestFinished(() => unlinkSync(socket));
    expect(await findNode(configOf(...rpcLines()), home)).toMatchObject({ isIpcFound: false, look: { kind: 'there' } });
    await socketAt(join(folder, 'node.sock'));
    const far = await findNode(configOf('url = "http://192.0.2.1:1"', 'user = "u"', 'password = "p"'), home);
    expect(far.ipc).toBeUndefined();
  }, 30_000);

  test('over whatever comes first, where nothing answers yet', async () => {
    const ipc = join(home, 'n.sock');
    expect(await findNode(configOf(`ipc = "${ipc}"`), home)).toEqual({
      ipc,
      isIpcFound: false,
      look: {
        kind: 'away',
        reason: expect.stringMatching(`^there is no socket at ${ipc}: start the node with -ipcbind`),
      },
    });
    const { rpc, look } = await findNode(configOf('url = "http://127.0.0.1:9"'), home);
    expect(rpc?.credentials).toEqual({ cookieFile: join(folder, '.cookie') });
    expect(look.kind).toBe('away');
  });

  test('where Bitcoin Core keeps its socket and its cookie, whichever comes first, where nothing was said', async () => {
    const ipc = join(folder, 'node.sock');
    const away = await findNode(configOf(), home);
    expect(away).toMatchObject({
      ipc,
      rpc: { credentials: { cookieFile: join(folder, '.cookie') } },
      isIpcFound: false,
    });
    const [first, second] = away.look.kind === 'away' ? away.look.reason.split('; and over RPC, ') : [];
    expect(first).toMatch(`there is no socket at ${ipc}: start the node with -ipcbind=unix`);
    expect(second).toMatch("the node's cookie cannot be read (is the node running?)");
  });

  test('over no RPC that nobody has named, where nobody listens on the socket that was named', async () => {
    const ipc = join(home, 'n.sock');
    await socketAt(ipc, false);
    writeFileSync(join(home, '.cookie'), '__cookie__:wrong');
    const { rpc, look } = await findNode(configOf(`ipc = "${ipc}"`), home);
    expect([rpc, look]).toEqual([
      undefined,
      { kind: 'away', reason: expect.stringMatching(`^nobody listens at ${ipc}`) },
    ]);
  });

  test('on its own chain only', async () => {
    const wrong = configOf(...rpcLines());
    await expect(findNode({ ...wrong, chain: 'signet' }, home)).rejects.toThrow('is on regtest; for example');
  });
});

const binary = await findIpcNode();
if (binary === undefined) console.log(`skipped: ${NO_IPC_NODE}`);

describe.skipIf(binary === undefined)('with a node that is reached over IPC alone', () => {
  test('a device finds a block, which the node has in its chain', async () => {
    const bitcoind = await startBitcoind({
      binary: binary as BitcoindBinary,
      chain: 'regtest',
      dataDir: join(home, 'node'),
      ipc: true,
    });
    onTestFinished(async () => void (await bitcoind.kill()));
    const page = { at: undefined, isBuilt: true };
    const toml = `listen = "127.0.0.1:0"
listen_v1 = "none"
chain = "regtest"
${ownFolder(home).dataDir}
[coinbase]
address = ${quoted(PAYOUT)}
[node]
ipc = ${quoted(bitcoind.ipcSocket ?? '')}
`;
    // Its cookie would let us in.
    unlinkSync(bitcoind.cookieFile);
    await using solo = await startRole('solo', soloConfig, toml, createSolo);
    const { address, authorityPublicKey, node: place } = solo.service;
    expect(place).toEqual({ ipc: bitcoind.ipcSocket, isIpcFound: false, look: { kind: 'there' } });
    const url = formatUrl({ ...address, authority: authorityPublicKey });
    const device = `threads = 1\nuser_identity = "rig"\n[[upstreams]]\nurl = ${quoted(url)}\n`;
    await using _device = await startRole('mining-device', miningDeviceConfig, device, createMiningDevice);
    const { hash } = await solo.lines.until('block found');
    await solo.lines.until('block status', { hash, status: 'confirmed' });
    expect(firstScreen({ chain: 'regtest', coinbase: configOf().coinbase }, solo.service, page)).toContain(
      `Solo mining on regtest with the node at ${bitcoind.ipcSocket} (IPC).\n`,
    );
  }, 60_000);
});
