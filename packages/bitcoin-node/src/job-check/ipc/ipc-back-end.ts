import { sameBytes } from '@sv2kit/bitcoin';
import { BackOff } from '../../back-off.ts';
import { pause } from '../../host.ts';
import { IpcError } from '../../ipc/client/ipc-error.ts';
import { LIMITS } from '../../limits.ts';
import type { IpcHoldings } from '../../node.ts';
import type { Credentials } from '../../rpc/credentials.ts';
import { createRpcClient, type RpcClient } from '../../rpc/rpc-client.ts';
import { WrongChainError } from '../../rpc/chain-check.ts';
import {
  type BackEnd,
  type BackEndHost,
  isNodeFault,
  isSameWork,
  type NodeTransactions,
  valueOf,
  type WorkTip,
} from '../back-end.ts';
import type { CheckedTransaction, HashKey } from '../checked-transaction.ts';
import type { DraftBlock } from '../draft-block.ts';
import type { Judgement } from '../judgement.ts';
import { KnownTransactions } from '../known-transactions.ts';
import type { MempoolNews } from '../messages.ts';
import { RecentTransactions } from '../recent-transactions.ts';
import { checkBlock } from './check-block.ts';
import { greatestClaim, type UnknownClaim } from './greatest-claim.ts';
import { CheckSession, type CheckSessionOptions } from './check-session.ts';
import { FeeDesk } from './fee-desk.ts';
import { openSource, type TransactionSource } from './transaction-source.ts';

export interface IpcBackEndOptions extends CheckSessionOptions {
  /** How often transactions are looked for, where the node cannot be asked for single ones. */
  readonly mempoolIntervalMs: number;
  /** Of the same node; asked for what IPC does not say. */
  readonly rpc?: { readonly url: string; readonly credentials: Credentials } | undefined;
}

interface Connection {
  readonly session: CheckSession;
  readonly source: TransactionSource;
}

