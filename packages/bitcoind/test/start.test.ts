import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Bitcoind,
  type BitcoindBinary,
  BitcoindError,
  freePorts,
  obtainBitcoind,
  startBitcoind,
} from '../src/index.ts';

const cacheDir = fileURLToPath(new URL('../../../.cache', import.meta.url));
let binary: BitcoindBinary;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sv2kit-bitcoind-'));
  binary = await obtainBitcoind({ cacheDir });
}, 300_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function call(node: Bitcoind, method: string, ...params: unknown[]): Promise<unknown> {
  const cookie = await readFile(node.cookieFile, 'utf8');
  const response = await fetch(node.rpcUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(cookie)}`, connection: 'close' },
    body: JSON.stringify({ id: 1, method, params }),
  });
  const answer: unknown = await response.json();
  if (answer !== null && typeof answer === 'object' && 'result' in answer) return answer.result;
  throw new Error('not an RPC answer');
}

async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a regtest node', { timeout: 120_000 }, () => {
  test('answers, keeps its chain over a restart, and writes nothing outside its folder', async () => {
    const dataDir = join(folder, 'restart');
    const first = await startBitcoind({ binary, chain: 'regtest', dataDir });
    await call(first, 'generatetodescriptor', 3, 'raw(51)');
    expect(await first.stop()).toEqual({ kind: 'exit', code: 0 });
    const second = await startBitcoind({ binary, chain: 'regtest', dataDir });
    expect(await call(second, 'getblockcount')).toBe(3);
    expect(await call(second, 'getpeerinfo')).toEqual([]);
    await second.stop();
    expect(await readdir(dataDir)).toEqual(['regtest']);
  });

  test('is not in initial download, so that it announces its first block over ZMQ', async () => {
    const node = await startBitcoind({ binary, chain: 'regtest', dataDir: join(folder, 'ibd'), zmq: true });
    expect(node.zmqHashBlock).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(await call(node, 'getblockchaininfo')).toMatchObject({ chain: 'regtest', initialblockdownload: false });
    expect(await call(node, 'getzmqnotifications')).toMatchObject([
      { type: 'pubhashblock', address: node.zmqHashBlock },
    ]);
    await node.stop();
  });

  test('that is killed is gone at once, and the chain survives', async () => {
    const dataDir = join(folder, 'killed');
    const node = await startBitcoind({ binary, chain: 'regtest', dataDir });
    expect(await node.kill()).toEqual({ kind: 'signal', signal: 'SIGKILL' });
    const again = await startBitcoind({ binary, chain: 'regtest', dataDir });
    expect(await call(again, 'getblockcount')).toBe(0);
    await again.stop();
  });
});

test('a private signet gives templates to anybody, without peers and without a first block', async () => {
  const node = await startBitcoind({ binary, chain: 'signet', dataDir: join(folder, 'signet') });
  const info = await call(node, 'getblockchaininfo');
  expect(info).toMatchObject({ chain: 'signet', blocks: 0, initialblockdownload: false });
  const template = await call(node, 'getblocktemplate', { rules: ['segwit', 'signet'] });
  expect(template).toMatchObject({ height: 1, bits: '1e0377ae', signet_challenge: '51' });
  await node.stop();
}, 120_000);

describe('a node that cannot start', { timeout: 120_000 }, () => {
  const failure = async (work: Promise<unknown>): Promise<BitcoindError> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof BitcoindError) return error;
    throw new Error(`expected a BitcoindError, got ${String(error)}`);
  };

  test('is reported with its own last words', async () => {
    const start = startBitcoind({
      binary,
      chain: 'regtest',
      dataDir: join(folder, 'bad'),
      extraArgs: ['-nosuchoption=1'],
    });
    const error = await failure(start);
    expect(error.code).toBe('start-failed');
    expect(error.message).toMatch(/^bitcoind did not start \(status 1\): .*nosuchoption/);
  });

  test('is reported when its port is somebody else’s', async () => {
    const [port = 0] = await freePorts(1);
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    const start = startBitcoind({ binary, chain: 'regtest', dataDir: join(folder, 'port'), rpcPort: port });
    expect((await failure(start)).code).toBe('start-failed');
    squatter.close();
  });

  test('is reported when the program is not there', async () => {
    const start = startBitcoind({
      binary: { ...binary, command: '/no/such/program' },
      chain: 'regtest',
      dataDir: join(folder, 'missing'),
    });
    expect((await failure(start)).message).toContain('ENOENT');
  });
});

test('a node ends when the process that started it is killed', { timeout: 120_000 }, async () => {
  const script = `
    import { startBitcoind } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
    const node = await startBitcoind(${JSON.stringify({ binary, chain: 'regtest', dataDir: join(folder, 'orphan') })});
    console.log(node.pid);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: parent.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  parent.kill('SIGKILL');
  await untilGone(Number(line));
});
