import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BackOff } from '../back-off.ts';
import type { Clock, Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { SubmitResult } from '../node.ts';
import type { JobChecker, JobCheckerStatus, JobTip, JobToCheck, JobVerdict } from './job-checker.ts';
import { MempoolFeed } from './mempool-feed.ts';
import type { CheckerSettings, FromChecker, MempoolNews, ToChecker } from './messages.ts';
import { absurdityOf, buffersOfJob, packJob } from './pack-job.ts';

export interface WorkerCheckerParts {
  readonly settings: CheckerSettings;
  /** Where the node publishes its mempool's changes. */
  readonly zmqSequence?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1), for back-off. */
  readonly random: () => number;
  submitBlock(block: Uint8Array): Promise<SubmitResult>;
  /** Calls back when the node's best block is said to have changed, which is sooner than polling finds out. */
  readonly onRumour?: (look: () => void) => Disposable;
  /** The thread's program, for tests. */
  readonly program?: URL;
}

// The worker's file has this file's ending: .ts in the workspace, .js where it is published.
const PROGRAM = new URL(`./checker-worker${extname(import.meta.url)}`, import.meta.url);

interface WaitingBlock {
  resolve(block: Uint8Array): void;
  reject(reason: unknown): void;
}

const IDLE: JobCheckerStatus = {
  known: 0,
  bytes: 0,
  validated: 0,
  validatedBytes: 0,
  jobs: 0,
  jobBytes: 0,
  running: 0,
  waiting: 0,
};

/** The near side of a checker that works in a thread of its own; it starts another one when that dies. */
export class WorkerChecker implements JobChecker {
  readonly #parts: WorkerCheckerParts;
  readonly #backOff: BackOff;
  readonly #listeners = new Set<(tip: JobTip) => void>();
  readonly #checks = new Map<number, (verdict: JobVerdict) => void>();
  readonly #blocks = new Map<number, WaitingBlock>();
  #worker: Worker | undefined;
  readonly #feed: MempoolFeed | undefined;
  readonly #rumours: Disposable | undefined;
  #restart: Disposable | undefined;
  #tip: JobTip | undefined;
  #status: JobCheckerStatus = IDLE;
  #reason: string | undefined = 'no answer from the node yet';
  #nextId = 0;
  #isClosed = false;

