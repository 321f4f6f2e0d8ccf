import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRpcClient, type RpcClient } from '@sv2kit/bitcoin-node';
import { type Bitcoind, BitcoindError, freePorts, type PrivateChain } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import type { BackEnd } from './back-end.ts';
import { ANYBODY, type Coin, coinOf, spend } from './coins.ts';
import { DeadlineError, eventually, PATIENCE_MS } from './deadline.ts';
import type { ShownBlock } from './shown-block.ts';
import { type NodePlace, startNode } from './start-node.ts';

/** Calls in one request: what a node's work queue and our memory stand easily. */
const BATCH = 500;
const ANSWER_BYTES = 32 * 1024 * 1024;
/** Times that a node is started on another port. */
const ATTEMPTS = 3;

/** How a node of a scenario is started. */
export interface NodeOptions {
  /** Of its folder; `bitcoind` when absent. */
  readonly name?: string;
  /** How roles speak to it; `rpc` when absent. The scenario itself always uses RPC. */
  readonly backEnd?: BackEnd;
  /** Options of bitcoind's own, behind those of every scenario. */
  readonly nodeArgs?: readonly string[];
}

let sockets = 0;

/** What a role is told of a node. */
export interface NodeDoor {
  readonly chain: PrivateChain;
  readonly backEnd: BackEnd;
  /** Path; empty where the node has none. */
  readonly ipcSocket: string;
  readonly rpcUrl: string;
  readonly cookieFile: string;
  readonly zmqHashBlock: string;
}

/** A real node on a chain of its own, and its wallet: coins that anybody may spend. */
export class TestNode implements NodeDoor, AsyncDisposable {
  readonly chain: PrivateChain;
  /** How roles speak to it that are told nothing else. */
  readonly backEnd: BackEnd;
  readonly #place: NodePlace;
  #node: Bitcoind;
  #rpc: RpcClient;
  #rewards = 1;

  private constructor(place: NodePlace, backEnd: BackEnd, node: Bitcoind) {
    this.chain = place.chain;
    this.backEnd = backEnd;
    this.#place = place;
    this.#node = node;
    this.#rpc = clientOf(node);
  }

