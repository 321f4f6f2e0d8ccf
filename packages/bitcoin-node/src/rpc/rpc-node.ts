import type { ExpectedChain } from './chain-check.ts';
import { BestBlock } from '../best-block.ts';
import { Checkers } from '../checkers.ts';
import { DecoderThread } from '../decoding/decoder-thread.ts';
import { credentialsOf } from './credentials.ts';
import type { Clock, Logger } from '../host.ts';
import type { JobChecker, JobCheckerOptions } from '../job-check/job-checker.ts';
import type { GuardableNode } from '../guard/guarded-node.ts';
import type { CoinbaseReserve, Confirmation, NodeHealth, NodeTip, SubmitResult, WholeTemplate } from '../node.ts';
import { DEFAULT_POLL_INTERVAL_MS, DEFAULT_REFRESH_INTERVAL_MS, type NodeOptions } from '../node-options.ts';
import { NodeStatus } from '../node-status.ts';
import { createRpcClient, type RpcCaller, type RpcClient } from './rpc-client.ts';
import { type BlockOffer, submit } from '../submission.ts';
import { confirmation, submitOnce } from './submission.ts';
import { TemplateSource } from './template-source.ts';
import { templateStream } from './template-stream.ts';
import { TipWatcher } from './tip-watcher.ts';
import { tipsOf } from '../tips.ts';

export interface RpcNodeOptions extends NodeOptions {
  readonly url: string;
}

/** What a node has beside its RPC. */
export interface RpcNodeParts {
  readonly decoder: DecoderThread;
  /** Whether another way to the node works: then this one is only looked after. */
  readonly isStandby?: (() => boolean) | undefined;
}

/** A node over JSON-RPC, with ZMQ where it is configured. It is contacted at once and for as long as it is open. */
export function createRpcNode(options: RpcNodeOptions): RpcNode {
  return new RpcNode(options, { decoder: new DecoderThread() });
}

export class RpcNode implements GuardableNode {
  readonly name: string;
  readonly takesBlocks = true;
  readonly #client: RpcClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #random: () => number;
  readonly #refreshIntervalMs: number;
  readonly #status: NodeStatus;
  readonly #tips: TipWatcher;
  readonly #closing = new AbortController();
  readonly #checkers: Checkers;
  readonly #decoder: DecoderThread;

  constructor(options: RpcNodeOptions, { decoder, isStandby }: RpcNodeParts) {
    const { clock, zmqHashBlock, chain } = options;
    this.#decoder = decoder;
    this.#client = createRpcClient({ url: options.url, credentials: credentialsOf(options), clock });
    this.name = options.name ?? this.#client.url.host;
    this.#clock = clock;
    this.#log = options.log.child({ node: this.name });
    this.#random = options.random ?? Math.random;
    this.#refreshIntervalMs = options.refreshIntervalMs ?? DEFAULT_REFRESH_INTERVAL_MS;
    this.#status = new NodeStatus(this.#log, isStandby);
    const expected: ExpectedChain = { chain };
    const parts = {
      client: this.#client,
      status: this.#status,
      clock,
      log: this.#log,
      expected,
      zmqHashBlock,
      isStandby,
    };
    this.#tips = new TipWatcher({ ...parts, pollIntervalMs: options.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS });
    this.#tips.start();
    this.#checkers = new Checkers({
      options: { ...options, log: this.#log },
      submitBlock: (block) => this.submitBlock(block),
      onTip: (listener) => this.onTip(listener),
    });
  }

  async *templates(
    signal: AbortSignal,
    _reserve?: CoinbaseReserve,
    best = new BestBlock(),
  ): AsyncGenerator<WholeTemplate, void, void> {
    const source = new TemplateSource(this.#client, this.#clock, this.#decoder);
    const parts = {
      source,
      tips: this.#tips,
      status: this.#status,
      clock: this.#clock,
      random: this.#random,
      best,
      refreshIntervalMs: this.#refreshIntervalMs,
    };
    try {
      yield* templateStream(parts, AbortSignal.any([signal, this.#closing.signal]));
    } finally {
      source.close();
    }
  }

  tips(signal: AbortSignal): AsyncGenerator<NodeTip, void, void> {
    return tipsOf((listener) => this.onTip(listener), [signal, this.#closing.signal]);
  }

  /** Its JSON-RPC, for what else there is to ask. */
  get caller(): RpcCaller {
    return this.#client;
  }

  submitBlock(block: Uint8Array, signal?: AbortSignal): Promise<SubmitResult> {
    const closing = this.#closing.signal;
    const parts = {
      clock: this.#clock,
      log: this.#log,
      random: this.#random,
      offer: (offer: BlockOffer, stop: AbortSignal) => submitOnce(this.#client, offer, stop),
    };
    return submit(parts, block, signal === undefined ? closing : AbortSignal.any([signal, closing]));
  }

  confirm(hash: Uint8Array): Promise<Confirmation> {
    return confirmation(this.#client, hash);
  }

  jobChecker(options: JobCheckerOptions = {}): JobChecker {
    return this.#checkers.start(options);
  }

  /** Calls `listener` for each best block that follows the one known now. */
  onTip(listener: (tip: NodeTip) => void): Disposable {
    return this.#tips.onTip(listener);
  }

  onHealth(listener: () => void): Disposable {
    return this.#status.onChange(listener);
  }

  health(): NodeHealth {
    return this.#status.health();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#tips.close();
    this.#client.close();
    await Promise.all([this.#decoder.close(), this.#checkers[Symbol.asyncDispose]()]);
  }
}