  constructor(parts: WorkerCheckerParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.random);
    const { zmqSequence: endpoint, clock, log } = parts;
    if (endpoint !== undefined) {
      const onNews = (news: MempoolNews): void => this.#post({ kind: 'mempool', news });
      this.#feed = new MempoolFeed({ endpoint, clock, log, onNews, onBlock: () => this.#look() });
    }
    this.#rumours = parts.onRumour?.(() => this.#look());
    this.#start();
  }

  get tip(): JobTip | undefined {
    return this.#tip;
  }

  onTip(listener: (tip: JobTip) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  check(job: JobToCheck, signal?: AbortSignal): Promise<JobVerdict> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const tip = this.#tip;
    if (this.#worker === undefined || tip === undefined) {
      return Promise.resolve({ kind: 'unavailable', reason: this.status().reason ?? 'the node is away' });
    }
    const absurdity = absurdityOf(job);
    if (absurdity !== undefined) return Promise.resolve({ kind: 'invalid', reason: absurdity });
    const id = (this.#nextId += 1);
    const packed = packJob(job);
    this.#post({ kind: 'check', id, job: packed, tip: tip.hash }, buffersOfJob(packed));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#checks.delete(id);
        this.#post({ kind: 'abort', id });
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#checks.set(id, (verdict) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(verdict);
      });
    });
  }

  async submit(handle: number, header: Uint8Array, coinbase: Uint8Array): Promise<SubmitResult> {
    let block: Uint8Array;
    try {
      block = await this.block(handle, header, coinbase);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log.error('block of a checked job not assembled', { handle, reason });
      return { kind: 'unreachable', reason };
    }
    return await this.#parts.submitBlock(block);
  }

  block(handle: number, header: Uint8Array, coinbase: Uint8Array): Promise<Uint8Array> {
    if (this.#worker === undefined) return Promise.reject(new Error('the job checker is not running'));
    const id = (this.#nextId += 1);
    this.#post({ kind: 'block', id, handle, header, coinbase });
    return new Promise((resolve, reject) => this.#blocks.set(id, { resolve, reject }));
  }

  release(handle: number): void {
    this.#post({ kind: 'release', handle });
  }

  status(): JobCheckerStatus {
    return this.#reason === undefined ? this.#status : { ...this.#status, reason: this.#reason };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    this.#isClosed = true;
    this.#restart?.[Symbol.dispose]();
    this.#feed?.[Symbol.dispose]();
    this.#rumours?.[Symbol.dispose]();
    this.#listeners.clear();
    this.#lose('the job checker was closed');
    if (worker === undefined) return;
    await this.#farewell(worker);
    await worker.terminate();
  }

  /** Resolves when the thread has left its node, has died, or takes too long for it. */
  async #farewell(worker: Worker): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _grace = this.#parts.clock.after(LIMITS.checkerCloseMs, resolve);
    worker.on('message', ({ kind }: FromChecker) => {
      if (kind === 'closed') resolve();
    });
    worker.once('exit', () => resolve());
    worker.postMessage({ kind: 'close' } satisfies ToChecker);
    await promise;
  }

  #look(): void {
    this.#post({ kind: 'look' });
  }

  #post(message: ToChecker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, [...transfer]);
  }

  #start(): void {
    const worker = new Worker(this.#parts.program ?? PROGRAM, {
      // Options of this process, such as --input-type, may be wrong for a file.
      execArgv: [],
      name: 'job-checker',
      workerData: this.#parts.settings,
    });
    worker.on('message', (message: FromChecker) => {
      if (worker === this.#worker) this.#on(message);
    });
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#died(error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#died(`it ended with status ${code}`);
    });
    this.#worker = worker;
  }

  #on(message: FromChecker): void {
    switch (message.kind) {
      case 'verdict':
        return this.#onVerdict(message.id, message.verdict);
      case 'block':
        return this.#onBlock(message.id, message.block);
      case 'tip':
        return this.#onTip(message.tip);
      case 'away':
        this.#tip = undefined;
        this.#reason = message.reason;
        return;
      case 'status':
        this.#status = message.status;
        return;
      case 'closed':
        return;
      case 'log':
        return this.#parts.log[message.level](message.message, { ...message.fields });
      default:
        return message satisfies never;
    }
  }

  #onVerdict(id: number, verdict: JobVerdict): void {
    const resolve = this.#checks.get(id);
    this.#checks.delete(id);
    if (resolve !== undefined) resolve(verdict);
    // Given up while the verdict was on its way.
    else if (verdict.kind === 'valid') this.release(verdict.handle);
  }

  #onBlock(id: number, block: Uint8Array | undefined): void {
    const waiting = this.#blocks.get(id);
    this.#blocks.delete(id);
    if (block === undefined) waiting?.reject(new Error('the job is not known (any more)'));
    else waiting?.resolve(block);
  }

  #onTip(tip: JobTip): void {
    this.#tip = tip;
    this.#reason = undefined;
    this.#backOff.reset();
    for (const listener of this.#listeners) listener(tip);
  }

  /** The thread and all it held are gone. */
  #died(reason: string): void {
    this.#lose(`the job checker's thread died: ${reason}`);
    if (this.#isClosed) return;
    this.#parts.log.error('the job checker died; starting another', { reason });
    this.#restart = this.#parts.clock.after(this.#backOff.next(), () => this.#start());
  }

  #lose(reason: string): void {
    this.#worker = undefined;
    this.#tip = undefined;
    this.#status = IDLE;
    this.#reason = reason;
    for (const resolve of this.#checks.values()) resolve({ kind: 'unavailable', reason });
    this.#checks.clear();
    for (const { reject } of this.#blocks.values()) reject(new Error(reason));
    this.#blocks.clear();
  }
}
