import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { displayHash, encodeCountedOutputs, parseTransaction, type TxOut } from '@sv2kit/bitcoin';
import { createRpcClient, type RpcClient } from '@sv2kit/bitcoin-node';
import { type Bitcoind, findIpcNode, NO_IPC_NODE, obtainBitcoind, startBitcoind } from '@sv2kit/bitcoind';
import {
  createMetrics,
  Health,
  Latencies,
  type Metrics,
  parseConfig,
  silentLogger,
  systemClock,
  writeSecretFile,
} from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import { createTemplateProvider, type TemplateProvider, templateProviderConfig } from '../src/index.ts';
import { ANYBODY, TestClient } from './test-client.ts';

const cacheDir = fileURLToPath(new URL('../../../.cache', import.meta.url));
const OP_TRUE = Uint8Array.of(0x51);

/** How the template provider speaks to its node. */
export type BackEnd = 'rpc' | 'ipc' | 'ipc+rpc';

/** A node that listens for IPC; undefined where there is none. */
export const ipcNode = await findIpcNode();

/** Says once why tests are skipped, where they are. */
export function sayIfSkipped(): boolean {
  if (ipcNode === undefined) console.log(`skipped: ${NO_IPC_NODE}`);
  return ipcNode === undefined;
}

export interface RegtestOptions {
  /** JSON-RPC when left out. */
  readonly backEnd?: BackEnd;
  readonly extraArgs?: readonly string[];
}

export interface Coin {
  readonly txid: Uint8Array;
  readonly value: bigint;
}

/** A real node on a fresh regtest chain, and a template provider in front of it. */
export class Regtest implements AsyncDisposable {
  readonly folder: string;
  readonly #options: RegtestOptions;
  readonly #authoritySecretFile: string;
  #node: Bitcoind;
  #rpc: RpcClient;

  static async start(options: RegtestOptions = {}): Promise<Regtest> {
    const folder = await mkdtemp(join(tmpdir(), 'sv2kit-tp-'));
    return new Regtest(folder, await startNode(join(folder, 'node'), options), options);
  }

