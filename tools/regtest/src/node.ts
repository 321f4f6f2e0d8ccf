import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRpcClient, type RpcClient } from '@sv2kit/bitcoin-node';
import { type Bitcoind, freePorts, obtainBitcoind, type PrivateChain, startBitcoind } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import { ANYBODY, type Coin, coinOf, spend } from './coins.ts';
import { DeadlineError, eventually, PATIENCE_MS } from './deadline.ts';

const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const EVERYTHING_IS_CHEAP = ['-acceptnonstdtxn=1', '-minrelaytxfee=0', '-blockmintxfee=0'];
/** As full as the rules allow. The size is Knots' own limit, which Core no longer knows. */
const FULL_BLOCKS = ['-blockmaxweight=4000000'];
const FULL_BLOCKS_OF_KNOTS = ['-blockmaxsize=4000000'];
/** On regtest a node looks through all that it has each time that something comes. */
const TRUST_YOURSELF = ['-checkmempool=0', '-checkblockindex=0'];
/** Neighbours tell each other of a transaction at once, not within seconds. */
const NEIGHBOURS = ['-listen=1', '-listenonion=0', '-discover=0', '-natpmp=0', '-whitelist=in,out,noban@127.0.0.1'];
/** Calls in one request: what a node's work queue and our memory stand easily. */
const BATCH = 500;
const ANSWER_BYTES = 32 * 1024 * 1024;

/** A transaction of a block as the node shows it. */
export interface ShownTransaction {
  readonly hex: string;
  readonly txid: string;
  readonly locktime: number;
  readonly vin: readonly { readonly coinbase?: string; readonly sequence: number; readonly txinwitness?: string[] }[];
  /** `value` in bitcoin. */
  readonly vout: readonly { readonly value: number; readonly scriptPubKey: { readonly hex: string } }[];
}

/** A block as the node shows it. */
export interface ShownBlock {
  readonly hash: string;
  readonly height: number;
  readonly confirmations: number;
  readonly previousblockhash: string;
  readonly tx: readonly ShownTransaction[];
}

/** A real node on a chain of its own, and its wallet: coins that anybody may spend. */
export class TestNode implements AsyncDisposable {
  readonly chain: PrivateChain;
  /** Where other nodes reach it. */
  readonly peerPort: number;
  readonly #dataDir: string;
  #node: Bitcoind;
  #rpc: RpcClient;
  #rewards = 1;

  private constructor(chain: PrivateChain, dataDir: string, node: Bitcoind, peerPort: number) {
    this.chain = chain;
    this.#dataDir = dataDir;
    this.#node = node;
    this.peerPort = peerPort;
    this.#rpc = clientOf(node);
  }

  /** On regtest half of all hashes are blocks; on the private signet one of 4.8 million is. */
  static async start(folder: string, chain: PrivateChain, name = 'bitcoind'): Promise<TestNode> {
    const dataDir = join(folder, name);
    const [peerPort = 0] = await freePorts(1);
    return new TestNode(chain, dataDir, await start(chain, dataDir, { peerPort }), peerPort);
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

  /** Starts it again on the same chain and ports; its cookie is another. */
  async restart(): Promise<void> {
    const { rpcUrl, zmqHashBlock } = this.#node;
    const rpcPort = Number(new URL(rpcUrl).port);
    this.#node = await start(this.chain, this.#dataDir, { peerPort: this.peerPort, rpcPort, zmqHashBlock });
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

interface Ports {
  /** For other nodes. */
  readonly peerPort: number;
  readonly rpcPort?: number;
  readonly zmqHashBlock?: string | undefined;
}

async function start(chain: PrivateChain, dataDir: string, ports: Ports): Promise<Bitcoind> {
  const binary = await obtainBitcoind({ cacheDir: CACHE });
  const { peerPort, rpcPort, zmqHashBlock } = ports;
  const node = await startBitcoind({
    binary,
    chain,
    dataDir,
    zmq: zmqHashBlock === undefined,
    extraArgs: [
      ...EVERYTHING_IS_CHEAP,
      ...FULL_BLOCKS,
      ...TRUST_YOURSELF,
      ...(/knots/i.test(binary.version) ? FULL_BLOCKS_OF_KNOTS : []),
      ...NEIGHBOURS,
      `-bind=127.0.0.1:${peerPort}`,
      ...(zmqHashBlock === undefined ? [] : [`-zmqpubhashblock=${zmqHashBlock}`]),
    ],
    ...(rpcPort === undefined ? {} : { rpcPort }),
  });
  return zmqHashBlock === undefined ? node : { ...node, zmqHashBlock };
}

function clientOf({ rpcUrl, cookieFile }: Bitcoind): RpcClient {
  return createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
}