/** A node over its IPC mining interface. Connects again and again until it is closed. */
export class IpcBackEnd implements BackEnd {
  readonly transactions: NodeTransactions;
  readonly #options: IpcBackEndOptions;
  readonly #host: BackEndHost;
  /** With their fees. */
  readonly #known = new KnownTransactions();
  /** Without. */
  readonly #fetched = new RecentTransactions({
    transactions: LIMITS.maxFetchedTransactions,
    bytes: LIMITS.maxFetchedBytes,
  });
  readonly #closing = new AbortController();
  readonly #fees: FeeDesk;
  readonly #rpc: RpcClient | undefined;
  #connection: Connection | undefined;
  #tip: WorkTip | undefined;
  #mined: { readonly hash: Uint8Array; readonly txids: Promise<ReadonlySet<HashKey>> } | undefined;
  #hasWarned = false;

  constructor(options: IpcBackEndOptions, host: BackEndHost) {
    this.#options = options;
    this.#host = host;
    this.#fees = new FeeDesk(host.clock, host.log);
    const { rpc } = options;
    this.#rpc = rpc && createRpcClient({ ...rpc, clock: host.clock });
    const [known, fetched] = [this.#known, this.#fetched];
    this.transactions = {
      get: (wtxid) => known.get(wtxid) ?? fetched.get(wtxid),
      get size() {
        return known.size + fetched.size;
      },
      get bytes() {
        return known.bytes + fetched.bytes;
      },
    };
  }

  get tip(): WorkTip | undefined {
    return this.#tip;
  }

  get ipc(): IpcHoldings | undefined {
    const stats = this.#connection?.session.client.stats;
    return stats && { questions: stats.questions, imports: stats.imports };
  }

  start(): void {
    void this.#run();
  }

  /** In good order: nodes of version 30 do not take it well when a connection breaks while they wait for something. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.source.close();
    this.#rpc?.close();
    await this.#connection?.session.close();
  }

  /** The node tells of its tips by itself. */
  look(): void {}

  hear(news: MempoolNews): void {
    this.#connection?.source.hear(news);
  }

  async seek(wtxids: readonly HashKey[]): Promise<void> {
    await this.#connection?.source.seek(wtxids);
  }

  async judge(
    block: DraftBlock,
    transactions: readonly CheckedTransaction[],
    tip: WorkTip,
    signal: AbortSignal,
  ): Promise<Judgement> {
    const { client, lanes, questions } = this.#open().session;
    return await lanes.checks.run(async (lane) => {
      const opinion = await checkBlock(client, lane, block.bytes);
      signal.throwIfAborted();
      if (opinion.kind !== 'valid') return opinion;
      const unknown = this.#unknownFees(transactions);
      const isQuick = unknown <= LIMITS.feeQuestions;
      if (isQuick && unknown > 0 && !(await this.#fees.ask(questions, transactions, tip, signal))) {
        return { kind: 'stale' };
      }
      if (this.#unknownFees(transactions) === 0) return { kind: 'valid', value: valueOf(transactions, tip) };
      const claim = await greatestClaim(client, lane, block.bytes);
      if (claim.kind === 'stale') return claim;
      if (claim.kind === 'unknown') {
        return { kind: 'valid', value: this.#estimate(claim, transactions, tip) };
      }
      fillLastFee(transactions, Number(claim.value) - tip.subsidy);
      if (!isQuick) void this.#fees.askMeanwhile(questions, transactions, tip, this.#closing.signal);
      return { kind: 'valid', value: claim.value };
    });
  }

  mined(hash: Uint8Array): Promise<ReadonlySet<HashKey>> {
    if (this.#mined !== undefined && sameBytes(this.#mined.hash, hash)) return this.#mined.txids;
    const txids = this.#open().session.mined(hash);
    this.#mined = { hash, txids };
    return txids;
  }

  async #run(): Promise<void> {
    const { clock, log, random } = this.#host;
    const { signal } = this.#closing;
    const backOff = new BackOff(random);
    while (!signal.aborted) {
      const startedMs = clock.now();
      try {
        await this.#serve(await CheckSession.open({ ...this.#options, clock, log, rpc: this.#rpc }, signal));
      } catch (error) {
        if (signal.aborted) return;
        if (!isNodeFault(error) && !(error instanceof WrongChainError)) log.error('the job checker failed', { error });
        this.#lose(error instanceof Error ? error.message : String(error));
      }
      if (clock.now() - startedMs >= LIMITS.ipcSettledMs) backOff.reset();
      await pause(clock, backOff.next(), signal);
    }
  }

  /** Until the connection ends. */
  async #serve(session: CheckSession): Promise<void> {
    const { clock, log } = this.#host;
    const { mempoolIntervalMs: intervalMs } = this.#options;
    const [known, fetched] = [this.#known, this.#fetched];
    const source = openSource({ session, clock, log, known, fetched, rpc: this.#rpc, intervalMs });
    this.#connection = { session, source };
    try {
      for await (const found of session.tips(this.#closing.signal)) {
        if (typeof found === 'string') this.#lose(found);
        else this.#set(found, source);
      }
    } finally {
      this.#connection = undefined;
      source.close();
      await session.close();
    }
  }

  #set(tip: WorkTip, source: TransactionSource): void {
    const before = this.#tip;
    this.#tip = tip;
    if (before !== undefined && isSameWork(before, tip)) return;
    this.#host.onTip(tip);
    source.onTip();
    void this.#sweep(tip.hash);
  }

  #lose(reason: string): void {
    this.#tip = undefined;
    this.#host.onAway(reason);
  }

  /** What the new block holds need not be kept. */
  async #sweep(hash: Uint8Array): Promise<void> {
    try {
      const mined = await this.mined(hash);
      this.#fetched.sweep(mined, this.#host.clock.now());
    } catch (error) {
      if (!isNodeFault(error)) throw error;
    }
  }

  #open(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    const { path } = this.#options;
    throw new IpcError('disconnected', `the node at ${path} is away`, { path });
  }

  /** Of how many transactions neither this node's templates nor its answers told the fee. */
  #unknownFees(transactions: readonly CheckedTransaction[]): number {
    for (const transaction of transactions) transaction.fee ??= this.#known.get(transaction.wtxid)?.fee;
    return transactions.filter(({ fee }) => fee === undefined).length;
  }

  /** No more than the coinbase may claim, and no less than this one does. */
  #estimate({ remark, paid }: UnknownClaim, transactions: readonly CheckedTransaction[], tip: WorkTip): bigint {
    if (!this.#hasWarned) this.#host.log.warn('the node does not say what a coinbase may claim', { remark });
    this.#hasWarned = true;
    const known = valueOf(transactions, tip);
    return known > paid ? known : paid;
  }
}

/** One fee that is not known is what the others leave. */
function fillLastFee(transactions: readonly CheckedTransaction[], all: number): void {
  const [last, ...more] = transactions.filter(({ fee }) => fee === undefined);
  if (last === undefined || more.length > 0) return;
  last.fee = transactions.reduce((rest, { fee = 0 }) => rest - fee, all);
}