  /** On regtest half of all hashes are blocks; on the private signet one of 4.8 million is. */
  static async start(folder: string, chain: PrivateChain, options: NodeOptions = {}): Promise<TestNode> {
    const { name = 'bitcoind', backEnd = 'rpc', nodeArgs = [] } = options;
    const withIpc = backEnd !== 'rpc';
    // A socket's path has a hundred bytes.
    const ipcSocket = withIpc ? join(folder, `${++sockets}.sock`) : undefined;
    for (let attempt = 1; ; attempt += 1) {
      const [peerPort = 0] = await freePorts(1);
      const place = { chain, dataDir: join(folder, name), peerPort, withIpc, ipcSocket, nodeArgs };
      try {
        return new TestNode(place, backEnd, await startNode(place));
      } catch (error) {
        // A free port can be taken between the look and the start.
        const collided = error instanceof BitcoindError && error.message.includes('Failed to listen on any port');
        if (!collided || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Where other nodes reach it. */
  get peerPort(): number {
    return this.#place.peerPort;
  }

  get ipcSocket(): string {
    return this.#place.ipcSocket ?? '';
  }

  /** The same node, reached in another way. */
  door(changes: Partial<Pick<NodeDoor, 'backEnd' | 'ipcSocket' | 'rpcUrl'>>): NodeDoor {
    const { chain, backEnd, ipcSocket, rpcUrl, cookieFile, zmqHashBlock } = this;
    return { chain, backEnd, ipcSocket, rpcUrl, cookieFile, zmqHashBlock, ...changes };
  }

  get pid(): number {
    return this.#node.pid;
  }

  /** What it has logged since it was first started. */
  async log(): Promise<string> {
    return await readFile(join(this.#place.dataDir, this.chain, 'debug.log'), 'utf8');
  }

  get rpcUrl(): string {
    return this.#node.rpcUrl;
  }

  get cookieFile(): string {
    return this.#node.cookieFile;
  }

  get zmqHashBlock(): string {
    return this.#node.zmqHashBlock ?? '';
  }

  call(method: string, ...params: unknown[]): Promise<unknown> {
    return this.#rpc.call(method, params, { maxBytes: ANSWER_BYTES });
  }

  /** The same method many times, a few hundred calls to a request. @throws Error with what the first refused one was told */
  async callEach(method: string, calls: readonly (readonly unknown[])[]): Promise<unknown[]> {
    const cookie = (await readFile(this.cookieFile, 'utf8')).trim();
    const authorization = `Basic ${Buffer.from(cookie).toString('base64')}`;
    const results: unknown[] = [];
    for (let from = 0; from < calls.length; from += BATCH) {
      const batch = calls.slice(from, from + BATCH).map((params, id) => ({ jsonrpc: '1.0', id, method, params }));
      const response = await fetch(this.rpcUrl, {
        method: 'POST',
        headers: { authorization },
        body: JSON.stringify(batch),
      });
      for (const { result, error } of (await response.json()) as readonly { result: unknown; error: unknown }[]) {
        if (error !== null && error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
        results.push(result);
      }
    }
    return results;
  }

  async height(): Promise<number> {
    return (await this.call('getblockcount')) as number;
  }

  async bestHash(): Promise<string> {
    return (await this.call('getbestblockhash')) as string;
  }

  /** @param block - hash or height in the best chain */
  async block(block: string | number): Promise<ShownBlock> {
    const hash = typeof block === 'number' ? await this.call('getblockhash', block) : block;
    return (await this.call('getblock', hash, 2)) as ShownBlock;
  }

  /** Resolves when the best chain has reached a height. @throws DeadlineError */
  async reach(height: number): Promise<void> {
    const asked = this.#rpc.call('waitforblockheight', [height, PATIENCE_MS], { timeoutMs: 'never', lane: 'wait' });
    const best = (await asked) as { readonly height: number };
    if (best.height < height) throw new DeadlineError(`waited ${PATIENCE_MS / 1000} s for block ${height} of the node`);
  }

  /** Mines blocks whose rewards anybody may spend; they take the mempool along. */
  async mine(count: number): Promise<void> {
    await this.call('generatetodescriptor', count, `raw(${hex(ANYBODY)})`);
  }

  /** Mines a block that leaves the mempool as it is: the node then makes a new template at once. */
  async mineEmpty(): Promise<void> {
    await this.mineExactly([]);
  }

  /** Mines a block of those transactions, which the mempool need not hold. */
  async mineExactly(transactions: readonly Uint8Array[]): Promise<void> {
    await this.call('generateblock', `raw(${hex(ANYBODY)})`, transactions.map(hex));
  }

  /** An empty block in hex that is not submitted: whoever does so decides when. */
  async prepareBlock(): Promise<string> {
    const block = (await this.call('generateblock', `raw(${hex(ANYBODY)})`, [], false)) as { readonly hex: string };
    return block.hex;
  }

  /** The next reward of `mine` that nobody has spent; it can be spent 100 blocks later. */
  async reward(): Promise<Coin> {
    const block = await this.block(this.#rewards++);
    return coinOf(Buffer.from(block.tx[0]?.hex ?? '', 'hex'));
  }

  /** Puts a transaction into the mempool that leaves `fee` satoshis. */
  async pay(coin: Coin, fee: bigint): Promise<{ readonly txid: string; readonly change: Coin }> {
    const transaction = spend(coin, fee);
    const txid = (await this.call('sendrawtransaction', hex(transaction), 0)) as string;
    return { txid, change: coinOf(transaction) };
  }

  /** Ends the node without a word. What it has not written yet it would forget, so it is made to write first. */
  async kill(): Promise<void> {
    await this.call('gettxoutsetinfo');
    this.#rpc.close();
    await this.#node.kill();
  }

  /** Ends the node as a service manager does. */
  async stop(): Promise<void> {
    this.#rpc.close();
    await this.#node.stop();
  }

  /**
   * Starts it again on the same chain and ports; its cookie is another.
   *
   * @param changes - `ipcSocket: undefined` starts it without IPC
   */
  async restart(changes: { readonly ipcSocket?: undefined } = {}): Promise<void> {
    const { rpcUrl, zmqHashBlock } = this.#node;
    this.#node = await startNode(
      { ...this.#place, ...changes },
      { rpcPort: Number(new URL(rpcUrl).port), zmqHashBlock },
    );
    this.#rpc = clientOf(this.#node);
  }

  /** Two nodes tell each other of blocks and transactions from now on, and have the same best chain. */
  async connect(other: TestNode): Promise<void> {
    await this.call('addnode', `127.0.0.1:${other.peerPort}`, 'onetry');
    await eventually('two nodes to know each other', async () => {
      const peers = await Promise.all([this.#peers(), other.#peers()]);
      return peers.every((each) => each.length > 0 && each.every(({ version }) => version > 0)) || undefined;
    });
    await eventually('two nodes to agree', async () => {
      const [mine, theirs] = await Promise.all([this.bestHash(), other.bestHash()]);
      return mine === theirs || undefined;
    });
  }

  /** A node without a network: what happens on one side stays there until `connect`. */
  async disconnect(other: TestNode): Promise<void> {
    for (const { id } of await this.#peers()) await this.call('disconnectnode', '', id);
    await eventually('two nodes to lose each other', async () => {
      const peers = await Promise.all([this.#peers(), other.#peers()]);
      return peers.every(({ length }) => length === 0) || undefined;
    });
  }

  async #peers(): Promise<readonly { readonly id: number; readonly version: number }[]> {
    return (await this.call('getpeerinfo')) as readonly { readonly id: number; readonly version: number }[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rpc.close();
    await this.#node.kill();
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function clientOf({ rpcUrl, cookieFile }: Bitcoind): RpcClient {
  return createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
}
