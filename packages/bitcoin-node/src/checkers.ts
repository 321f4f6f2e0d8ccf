import type { JobChecker, JobCheckerOptions } from './job-check/job-checker.ts';
import type { CheckerSettings } from './job-check/messages.ts';
import { WorkerChecker } from './job-check/worker-checker.ts';
import type { NodeTip, SubmitResult } from './node.ts';
import { DEFAULT_POLL_INTERVAL_MS, type NodeOptions } from './node-options.ts';
import { credentialsOf } from './rpc/credentials.ts';

/** How often a node without ZMQ is asked what its mempool holds. */
const DEFAULT_MEMPOOL_INTERVAL_MS = 1_000;
/** How many jobs the node may check at once: one in its hands, one on its way. */
const DEFAULT_CHECK_CONCURRENCY = 2;

export interface CheckersParts {
  readonly options: NodeOptions;
  submitBlock(block: Uint8Array): Promise<SubmitResult>;
  onTip(listener: (tip: NodeTip) => void): Disposable;
}

/** Starts the job checkers of a node. */
export class Checkers implements AsyncDisposable {
  readonly #parts: CheckersParts;
  readonly #open = new Set<WorkerChecker>();

  constructor(parts: CheckersParts) {
    this.#parts = parts;
  }

  start(own: JobCheckerOptions): JobChecker {
    const { clock, log, random = Math.random } = this.#parts.options;
    const { zmqSequence } = own;
    const checker = new WorkerChecker({
      settings: settingsOf(this.#parts.options, own),
      zmqSequence,
      clock,
      log,
      random,
      submitBlock: (block) => this.#parts.submitBlock(block),
      onRumour: (look) => this.#parts.onTip(look),
    });
    this.#open.add(checker);
    return checker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#open, (checker) => checker[Symbol.asyncDispose]()));
  }
}

function settingsOf(options: NodeOptions, own: JobCheckerOptions): CheckerSettings {
  const { ipc, url, chain, guard, pollIntervalMs } = options;
  const { zmqSequence } = own;
  return {
    ...(ipc === undefined ? {} : { ipc }),
    ...(url === undefined ? {} : { url, credentials: credentialsOf(options) }),
    chain,
    knownBlocks: guard?.blocks,
    pollIntervalMs: pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS,
    mempoolIntervalMs: (own.mempoolIntervalMs ?? DEFAULT_MEMPOOL_INTERVAL_MS) * (zmqSequence === undefined ? 1 : 10),
    concurrency: own.concurrency ?? DEFAULT_CHECK_CONCURRENCY,
  };
}
