import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BitcoindBinary, BitcoindError, findIpcNode, NO_IPC_NODE, startBitcoind } from '../src/index.ts';
import { makeIpcSocket } from '../src/ipc-socket.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sv2kit-ipc-node-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A program that answers `-help` and `-version` as a node does, or as the wrapper does when `wraps`. */
async function program(name: string, options: { ipc?: boolean; wallet?: boolean; wraps?: boolean } = {}) {
  const { ipc = false, wallet = false, wraps = false } = options;
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  const lines = [
    '#!/bin/sh',
    ...(wraps ? ['[ "$1" = --version ] && { echo "Bitcoin Core version v31"; exit 0; }'] : []),
    ...(wraps ? ['[ "$1 $2" = "-m node" ] || { echo "Unknown option: $1" >&2; exit 1; }', 'shift 2'] : []),
    'case "$1" in',
    `-version) echo 'Bitcoin Core daemon version v31 ${name}';;`,
    `-help) printf '%s\\n' 'Options:' ${ipc ? "'  -ipcbind=<address>'" : ''} ${wallet ? "'  -disablewallet'" : ''};;`,
    '*) echo "Invalid parameter $1" >&2; exit 1;;',
    'esac',
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o755 });
  return file;
}

const failure = async (work: Promise<unknown>): Promise<BitcoindError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BitcoindError) return error;
  throw new Error(`expected a BitcoindError, got ${String(error)}`);
};

describe('a node with IPC is found', () => {
  test('by BITCOIN_NODE, with what it was built with', async () => {
    const bare = await program('bare', { ipc: true });
    expect(await findIpcNode({ BITCOIN_NODE: bare, PATH: '' })).toEqual({
      command: bare,
      args: [],
      version: 'Bitcoin Core daemon version v31 bare',
      source: 'ipc-environment',
      hasIpc: true,
      hasWallet: false,
    });
    const full = await program('full', { ipc: true, wallet: true });
    expect(await findIpcNode({ PATH: '' }, full)).toMatchObject({ source: 'explicit', hasWallet: true });
  });

  test("through Bitcoin Core's wrapper", async () => {
    const wrapper = await program('wrapper', { ipc: true, wraps: true });
    expect(await findIpcNode({ BITCOIN_NODE: wrapper })).toMatchObject({ command: wrapper, args: ['-m', 'node'] });
  });

  test('on the PATH: bitcoin-node before bitcoin, and whatever else has that name is passed over', async () => {
    const other = await program('a/bitcoin-node');
    const wrapper = await program('a/bitcoin', { ipc: true, wraps: true });
    expect(await findIpcNode({ PATH: dirname(other) })).toMatchObject({ command: wrapper, source: 'path' });
    const node = await program('b/bitcoin-node', { ipc: true });
    expect(await findIpcNode({ PATH: dirname(node) })).toMatchObject({ command: node, args: [] });
  });

  test('nowhere when there is none, which is no mistake of anybody', async () => {
    expect(await findIpcNode({ PATH: `/no/such:${folder}`, BITCOIN_NODE: '' })).toBeUndefined();
    expect(NO_IPC_NODE).toContain('BITCOIN_NODE=/path/to/bitcoin-node');
  });
});

