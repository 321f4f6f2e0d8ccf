import { sameBytes } from '@sv2kit/bitcoin';
import { BestBlock } from '../best-block.ts';
import { Checkers } from '../checkers.ts';
import type { GuardableNode } from '../guard/guarded-node.ts';
import type { DecoderThread } from '../decoding/decoder-thread.ts';
import type { Logger } from '../host.ts';
import type { JobChecker, JobCheckerOptions } from '../job-check/job-checker.ts';
import { LIMITS } from '../limits.ts';
import type { CoinbaseReserve, Confirmation, HeldTemplate, NodeHealth, NodeTip, SubmitResult } from '../node.ts';
import { DEFAULT_FEE_THRESHOLD, DEFAULT_REFRESH_INTERVAL_MS, type NodeOptions } from '../node-options.ts';
import { NodeStatus } from '../node-status.ts';
import type { RpcCaller } from '../rpc/rpc-client.ts';
import { confirmation } from '../rpc/submission.ts';
import { type BlockOffer, submit } from '../submission.ts';
import { tipsOf } from '../tips.ts';
import { BlockReader } from './block-reader.ts';
import { ChainRecord } from './chain-record.ts';
import { type HeldStreamParts, heldStream } from './held-stream.ts';
import { offerOverIpc } from './ipc-submission.ts';
import type { IpcSession } from './ipc-session.ts';
import { NextBlock } from './next-block.ts';
import { SessionKeeper } from './session-keeper.ts';
import { TipFollower } from './tip-follower.ts';

export interface IpcNodeOptions extends NodeOptions {
  readonly ipc: string;
}

/** What a node has beside its IPC. */
export interface IpcNodeParts {
  readonly decoder: DecoderThread;
  /** Its RPC, for what IPC does not say. */
  readonly rpc?: RpcCaller | undefined;
}

/** What a template keeps free when nobody says: Bitcoin Core's own defaults. */
const DEFAULT_RESERVE: CoinbaseReserve = { weight: 8_000, sigops: 400 };

/** A node over its IPC socket. It is contacted at once and for as long as it is open. */
export class IpcNode implements GuardableNode {
  readonly name: string;
  readonly status: NodeStatus;
  readonly #keeper: SessionKeeper;
  readonly #log: Logger;
  readonly #record = new ChainRecord();
  readonly #tips: TipFollower;
  readonly #streams: Omit<HeldStreamParts, 'reserve' | 'best'>;
  readonly #checkers: Checkers;
  readonly #decoder: DecoderThread;
  readonly #rpc: RpcCaller | undefined;
  readonly #closing = new AbortController();

  constructor(options: IpcNodeOptions, { decoder, rpc }: IpcNodeParts) {
    const { clock, chain, random = Math.random } = options;
    this.name = options.name ?? options.ipc;
    this.#decoder = decoder;
    this.#rpc = rpc;
    this.#log = options.log.child({ node: this.name });
    const log = this.#log;
    const status = (this.status = new NodeStatus(log));
    const next = new NextBlock(clock);
    const keeper = new SessionKeeper({
      path: options.ipc,
      expected: { chain },
      status,
      clock,
      log,
      random,
      rpc,
    });
    this.#keeper = keeper;
    this.#tips = new TipFollower({ keeper, record: this.#record, next, status, clock, log });
    this.#streams = {
      keeper,
      next,
      status,
      clock,
      log,
      random,
      blocks: new BlockReader(decoder),
      streams: { count: 0 },
      refreshIntervalMs: options.refreshIntervalMs ?? DEFAULT_REFRESH_INTERVAL_MS,
      feeThreshold: options.feeThreshold ?? DEFAULT_FEE_THRESHOLD,
      isBest: (hash) => this.#isBest(hash),
    };
    this.#checkers = new Checkers({
      options: { ...options, log },
      submitBlock: (block) => this.submitBlock(block),
      onTip: (listener) => this.onTip(listener),
    });
    keeper.start();
  }

  get takesBlocks(): boolean {
    return this.#keeper.takesBlocks;
  }

  templates(
    signal: AbortSignal,
    reserve: CoinbaseReserve = DEFAULT_RESERVE,
    best = new BestBlock(),
  ): AsyncGenerator<HeldTemplate, void, void> {
    return heldStream({ ...this.#streams, reserve, best }, AbortSignal.any([signal, this.#closing.signal]));
  }

  tips(signal: AbortSignal): AsyncGenerator<NodeTip, void, void> {
    return tipsOf((listener) => this.onTip(listener), [signal, this.#closing.signal]);
  }

  /** Calls `listener` for each best block that follows the one known now. */
  onTip(listener: (tip: NodeTip) => void): Disposable {
    return this.#tips.onTip(listener);
  }

  onHealth(listener: () => void): Disposable {
    return this.status.onChange(listener);
  }

  /** Over IPC where the node offers it; undefined where there is none. */
  get caller(): RpcCaller | undefined {
    return this.#keeper.session?.rpc;
  }

  submitBlock(block: Uint8Array, signal?: AbortSignal): Promise<SubmitResult> {
    const closing = this.#closing.signal;
    const { clock, random, keeper, isBest } = this.#streams;
    const offer = (it: BlockOffer): Promise<SubmitResult> => offerOverIpc({ keeper, isBest }, it);
    const parts = { clock, random, log: this.#log, offer };
    return submit(parts, block, signal === undefined ? closing : AbortSignal.any([signal, closing]));
  }

  /** From the node's RPC where it offers one over IPC; else from the best blocks that were seen. */
  async confirm(hash: Uint8Array): Promise<Confirmation> {
    const { session } = this.#keeper;
    if (session?.rpc !== undefined) return await confirmation(session.rpc, hash);
    return this.#record.where(hash);
  }

  jobChecker(options: JobCheckerOptions = {}): JobChecker {
    return this.#checkers.start(options);
  }

  health(): NodeHealth {
    const { session } = this.#keeper;
    if (session === undefined) return this.status.health();
    const { questions, imports } = session.client.stats;
    return { ...this.status.health(), ipc: { questions, imports } };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#tips.close();
    await this.#keeper.close();
    await Promise.all([this.#decoder.close(), this.#checkers[Symbol.asyncDispose]()]);
  }

  /** Of a block that was handed over just now; without a connection, one that comes soon is waited for. */
  async #isBest(hash: Uint8Array): Promise<boolean> {
    const rpc = this.#keeper.session?.rpc ?? this.#rpc;
    if (rpc !== undefined) {
      try {
        return (await confirmation(rpc, hash)).inBestChain;
      } catch (error) {
        this.#log.debug('a block cannot be confirmed by RPC', { error });
      }
    }
    const session = await this.#sessionSoon();
    const tip = await session?.client.getTip(session.lanes.ask);
    return (tip !== undefined && sameBytes(tip.hash, hash)) || this.#record.where(hash).inBestChain;
  }

  async #sessionSoon(): Promise<IpcSession | undefined> {
    const enough = new AbortController();
    using _timer = this.#streams.clock.after(LIMITS.secondOpinionMs, () => enough.abort());
    const signal = AbortSignal.any([enough.signal, this.#closing.signal]);
    for (;;) {
      const session = await this.#keeper.ready(signal);
      if (session !== undefined || signal.aborted) return session;
    }
  }
}
