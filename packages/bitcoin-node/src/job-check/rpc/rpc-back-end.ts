import { displayHash } from '@sv2kit/bitcoin';
import { LIMITS } from '../../limits.ts';
import type { NodeTransaction } from '../../node.ts';
import type { ExpectedChain } from '../../rpc/chain-check.ts';
import type { Credentials } from '../../rpc/credentials.ts';
import { createRpcClient, type RpcClient } from '../../rpc/rpc-client.ts';
import { type BackEnd, type BackEndHost, valueOf, type WorkTip } from '../back-end.ts';
import { type CheckedTransaction, type HashKey, hashKey } from '../checked-transaction.ts';
import type { DraftBlock } from '../draft-block.ts';
import type { Judgement } from '../judgement.ts';
import { KnownTransactions } from '../known-transactions.ts';
import type { MempoolNews } from '../messages.ts';
import { minedTxids } from '../txids.ts';
import { within } from '../within.ts';
import { fillFees } from './fees.ts';
import { MempoolLoop } from './mempool-loop.ts';
import { propose } from './proposal.ts';
import { TipKeeper } from './tip-keeper.ts';

export interface RpcBackEndOptions {
  readonly url: string;
  readonly credentials: Credentials;
  readonly expected: ExpectedChain;
  readonly pollIntervalMs: number;
  readonly mempoolIntervalMs: number;
}

/** A node over JSON-RPC: blocks are proposed to it (BIP23), and its mempool is mirrored here. */
export class RpcBackEnd implements BackEnd {
  readonly transactions = new KnownTransactions();
  readonly #host: BackEndHost;
  readonly #client: RpcClient;
  readonly #tips: TipKeeper;
  readonly #mempool: MempoolLoop;
  readonly #closing = new AbortController();
  #isAway = true;

  constructor(options: RpcBackEndOptions, host: BackEndHost) {
    const { url, credentials, expected, pollIntervalMs, mempoolIntervalMs: intervalMs } = options;
    const { clock, log } = host;
    this.#host = host;
    this.#client = createRpcClient({ url, credentials, clock });
    this.#tips = new TipKeeper({
      client: this.#client,
      clock,
      expected,
      pollIntervalMs,
      onTransactions: (transactions) => this.#learn(transactions),
      onTip: (tip) => this.#onTip(tip),
      onAway: (reason) => this.#onAway(reason),
    });
    this.#mempool = new MempoolLoop({ client: this.#client, clock, log, known: this.transactions, intervalMs });
  }

  get tip(): WorkTip | undefined {
    return this.#tips.current;
  }

  start(): void {
    this.#tips.start();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#tips.close();
    this.#mempool.pause();
    this.#client.close();
  }

  look(): void {
    void this.#tips.look();
  }

  hear(news: MempoolNews): void {
    void this.#mempool.hear(news);
  }

  /** The mempool is looked at once more: not for these alone, as the node can only be asked for txids. */
  seek(): Promise<void> {
    return within(this.#host.clock, LIMITS.missingGraceMs, this.#mempool.refresh());
  }

  async judge(
    block: DraftBlock,
    transactions: readonly CheckedTransaction[],
    tip: WorkTip,
    signal: AbortSignal,
  ): Promise<Judgement> {
    const answer = await propose(this.#client, block.bytes);
    signal.throwIfAborted();
    if (answer.kind !== 'valid') return answer;
    if (!(await fillFees(this.#client, transactions, displayHash(tip.hash), signal))) return { kind: 'stale' };
    return { kind: 'valid', value: valueOf(transactions, tip) };
  }

  mined(hash: Uint8Array): Promise<ReadonlySet<HashKey>> {
    return minedTxids(this.#client, hash, { signal: this.#closing.signal, lane: 'mempool' });
  }

  #learn(transactions: readonly NodeTransaction[]): void {
    for (const { wtxid, data, fee } of transactions) this.transactions.learn(hashKey(wtxid), data, Number(fee));
  }

  #onTip(tip: WorkTip): void {
    this.#host.onTip(tip);
    if (this.#isAway) this.#mempool.resume();
    this.#isAway = false;
  }

  #onAway(reason: string): void {
    this.#host.onAway(reason);
    this.#mempool.pause();
    this.#isAway = true;
  }
}
