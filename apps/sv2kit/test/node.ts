import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { displayHash, encodeCountedOutputs, parseTransaction } from '@sv2kit/bitcoin';
import { createRpcClient, type RpcClient } from '@sv2kit/bitcoin-node';
import { type Bitcoind, obtainBitcoind, startBitcoind } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';

const CACHE = fileURLToPath(new URL('../../../.cache', import.meta.url));
/** Pays to the SHA-256 of OP_TRUE: anybody may spend it. */
const ANYBODY = '00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260';
const CHEAP = ['-minrelaytxfee=0', '-blockmintxfee=0', '-acceptnonstdtxn=1'];

export interface Payment {
  readonly txid: string;
  readonly hex: string;
}

/** A regtest node of a test. */
export class Node implements AsyncDisposable {
  readonly folder: string;
  #node: Bitcoind;
  #rpc: RpcClient;
  #rewards = 1;

  private constructor(folder: string, node: Bitcoind) {
    this.folder = folder;
    this.#node = node;
    this.#rpc = clientOf(node);
  }

  static async start(): Promise<Node> {
    mkdirSync(CACHE, { recursive: true });
    const folder = mkdtempSync(join(tmpdir(), 'sv2kit-template-'));
    return new Node(folder, await start(folder));
  }

  get rpcUrl(): string {
    return this.#node.rpcUrl;
  }

  get cookieFile(): string {
    return this.#node.cookieFile;
  }

  /** What names this node on a command line. */
  get options(): readonly string[] {
    return ['--node', this.rpcUrl, '--cookie', this.cookieFile];
  }

  call(method: string, ...params: readonly unknown[]): Promise<unknown> {
    return this.#rpc.call(method, params);
  }

  async mine(count: number): Promise<void> {
    await this.call('generatetodescriptor', count, `raw(${ANYBODY})`);
  }

  /** Takes over another node's blocks. */
  async copy(other: Node): Promise<void> {
    const height = Number(await other.call('getblockcount'));
    for (let at = Number(await this.call('getblockcount')) + 1; at <= height; at += 1) {
      await this.call('submitblock', await other.call('getblock', await other.call('getblockhash', at), 0));
    }
  }

  /** A transaction that nobody has seen yet: it spends the next reward, or another's output, and leaves `fee` satoshis. */
  async payment(fee: bigint, spent?: Payment): Promise<Payment> {
    const parent = spent?.hex ?? (await this.#rewardHex());
    const { txid, outputs } = parseTransaction(Buffer.from(parent, 'hex'));
    const script = Buffer.from(ANYBODY, 'hex');
    const transaction = Buffer.concat([
      Uint8Array.of(2, 0, 0, 0, 0, 1, 1),
      txid,
      Uint8Array.of(0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
      encodeCountedOutputs([{ value: (outputs[0]?.value ?? 0n) - fee, script }]),
      Uint8Array.of(1, 1, 0x51, 0, 0, 0, 0),
    ]);
    return { txid: displayHash(parseTransaction(transaction).txid), hex: transaction.toString('hex') };
  }

  /** In the mempool. */
  async pay(fee: bigint, spent?: Payment): Promise<Payment> {
    const payment = await this.payment(fee, spent);
    await this.take(payment);
    return payment;
  }

  async take({ hex }: Payment): Promise<void> {
    await this.call('sendrawtransaction', hex, 0);
  }

  /** Stopped in good order and started again. */
  async restart(): Promise<void> {
    this.#rpc.close();
    await this.#node.stop();
    this.#node = await start(this.folder);
    this.#rpc = clientOf(this.#node);
    // Its mempool is read in the background.
    while (((await this.call('getmempoolinfo')) as { loaded: boolean }).loaded !== true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rpc.close();
    await this.#node.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #rewardHex(): Promise<string> {
    const hash = await this.call('getblockhash', this.#rewards++);
    const block = (await this.call('getblock', hash, 2)) as { readonly tx: readonly { readonly hex: string }[] };
    return block.tx[0]?.hex ?? '';
  }
}

async function start(folder: string): Promise<Bitcoind> {
  const binary = await obtainBitcoind({ cacheDir: CACHE });
  return await startBitcoind({ binary, chain: 'regtest', dataDir: join(folder, 'bitcoind'), extraArgs: CHEAP });
}

function clientOf({ rpcUrl, cookieFile }: Bitcoind): RpcClient {
  return createRpcClient({ url: rpcUrl, credentials: { cookieFile }, clock: systemClock });
}
