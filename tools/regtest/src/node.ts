import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRpcClient, type RpcClient } from '@sv2kit/bitcoin-node';
import { type Bitcoind, obtainBitcoind, type PrivateChain, startBitcoind } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import { ANYBODY, type Coin, coinOf, spend } from './coins.ts';
import { DeadlineError, PATIENCE_MS } from './deadline.ts';

const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
const EVERYTHING_IS_CHEAP = ['-acceptnonstdtxn=1', '-minrelaytxfee=0', '-blockmintxfee=0'];
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
  readonly #dataDir: string;
  #node: Bitcoind;
  #rpc: RpcClient;
  #rewards = 1;

  private constructor(chain: PrivateChain, dataDir: string, node: Bitcoind) {
    this.chain = chain;
    this.#dataDir = dataDir;
    this.#node = node;
    this.#rpc = clientOf(node);
  }

  /** On regtest half of all hashes are blocks; on the private signet one of 4.8 million is. */
  static async start(folder: string, chain: PrivateChain): Promise<TestNode> {
    const dataDir = join(folder, 'bitcoind');
    return new TestNode(chain, dataDir, await start(chain, dataDir));
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
    await this.call('generateblock', `raw(${hex(ANYBODY)})`, []);
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
    this.#node = await start(this.chain, this.#dataDir, { rpcPort: Number(new URL(rpcUrl).port), zmqHashBlock });
    this.#rpc = clientOf(this.#node);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rpc.close();
    await this.#node.kill();
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function start(
  chain: PrivateChain,
  dataDir: string,
  again?: { readonly rpcPort: number; readonly zmqHashBlock: string | undefined },
): Promise<Bitcoind> {
  const binary = await obtainBitcoind({ cacheDir: CACHE });
  const zmqArgs = again?.zmqHashBlock === undefined ? [] : [`-zmqpubhashblock=${again.zmqHashBlock}`];
  const node = await startBitcoind({
    binary,
    chain,
    dataDir,
    zmq: again === undefined,
    extraArgs: [...EVERYTHING_IS_CHEAP, ...zmqArgs],
    ...(again === undefined ? {} : { rpcPort: again.rpcPort }),
  });
  return again?.zmqHashBlock === undefined ? node : { ...node, zmqHashBlock: again.zmqHashBlock };
}

function clientOf({ rpcUrl, cookieFile }: Bitcoind): RpcClient {
  return createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
}
