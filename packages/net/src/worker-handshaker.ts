import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BATCH, type Batch, type Outcome } from './handshake-batch.ts';
import { type HandshakeJob, type Handshaker, respondHere } from './handshaker.ts';
import { type Logger, silentLogger } from './ports.ts';

/** The worker's file as source or as built: rewritten import specifiers do not cover URLs. */
const WORKER = new URL(`./handshake-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

export interface WorkerHandshakesOptions {
  /** Threads; one per core but one when absent. */
  readonly workers?: number;
  /** What they run; this package's own worker when absent. */
  readonly program?: URL;
  readonly log?: Logger;
}

/**
 * Computes handshakes in worker threads, so that a thousand peers that reconnect at once do not hold up the event loop.
 * A worker that dies is replaced; where none can be started, handshakes are computed in this thread.
 */
export function workerHandshakes(options: WorkerHandshakesOptions = {}): Handshaker {
  const { workers = Math.max(1, availableParallelism() - 1), program = WORKER, log = silentLogger } = options;
  return new WorkerHandshakes(workers, program, log);
}

interface Thread {
  readonly worker: Worker;
  /** What it computes now. */
  batch: readonly HandshakeJob[];
  /** Whether it has answered anything: it can be started. */
  proven: boolean;
}

class WorkerHandshakes implements Handshaker {
  readonly #threads = new Set<Thread>();
  readonly #program: URL;
  readonly #log: Logger;
  #queue: HandshakeJob[] = [];
  #closing = false;

  constructor(count: number, program: URL, log: Logger) {
    this.#program = program;
    this.#log = log;
    for (let i = 0; i < count; i += 1) this.#start();
  }

  get waiting(): number {
    let waiting = this.#queue.length;
    for (const { batch } of this.#threads) waiting += batch.length;
    return waiting;
  }

  respond(job: HandshakeJob): void {
    if (this.#threads.size === 0) {
      respondHere(job);
      return;
    }
    this.#queue.push(job);
    for (const thread of this.#threads) this.#feed(thread);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#queue = [];
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #start(): void {
    // Options of this process, such as --input-type, may be wrong for a file.
    const worker = new Worker(this.#program, { name: 'handshakes', execArgv: [] });
    const thread: Thread = { worker, batch: [], proven: false };
    worker.unref();
    worker.on('message', (outcomes: readonly Outcome[]) => this.#onOutcomes(thread, outcomes));
    worker.on('error', (error) => this.#log.error('a handshake worker failed', { error }));
    worker.on('exit', () => this.#onExit(thread));
    this.#threads.add(thread);
  }

  /** Gives an idle worker the next jobs that share an identity. */
  #feed(thread: Thread): void {
    if (thread.batch.length > 0) return;
    const batch: HandshakeJob[] = [];
    for (let next = this.#next(); next !== undefined && batch.length < BATCH; next = this.#next()) {
      if (batch[0] !== undefined && batch[0].identity !== next.identity) break;
      batch.push(next);
      this.#queue.shift();
    }
    const identity = batch[0]?.identity;
    if (identity === undefined) return;
    thread.batch = batch;
    thread.worker.postMessage({ identity, acts: batch.map(({ act }) => act) } satisfies Batch);
  }

  /** The first job that somebody still waits for. */
  #next(): HandshakeJob | undefined {
    while (this.#queue[0]?.abandoned) this.#queue.shift();
    return this.#queue[0];
  }

  #onOutcomes(thread: Thread, outcomes: readonly Outcome[]): void {
    const { batch } = thread;
    thread.batch = [];
    thread.proven = true;
    this.#feed(thread);
    batch.forEach((job, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined || job.abandoned) return;
      if ('failure' in outcome) job.done(new Error(outcome.failure));
      else job.done({ reply: outcome.act2, keys: outcome });
    });
  }

  /**
   * A worker that has worked is replaced, and its handshakes have failed: one of them may be what broke it. One that never
   * worked is not, for the next would not either: its handshakes go to the others, or are done here.
   */
  #onExit(thread: Thread): void {
    this.#threads.delete(thread);
    if (this.#closing) return;
    const { batch, proven } = thread;
    if (proven) this.#start();
    this.#log.error('a handshake worker has gone', { replaced: proven, left: this.#threads.size });
    if (proven) for (const job of batch) if (!job.abandoned) job.done(new Error('the handshake worker failed'));
    const orphans = proven ? [] : batch;
    this.#redo(this.#threads.size > 0 ? orphans : [...orphans, ...this.#queue.splice(0)]);
    for (const each of this.#threads) this.#feed(each);
  }

  #redo(jobs: readonly HandshakeJob[]): void {
    for (const job of jobs) if (!job.abandoned) this.respond(job);
  }
}
