import type { Network } from '@sv2kit/bitcoin';
import { createRpcClient, type Credentials, type RpcClient } from '@sv2kit/bitcoin-node';
import { systemClock } from '@sv2kit/daemon';
import { CommandError } from '../command.ts';
import { Answer } from './json.ts';
import { asked, NodeError } from './node-error.ts';
import type { TemplateSnapshot, TemplateTransaction } from './snapshot.ts';

/** A template of a full block is about 9 MB of JSON. */
const MAX_ANSWER = 64 * 1024 * 1024;
const NOT_FOUND = -5;

const CHAINS: Readonly<Record<string, Network>> = {
  main: 'mainnet',
  test: 'testnet',
  testnet4: 'testnet4',
  signet: 'signet',
  regtest: 'regtest',
};

/** A transaction of the node's mempool. Fees in satoshis. */
export interface MempoolEntry {
  readonly weight: number;
  readonly fee: bigint;
  /** What the fee counts as: fee and delta. */
  readonly countsAs: bigint;
  /** Others that it spends from, and that spend from it, in the mempool. */
  readonly ancestors: number;
  readonly descendants: number;
}

/** What somebody has told the node about a transaction. */
export interface Choice {
  readonly txid: string;
  /** Satoshis that its fee counts as more, or less. */
  readonly delta: bigint;
  readonly isInMempool: boolean;
}

export interface MinersNodeOptions {
  /** `http://host:port`, without credentials. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Refuse another one. */
  readonly chain: Network | undefined;
}

/** A Bitcoin node whose templates somebody mines, over JSON-RPC. Every method throws CommandError. */
export class MinersNode implements Disposable {
  readonly url: string;
  readonly chain: Network;
  readonly #rpc: RpcClient;

  private constructor(url: string, chain: Network, rpc: RpcClient) {
    this.url = url;
    this.chain = chain;
    this.#rpc = rpc;
  }

  /** Asks the node which chain it is on. */
  static async open({ url, credentials, chain: wanted }: MinersNodeOptions): Promise<MinersNode> {
    const rpc = createRpcClient({ url, credentials, clock: systemClock });
    try {
      const method = 'getblockchaininfo';
      const name = await asked(url, async () => new Answer(method, await rpc.call(method)).text('chain'));
      const chain = CHAINS[name];
      if (chain === undefined) throw new CommandError(`the node at ${url} is on a chain that is called ${name}`);
      if (wanted !== undefined && chain !== wanted) {
        throw new CommandError(`the node at ${url} is on ${chain}, not on ${wanted}`);
      }
      return new MinersNode(url, chain, rpc);
    } catch (error) {
      rpc.close();
      throw error;
    }
  }

  async template(): Promise<TemplateSnapshot> {
    const rules = [...(this.chain === 'signet' ? ['signet'] : []), 'segwit'];
    return await this.#ask('getblocktemplate', [{ rules }], (answer) => ({
      from: this.url,
      chain: this.chain,
      height: answer.number('height'),
      prevHash: answer.text('previousblockhash'),
      transactions: answer.list('transactions').map(readTransaction),
      value: answer.satoshis('coinbasevalue'),
    }));
  }

  /** Undefined when it is not in the mempool. */
  async mempoolEntry(txid: string): Promise<MempoolEntry | undefined> {
    const method = 'getmempoolentry';
    const found = await this.#lookUp(method, txid);
    return found === undefined ? undefined : await asked(this.url, async () => readEntry(new Answer(method, found)));
  }

  /** Ids of all transactions in the mempool that this one spends from, at whatever distance. */
  async ancestors(txid: string): Promise<readonly string[]> {
    const found = await this.#lookUp('getmempoolancestors', txid);
    return Array.isArray(found) ? found.map(String) : [];
  }

  /** What an output holds that nobody has spent in the chain, in satoshis. */
  async unspent(txid: string, index: number): Promise<bigint | undefined> {
    const method = 'gettxout';
    const found = await this.#call(method, txid, index, false);
    if (found === null) return undefined;
    return await asked(this.url, async () => new Answer(method, found).bitcoins('value'));
  }

  /** Whether the node has the block in its best chain, or at least knows it. */
  async knowsBlock(hash: string): Promise<boolean> {
    return (await this.#lookUp('getblockheader', hash)) !== undefined;
  }

  /** All that was chosen and not forgotten, the node's own answer. */
  async choices(): Promise<readonly Choice[]> {
    return await this.#ask('getprioritisedtransactions', [], (answer) =>
      answer.entries().map(([txid, entry]) => ({
        txid,
        delta: entry.satoshis('fee_delta'),
        isInMempool: entry.flag('in_mempool'),
      })),
    );
  }

  async choice(txid: string): Promise<bigint> {
    return (await this.choices()).find((choice) => choice.txid === txid)?.delta ?? 0n;
  }

  /** Adds to what was chosen before. */
  async prioritise(txid: string, by: bigint): Promise<void> {
    if (by !== 0n) await this.#call('prioritisetransaction', txid, 0, Number(by));
  }

  /** Hands the node a transaction, whatever it pays. */
  async send(hex: string): Promise<void> {
    await this.#call('sendrawtransaction', hex, 0);
  }

  [Symbol.dispose](): void {
    this.#rpc.close();
  }

  /** Calls, and reads the answer. */
  #ask<T>(method: string, params: readonly unknown[], read: (answer: Answer) => T): Promise<T> {
    return asked(this.url, async () => read(new Answer(method, await this.#call(method, ...params))));
  }

  async #lookUp(method: string, id: string): Promise<unknown> {
    try {
      return await this.#call(method, id);
    } catch (error) {
      if (error instanceof NodeError && error.rpcCode === NOT_FOUND) return undefined;
      throw error;
    }
  }

  #call(method: string, ...params: readonly unknown[]): Promise<unknown> {
    return asked(this.url, () => this.#rpc.call(method, params, { maxBytes: MAX_ANSWER }));
  }
}

function readTransaction(entry: Answer): TemplateTransaction {
  return { txid: entry.text('txid'), weight: entry.number('weight'), fee: entry.satoshis('fee') };
}

function readEntry(entry: Answer): MempoolEntry {
  const fees = entry.object('fees');
  return {
    weight: entry.number('weight'),
    fee: fees.bitcoins('base'),
    countsAs: fees.bitcoins('modified'),
    ancestors: entry.number('ancestorcount') - 1,
    descendants: entry.number('descendantcount') - 1,
  };
}