  private constructor(folder: string, node: Bitcoind, options: RegtestOptions) {
    this.folder = folder;
    this.#options = options;
    this.#node = node;
    this.#rpc = clientOf(node);
    this.#authoritySecretFile = join(folder, 'authority.key');
    writeSecretFile(this.#authoritySecretFile, 'authority-secret', randomBytes(32), []);
  }

  /** Starts a template provider on this node, with the quickest settings there are. */
  async provide(dataDir = 'data'): Promise<RunningProvider> {
    const toml = [
      'listen = "127.0.0.1:0"',
      'chain = "regtest"',
      `data_dir = "${join(this.folder, dataDir)}"`,
      '[templates]',
      'fee_threshold = 1',
      'fee_interval = 0',
      '[identity]',
      `authority_secret_file = "${this.#authoritySecretFile}"`,
      '[[nodes]]',
      ...this.#nodeLines(),
    ].join('\n');
    return await RunningProvider.start(toml);
  }

  #nodeLines(): readonly string[] {
    const { rpcUrl, cookieFile, zmqHashBlock, ipcSocket } = this.#node;
    return [
      ...(ipcSocket === undefined ? [] : [`ipc = "${ipcSocket}"`]),
      ...(this.#options.backEnd === 'ipc' ? [] : [`url = "${rpcUrl}"`, `cookie_file = "${cookieFile}"`]),
      ...(zmqHashBlock === undefined ? [] : [`zmq_hash_block = "${zmqHashBlock}"`]),
    ];
  }

  call(method: string, ...params: unknown[]): Promise<unknown> {
    return this.#rpc.call(method, params, { maxBytes: 32 * 1024 * 1024 });
  }

  /** Mines blocks whose rewards anybody may spend. */
  async mine(count: number): Promise<void> {
    await this.call('generatetodescriptor', count, `raw(${Buffer.from(ANYBODY).toString('hex')})`);
  }

  /** Mines a block that leaves the mempool as it is: the node then makes a new template at once. */
  async mineEmpty(): Promise<void> {
    await this.call('generateblock', `raw(${Buffer.from(ANYBODY).toString('hex')})`, []);
  }

  async reward(height: number): Promise<Coin> {
    const hash = await this.call('getblockhash', height);
    const block = (await this.call('getblock', hash, 2)) as { readonly tx: readonly { readonly hex: string }[] };
    return coinOf(Buffer.from(block.tx[0]?.hex ?? '', 'hex'));
  }

  /** Puts a transaction with a witness into the mempool that leaves `fee`; resolves to it. */
  async spend(coin: Coin, fee: bigint): Promise<{ readonly transaction: Uint8Array; readonly change: Coin }> {
    const transaction = spendingOf(coin, fee);
    await this.call('sendrawtransaction', Buffer.from(transaction).toString('hex'), 0);
    return { transaction, change: coinOf(transaction) };
  }

  /** Weight of the transaction in the mempool that this coin is of. */
  async mempoolWeight({ txid }: Coin): Promise<number> {
    const entry = (await this.call('getmempoolentry', displayHash(txid))) as { readonly weight: number };
    return entry.weight;
  }

  /** Ends the node without a word. */
  async kill(): Promise<void> {
    // Counting the coins makes the node write its state: one that is killed forgets what it has not written.
    await this.call('gettxoutsetinfo');
    this.#rpc.close();
    await this.#node.kill();
  }

  /** Starts it again on the same chain and ports; its cookie is another. */
  async restart(): Promise<void> {
    const { rpcUrl, ipcSocket } = this.#node;
    const ports = { rpcPort: Number(new URL(rpcUrl).port), ipc: ipcSocket };
    this.#node = await startNode(join(this.folder, 'node'), this.#options, ports);
    this.#rpc = clientOf(this.#node);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rpc.close();
    await this.#node.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

interface NodeStatus {
  readonly name: string;
  readonly takesBlocks: boolean;
}

/** A template provider as its process would run it, without the process. */
export class RunningProvider implements AsyncDisposable {
  readonly provider: TemplateProvider;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly latencies: Latencies;

  static async start(toml: string): Promise<RunningProvider> {
    const config = parseConfig(templateProviderConfig, toml, { name: 'template-provider' });
    const [metrics, health, latencies] = [createMetrics(), new Health(systemClock), new Latencies()];
    const provider = await createTemplateProvider(config, {
      metrics,
      health,
      latencies,
      events: new Events(),
      log: silentLogger,
      clock: systemClock,
      signal: new AbortController().signal,
      fail: (error) => {
        throw error;
      },
    });
    health.started();
    return new RunningProvider(provider, metrics, health, latencies);
  }

  private constructor(provider: TemplateProvider, metrics: Metrics, health: Health, latencies: Latencies) {
    this.provider = provider;
    this.metrics = metrics;
    this.health = health;
    this.latencies = latencies;
  }

  /** The name of its node. */
  get node(): string {
    return this.#nodeStatus?.name ?? '';
  }

  /** Whether its node takes whole blocks. */
  get takesBlocks(): boolean {
    return this.#nodeStatus?.takesBlocks ?? false;
  }

  get #nodeStatus(): NodeStatus | undefined {
    const { nodes } = (this.provider.status?.() ?? { nodes: [] }) as { readonly nodes: readonly NodeStatus[] };
    return nodes[0];
  }

  connect(): Promise<TestClient> {
    const { address, authorityPublicKey } = this.provider;
    return TestClient.connect({ port: address.port, authority: authorityPublicKey });
  }

  /** Resolves when a condition of health is, or is not, met; to its reason if it has one. */
  condition(name: RegExp, ok: boolean): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const look = () => {
      const found = this.health.report().conditions.find((condition) => name.test(condition.name));
      if (found?.ok === ok) resolve(found.reason);
    };
    this.health.onChange(look);
    look();
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
  }
}

function coinOf(transaction: Uint8Array): Coin {
  const { txid, outputs } = parseTransaction(transaction);
  return { txid, value: outputs[0]?.value ?? 0n };
}

function spendingOf({ txid, value }: Coin, fee: bigint): Uint8Array {
  const output: TxOut = { value: value - fee, script: ANYBODY };
  return Buffer.concat([
    Uint8Array.of(2, 0, 0, 0, 0, 1, 1),
    txid,
    Uint8Array.of(0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    encodeCountedOutputs([output]),
    Uint8Array.of(1, OP_TRUE.length),
    OP_TRUE,
    new Uint8Array(4),
  ]);
}

/** Where a node that is started again listens. */
interface Ports {
  readonly rpcPort: number;
  readonly ipc: string | undefined;
}

async function startNode(dataDir: string, options: RegtestOptions, ports?: Ports): Promise<Bitcoind> {
  const { backEnd = 'rpc', extraArgs = [] } = options;
  const binary = backEnd === 'rpc' ? await obtainBitcoind({ cacheDir }) : ipcNode;
  if (binary === undefined) throw new Error(NO_IPC_NODE);
  return await startBitcoind({
    binary,
    chain: 'regtest',
    dataDir,
    zmq: backEnd === 'rpc',
    ...(backEnd === 'rpc' ? {} : { ipc: ports?.ipc ?? true }),
    extraArgs: ['-acceptnonstdtxn=1', '-minrelaytxfee=0', '-blockmintxfee=0', ...extraArgs],
    ...(ports === undefined ? {} : { rpcPort: ports.rpcPort }),
  });
}

function clientOf({ rpcUrl, cookieFile }: Bitcoind): RpcClient {
  return createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
}
