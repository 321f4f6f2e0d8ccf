import { readFile } from 'node:fs/promises';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BitcoindBinary } from './binary.ts';
import { BitcoindError } from './bitcoind-error.ts';
import { freePorts } from './free-ports.ts';
import { type IpcSocket, makeIpcSocket } from './ipc-socket.ts';
import { type GuardedProcess, type ProcessEnd, spawnGuarded } from './guarded-process.ts';
import { lastLine } from './run-command.ts';

const ATTEMPTS = 3;
const POLL_MS = 50;

/** `signet` is a private one: anybody's block is valid (`-signetchallenge=51`), at signet's lowest difficulty. */
export type PrivateChain = 'regtest' | 'signet';

export interface StartOptions {
  readonly binary: BitcoindBinary;
  readonly chain: PrivateChain;
  /** Everything the node writes is below this folder. An existing chain there is gone on with. */
  readonly dataDir: string;
  /** Publish block hashes over ZMQ. */
  readonly zmq?: boolean;
  /**
   * Listen for IPC, which takes a binary that can (`findIpcNode`): on a socket of a short path, or on the one named. It is
   * gone when the node has ended.
   */
  readonly ipc?: boolean | string;
  /** The RPC port; a free one is chosen when it is left out. */
  readonly rpcPort?: number;
  readonly extraArgs?: readonly string[];
  /** How long the node may take until its RPC answers. */
  readonly startTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A running node. */
export interface Bitcoind {
  readonly pid: number;
  readonly chain: PrivateChain;
  readonly dataDir: string;
  readonly rpcUrl: string;
  /** Written anew by each start of the node: `user:password`. */
  readonly cookieFile: string;
  /** Where block hashes are published, e.g. `tcp://127.0.0.1:28332`; absent without `zmq`. */
  readonly zmqHashBlock?: string;
  /** The socket on which it listens for IPC; absent without `ipc`. Access to it is full control of the node. */
  readonly ipcSocket?: string;
  readonly ended: Promise<ProcessEnd>;
  /** Lets the node write its state; after `graceMs` (15 s) it is killed. */
  stop(graceMs?: number): Promise<ProcessEnd>;
  /** SIGKILL, for fault tests. */
  kill(): Promise<ProcessEnd>;
}

/**
 * Starts a node without peers and waits until its RPC answers. It ends with this process, however this process ends.
 *
 * @throws BitcoindError with the node's own last words when it does not come up
 */
export async function startBitcoind(options: StartOptions): Promise<Bitcoind> {
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const [rpcPort = 0, zmqPort = 0] = await freePorts(2);
    const ports = { rpc: options.rpcPort ?? rpcPort, zmq: zmqPort };
    try {
      return await startOnce(options, dataDir, ports);
    } catch (error) {
      // A free port can be taken between the look and the start.
      const collided = error instanceof BitcoindError && /address already in use|unable to bind/i.test(error.message);
      if (!collided || attempt === ATTEMPTS || options.rpcPort !== undefined) throw error;
    }
  }
}

async function startOnce(
  options: StartOptions,
  dataDir: string,
  ports: { readonly rpc: number; readonly zmq: number },
): Promise<Bitcoind> {
  const zmqHashBlock = options.zmq === true ? `tcp://127.0.0.1:${ports.zmq}` : undefined;
  const { ipc = false } = options;
  const socket = ipc === false ? undefined : await makeIpcSocket(ipc, join(dataDir, options.chain));
  const args = [...options.binary.args, ...nodeArgs(options, dataDir, ports.rpc, zmqHashBlock, socket)];
  const node = spawnGuarded(options.binary.command, args, {
    cwd: dataDir,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', HOME: dataDir },
  });
  let stderr = '';
  node.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_096);
  });
  const rpcUrl = `http://127.0.0.1:${ports.rpc}`;
  const cookieFile = join(dataDir, options.chain, '.cookie');
  try {
    await untilReady(node, { rpcUrl, cookieFile, options, words: () => lastLine(stderr) });
  } catch (error) {
    await socket?.abandon();
    throw error;
  }
  const { ended, stop, kill } = socket === undefined ? node : removing(socket, node);
  return {
    pid: node.child.pid ?? 0,
    chain: options.chain,
    dataDir,
    rpcUrl,
    cookieFile,
    ...(zmqHashBlock === undefined ? {} : { zmqHashBlock }),
    ...(socket === undefined ? {} : { ipcSocket: socket.path }),
    ended,
    stop: (graceMs = 15_000) => stop(graceMs),
    kill,
  };
}