describe('what was named and cannot be used is said in one line:', () => {
  test('a bitcoind without IPC', async () => {
    const plain = await program('plain');
    const { code, message } = await failure(findIpcNode({ BITCOIN_NODE: plain }));
    expect(code).toBe('no-ipc');
    expect(message).toBe(
      `BITCOIN_NODE=${plain} is no node with IPC but "Bitcoin Core daemon version v31 plain", without -ipcbind: ` +
        'Bitcoin Core 31 has bitcoin-node for it',
    );
  });

  test('a bitcoind of a release that has the other one too, which is named', async () => {
    const plain = await program('release/bin/bitcoind');
    const node = await program('release/libexec/bitcoin-node', { ipc: true });
    const { message } = await failure(findIpcNode({}, plain));
    expect(message).toMatch(new RegExp(`^${plain} is no node with IPC .*, without -ipcbind: ${node} has it$`));
  });

  test('the wrapper without its node', async () => {
    const alone = join(folder, 'alone');
    await writeFile(alone, '#!/bin/sh\n[ "$1" = --version ] && echo Bitcoin Core version v31 || exit 1\n', {
      mode: 0o755,
    });
    const { code, message } = await failure(findIpcNode({}, alone));
    expect(code).toBe('no-ipc');
    expect(message).toBe(`${alone} is the wrapper alone: it finds no bitcoin-node in ../libexec or beside it`);
  });

  test('another program', async () => {
    const other = join(folder, 'other');
    await writeFile(other, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    const { message } = await failure(findIpcNode({ BITCOIN_NODE: other }));
    expect(message).toBe(`BITCOIN_NODE=${other} is not bitcoind: -version said "hello"`);
  });

  test('no program', async () => {
    const { code, message } = await failure(findIpcNode({ BITCOIN_NODE: '/no/such/node' }));
    expect(code).toBe('not-runnable');
    expect(message).toMatch(/^BITCOIN_NODE=\/no\/such\/node does not run: .*ENOENT/);
  });
});

describe('the socket of a node', () => {
  test("lies in the chain's folder, where Bitcoin Core has it too", async () => {
    const chainDir = join(folder, 'chain', 'regtest');
    const socket = await makeIpcSocket(true, chainDir);
    expect(socket.path).toBe(join(chainDir, 'node.sock'));
    await writeFile(socket.path, '');
    await socket.remove();
    expect(await readdir(chainDir)).toEqual([]);
  });

  test('of a node that did not come up is left to whoever has it', async () => {
    const chainDir = join(folder, 'taken', 'regtest');
    const running = await makeIpcSocket(true, chainDir);
    await writeFile(running.path, '');
    await (await makeIpcSocket(true, chainDir)).abandon();
    expect(existsSync(running.path)).toBe(true);
  });

  test('lies elsewhere, for its owner alone, where that path is too long for a socket', async () => {
    const socket = await makeIpcSocket(true, join(folder, 'd'.repeat(120), 'regtest'));
    expect(Buffer.byteLength(socket.path)).toBeLessThan(104);
    expect(statSync(dirname(socket.path)).mode & 0o777).toBe(0o700);
    await socket.remove();
    expect(existsSync(dirname(socket.path))).toBe(false);
  });

  test('lies where it was asked for, and takes the folder with it that was made for it', async () => {
    const path = join(folder, 'asked', 'n.sock');
    const socket = await makeIpcSocket(path, '/unused');
    expect(socket.path).toBe(path);
    await writeFile(path, '');
    await socket.remove();
    expect(existsSync(dirname(path))).toBe(false);
    const long = `/${'s'.repeat(103)}`;
    expect((await failure(makeIpcSocket(long, '/unused'))).message).toMatch(/is too long for a Unix socket: 103 bytes/);
  });
});

const real = await findIpcNode();
if (real === undefined) console.log(`skipped: ${NO_IPC_NODE}`);

describe.skipIf(real === undefined)('a real node with IPC', { timeout: 120_000 }, () => {
  const binary = real as BitcoindBinary;

  test.each(['regtest', 'signet'] as const)('listens on its socket on %s, and leaves none behind', async (chain) => {
    const dataDir = join(folder, chain);
    const node = await startBitcoind({ binary, chain, dataDir, ipc: true });
    expect(node.ipcSocket).toBe(join(dataDir, chain, 'node.sock'));
    await listens(node.ipcSocket ?? '');
    expect(await node.stop()).toEqual({ kind: 'exit', code: 0 });
    expect(existsSync(node.ipcSocket ?? '')).toBe(false);
  });

  test('listens there again after it was killed', async () => {
    const dataDir = join(folder, 'killed');
    const first = await startBitcoind({ binary, chain: 'regtest', dataDir, ipc: true });
    await first.kill();
    expect(existsSync(first.ipcSocket ?? '')).toBe(false);
    const second = await startBitcoind({ binary, chain: 'regtest', dataDir, ipc: true });
    expect(second.ipcSocket).toBe(first.ipcSocket);
    await listens(second.ipcSocket ?? '');
    await second.stop();
  });

  test('of which a second is started in the same folder keeps its socket', async () => {
    const dataDir = join(folder, 'shared');
    const first = await startBitcoind({ binary, chain: 'regtest', dataDir, ipc: true });
    const error = await failure(startBitcoind({ binary, chain: 'regtest', dataDir, ipc: true }));
    expect(error.message).toMatch(/cannot obtain a lock/i);
    await listens(first.ipcSocket ?? '');
    await first.stop();
  });

  test('in a folder too deep for a socket listens elsewhere', async () => {
    const dataDir = join(folder, 'd'.repeat(120));
    const node = await startBitcoind({ binary, chain: 'regtest', dataDir, ipc: true });
    await listens(node.ipcSocket ?? '');
    await node.stop();
    expect(existsSync(dirname(node.ipcSocket ?? ''))).toBe(false);
  });
});

async function listens(path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(path, resolve).on('error', reject);
  await promise;
  socket.destroy();
}
