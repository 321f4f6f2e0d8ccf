import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { displayHash, encodeCountedOutputs, parseTransaction, type TxOut } from '@sv2kit/bitcoin';
import { type Bitcoind, type BitcoindBinary, obtainBitcoind, startBitcoind } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import { createRpcClient, type RpcClient } from '../src/index.ts';

const cacheDir = fileURLToPath(new URL('../../../.cache', import.meta.url));
/** Anybody may spend it. */
const OP_TRUE = Uint8Array.of(0x51);
/** Nodes refuse transactions below 65 bytes: outputs to make up for that. */
const PADDING: readonly TxOut[] = [1, 2].map(() => ({ value: 0n, script: OP_TRUE }));

/** A real node on a fresh regtest chain, and what tests do with it. */
export class Regtest implements AsyncDisposable {
  readonly #folder: string;
  readonly #extraArgs: readonly string[];
  readonly #ipc: BitcoindBinary | undefined;
  #node: Bitcoind;
  #client: RpcClient;

  /** @param ipc a node that listens for IPC, if it shall do so */
  static async start(extraArgs: readonly string[] = [], ipc?: BitcoindBinary): Promise<Regtest> {
    const folder = await mkdtemp(join(tmpdir(), 'sv2kit-node-'));
    return new Regtest(folder, extraArgs, ipc, await startNode(folder, extraArgs, ipc));
  }

  private constructor(folder: string, extraArgs: readonly string[], ipc: BitcoindBinary | undefined, node: Bitcoind) {
    this.#folder = folder;
    this.#extraArgs = extraArgs;
    this.#ipc = ipc;
    this.#node = node;
    this.#client = clientOf(node);
  }

  get node(): Bitcoind {
    return this.#node;
  }

  /** Kills the node and starts another on the same chain and port: with another cookie. */
  async restart(): Promise<void> {
    // Counting the coins makes the node write its state: one that is killed forgets what it has not written.
    await this.call('gettxoutsetinfo');
    await this.#node.kill();
    await this.startAgain();
  }

  /** Starts a node on the chain and port of the one that was killed. */
  async startAgain(): Promise<void> {
    this.#client.close();
    this.#node = await startNode(this.#folder, this.#extraArgs, this.#ipc, Number(new URL(this.#node.rpcUrl).port));
    this.#client = clientOf(this.#node);
  }

  call(method: string, ...params: unknown[]): Promise<unknown> {
    return this.#client.call(method, params, { maxBytes: 32 * 1024 * 1024 });
  }

  /** One call for each of `params`, in one request; throws what the node says against any. */
  async callEach(method: string, params: readonly (readonly unknown[])[]): Promise<unknown[]> {
    const answers = await this.#client.batch(method, params, { maxBytes: 32 * 1024 * 1024 });
    return answers.map((answer) => {
      if (answer.kind === 'error') throw answer.error;
      return answer.value;
    });
  }

  /** Mines blocks whose rewards anybody may spend; returns their hashes as the node shows them. */
  async mine(count: number): Promise<string[]> {
    return (await this.call('generatetodescriptor', count, 'raw(51)')) as string[];
  }

  /** A valid block for the next height that the node has not seen. */
  async unseenBlock(): Promise<Uint8Array> {
    const { hex } = (await this.call('generateblock', 'raw(52)', [], false)) as { hex: string };
    return bytes(hex);
  }

  /** An output of a block's reward, for `spend`. */
  async reward(height: number): Promise<Coin> {
    const block = (await this.call('getblock', await this.call('getblockhash', height), 2)) as {
      tx: { hex: string }[];
    };
    return coinOf(bytes(block.tx[0]?.hex ?? ''));
  }

  /** Puts a transaction that spends `coin` and leaves `fee` into the mempool; returns its output. */
  async spend(coin: Coin, fee: bigint): Promise<Coin> {
    const transaction = spendingOf(coin, fee);
    await this.call('sendrawtransaction', Buffer.from(transaction).toString('hex'), 0);
    return coinOf(transaction);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.#node.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export interface Coin {
  readonly txid: Uint8Array;
  readonly value: bigint;
}

function coinOf(transaction: Uint8Array): Coin {
  const { txid, outputs } = parseTransaction(transaction);
  return { txid, value: outputs[0]?.value ?? 0n };
}

function spendingOf({ txid, value }: Coin, fee: bigint): Uint8Array {
  const output: TxOut = { value: value - fee, script: OP_TRUE };
  return Buffer.concat([
    Uint8Array.of(2, 0, 0, 0, 1),
    txid,
    Uint8Array.of(0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    encodeCountedOutputs([output, ...PADDING]),
    new Uint8Array(4),
  ]);
}

async function startNode(
  folder: string,
  extraArgs: readonly string[],
  ipc: BitcoindBinary | undefined,
  rpcPort?: number,
): Promise<Bitcoind> {
  return await startBitcoind({
    binary: ipc ?? (await obtainBitcoind({ cacheDir })),
    ipc: ipc !== undefined,
    chain: 'regtest',
    dataDir: folder,
    zmq: true,
    extraArgs: ['-acceptnonstdtxn=1', '-minrelaytxfee=0', ...extraArgs],
    ...(rpcPort === undefined ? {} : { rpcPort }),
  });
}

function clientOf({ rpcUrl, cookieFile }: Bitcoind): RpcClient {
  return createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
}

export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export function shown(hash: Uint8Array | undefined): string | undefined {
  return hash === undefined ? undefined : displayHash(hash);
}