/** The node has ended only when its socket is gone too. */
function removing(socket: IpcSocket, node: GuardedProcess): Pick<GuardedProcess, 'ended' | 'stop' | 'kill'> {
  const ended = node.ended.then(async (end) => {
    await socket.remove();
    return end;
  });
  return {
    ended,
    async stop(graceMs) {
      await node.stop(graceMs);
      return await ended;
    },
    async kill() {
      await node.kill();
      return await ended;
    },
  };
}

function nodeArgs(
  options: StartOptions,
  dataDir: string,
  rpcPort: number,
  zmqHashBlock: string | undefined,
  socket: IpcSocket | undefined,
): string[] {
  const isKnots = /knots/i.test(options.binary.version);
  return [
    `-datadir=${dataDir}`,
    `-chain=${options.chain}`,
    ...(options.chain === 'signet' ? ['-signetchallenge=51'] : []),
    '-server=1',
    '-listen=0',
    '-connect=0',
    '-dnsseed=0',
    '-fixedseeds=0',
    ...(options.binary.hasWallet === false ? [] : ['-disablewallet=1']),
    '-printtoconsole=0',
    '-rpcbind=127.0.0.1',
    '-rpcallowip=127.0.0.1',
    `-rpcport=${rpcPort}`,
    '-rpcworkqueue=128',
    '-dbcache=4',
    '-maxmempool=50',
    '-par=1',
    // The genesis blocks are years old; without this a fresh chain counts as being downloaded and stays silent on ZMQ.
    '-maxtipage=2000000000',
    ...(isKnots ? ['-softwareexpiry=0'] : []),
    ...(zmqHashBlock === undefined ? [] : [`-zmqpubhashblock=${zmqHashBlock}`]),
    ...(socket === undefined ? [] : [`-ipcbind=unix:${socket.path}`]),
    ...(options.extraArgs ?? []),
  ];
}

interface Starting {
  readonly rpcUrl: string;
  readonly cookieFile: string;
  readonly options: StartOptions;
  readonly words: () => string | undefined;
}

async function untilReady(node: GuardedProcess, { rpcUrl, cookieFile, options, words }: Starting): Promise<void> {
  const startTimeoutMs = options.startTimeoutMs ?? 60_000;
  const deadline = performance.now() + startTimeoutMs;
  let end: ProcessEnd | undefined;
  void node.ended.then((value) => {
    end = value;
  });
  let waitingFor = 'no answer yet';
  for (;;) {
    if (end !== undefined) throw startFailed(options, end, words());
    const answer = await askHeight(rpcUrl, cookieFile);
    if (answer === undefined) return;
    waitingFor = answer;
    if (options.signal?.aborted === true) {
      await node.kill();
      throw options.signal.reason;
    }
    if (performance.now() > deadline) {
      await node.kill();
      const text = `bitcoind did not answer within ${startTimeoutMs / 1000} s: ${waitingFor}`;
      throw new BitcoindError('start-timeout', text, { chain: options.chain });
    }
    await delay(POLL_MS);
  }
}

/** `undefined` when the RPC answers; else why not. */
async function askHeight(rpcUrl: string, cookieFile: string): Promise<string | undefined> {
  try {
    const cookie = (await readFile(cookieFile, 'utf8')).trim();
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(cookie).toString('base64')}`, connection: 'close' },
      body: JSON.stringify({ id: 0, method: 'getblockcount', params: [] }),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    return response.ok ? undefined : (lastLine(text) ?? `HTTP ${response.status}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function startFailed(options: StartOptions, end: ProcessEnd, words: string | undefined): BitcoindError {
  const how = end.kind === 'exit' ? `status ${end.code}` : end.kind === 'signal' ? `signal ${end.signal}` : end.reason;
  const text = `bitcoind did not start (${how}): ${words ?? `see ${join(options.dataDir, options.chain, 'debug.log')}`}`;
  return new BitcoindError('start-failed', text, { chain: options.chain, end });
}
