import type { ExpectedChain } from './chain-check.ts';
import { Channel } from '../channel.ts';
import type { Credentials } from './credentials.ts';
import type { Clock, Logger } from '../host.ts';
import type { JobChecker, JobCheckerOptions } from '../job-check/job-checker.ts';
import { WorkerChecker } from '../job-check/worker-checker.ts';
import { LIMITS } from '../limits.ts';
import type { CheckingNode } from '../create-node.ts';
import type { Confirmation, NodeHealth, NodeTip, SubmitResult, WholeTemplate } from '../node.ts';
import { DEFAULT_POLL_INTERVAL_MS, DEFAULT_REFRESH_INTERVAL_MS, type NodeOptions } from '../node-options.ts';
import { NodeStatus } from '../node-status.ts';
import { createRpcClient, type RpcClient } from './rpc-client.ts';
import { confirmation, submit } from './submission.ts';
import { TemplateSource } from './template-source.ts';
import { templateStream } from './template-stream.ts';
import { TipWatcher } from './tip-watcher.ts';

export interface RpcNodeOptions extends NodeOptions {
  readonly url: string;
}

/** How often a node without ZMQ is asked what its mempool holds. */
const DEFAULT_MEMPOOL_INTERVAL_MS = 1_000;
/** How many jobs the node may check at once: one in its hands, one on its way. */
const DEFAULT_CHECK_CONCURRENCY = 2;

/** A node over JSON-RPC, with ZMQ where it is configured. It is contacted at once and for as long as it is open. */
export function createRpcNode(options: RpcNodeOptions): RpcNode {
  return new RpcNode(options);
}

export class RpcNode implements CheckingNode {
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
  readonly #sources = new Set<TemplateSource>();
  readonly #checkers = new Set<WorkerChecker>();
  readonly #options: RpcNodeOptions;

  constructor(options: RpcNodeOptions) {
    const { clock, zmqHashBlock, chain, knownBlocks } = options;
    this.#options = options;
    this.#client = createRpcClient({ url: options.url, credentials: credentialsOf(options), clock });
    this.name = options.name ?? this.#client.url.host;
    this.#clock = clock;
    this.#log = options.log.child({ node: this.name });
    this.#random = options.random ?? Math.random;
    this.#refreshIntervalMs = options.refreshIntervalMs ?? DEFAULT_REFRESH_INTERVAL_MS;
    this.#status = new NodeStatus(this.#log);
    const expected: ExpectedChain = { chain, knownBlocks };
    const parts = { client: this.#client, status: this.#status, clock, log: this.#log, expected, zmqHashBlock };
    this.#tips = new TipWatcher({ ...parts, pollIntervalMs: options.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS });
    this.#tips.start();
  }

  async *templates(signal: AbortSignal): AsyncGenerator<WholeTemplate, void, void> {
    const source = new TemplateSource(this.#client, this.#clock);
    this.#sources.add(source);
    const parts = {
      source,
      tips: this.#tips,
      status: this.#status,
      clock: this.#clock,
      random: this.#random,
      refreshIntervalMs: this.#refreshIntervalMs,
    };
    try {
      yield* templateStream(parts, AbortSignal.any([signal, this.#closing.signal]));
    } finally {
      this.#sources.delete(source);
      await source.close();
    }
  }

  async *tips(signal: AbortSignal): AsyncGenerator<NodeTip, void, void> {
    const channel = new Channel<NodeTip>(LIMITS.maxWaitingTips);
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const close = (): void => channel.close();
    stop.addEventListener('abort', close, { once: true });
    if (stop.aborted) close();
    using _listener = this.#tips.onTip((tip) => channel.push(tip));
    try {
      yield* channel;
    } finally {
      stop.removeEventListener('abort', close);
    }
  }

  submitBlock(block: Uint8Array, signal?: AbortSignal): Promise<SubmitResult> {
    const closing = this.#closing.signal;
    const parts = { client: this.#client, clock: this.#clock, log: this.#log, random: this.#random };
    return submit(parts, block, signal === undefined ? closing : AbortSignal.any([signal, closing]));
  }

  confirm(hash: Uint8Array): Promise<Confirmation> {
    return confirmation(this.#client, hash);
  }

  jobChecker(options: JobCheckerOptions = {}): JobChecker {
    const { url, chain, knownBlocks, pollIntervalMs } = this.#options;
    const { zmqSequence } = options;
    const settings = {
      url,
      credentials: credentialsOf(this.#options),
      chain,
      knownBlocks,
      pollIntervalMs: pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS,
      mempoolIntervalMs:
        (options.mempoolIntervalMs ?? DEFAULT_MEMPOOL_INTERVAL_MS) * (zmqSequence === undefined ? 1 : 10),
      concurrency: options.concurrency ?? DEFAULT_CHECK_CONCURRENCY,
    };
    const parts = { settings, zmqSequence, clock: this.#clock, log: this.#log, random: this.#random };
    const checker = new WorkerChecker({
      ...parts,
      submitBlock: (block) => this.submitBlock(block),
      onRumour: (look) => this.#tips.onTip(look),
    });
    this.#checkers.add(checker);
    return checker;
  }

  health(): NodeHealth {
    return this.#status.health();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#tips.close();
    this.#client.close();
    await Promise.all([
      ...Array.from(this.#sources, (source) => source.close()),
      ...Array.from(this.#checkers, (checker) => checker[Symbol.asyncDispose]()),
    ]);
  }
}

function credentialsOf({ cookieFile, user, password }: RpcNodeOptions): Credentials {
  if (cookieFile !== undefined) return { cookieFile };
  if (user !== undefined && password !== undefined) return { user, password };
  throw new TypeError('a node needs either a cookie file or a user and a password');
}
