import { Worker } from 'node:worker_threads';
import type { EngineListener, HashEngine, SearchTask } from './engine.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

export interface ThreadEngineOptions {
  readonly threads: number;
  /** Limit of all threads together in hashes per second; Infinity for none. */
  readonly hashesPerSecond: number;
  /** How long the threads measure themselves at the start. */
  readonly benchmarkMs?: number;
}

const BENCHMARK_MS = 250;
/** A thread notices `stop` within a chunk; after this it is ended by force. */
const STOP_MS = 1000;

interface Thread {
  readonly worker: Worker;
  readonly doorbell: Int32Array;
  readonly counter: BigUint64Array;
  readonly exited: Promise<void>;
}

/** Hashes in worker threads. */
export function createThreadEngine(options: ThreadEngineOptions): HashEngine {
  return new ThreadEngine(options);
}

class ThreadEngine implements HashEngine {
  readonly threads: number;
  readonly #options: ThreadEngineOptions;
  #running: Thread[] = [];
  #closing = false;

  constructor(options: ThreadEngineOptions) {
    this.threads = options.threads;
    this.#options = options;
  }

  get hashes(): number {
    return this.#running.reduce((sum, { counter }) => sum + Number(Atomics.load(counter, 0)), 0);
  }

  async start(listener: EngineListener): Promise<number> {
    const rates = Array.from({ length: this.threads }, (_, index) => this.#startThread(index, listener));
    return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
  }

  search(thread: number, task: SearchTask): void {
    this.#tell(thread, { type: 'search', task });
  }

  idle(): void {
    for (let thread = 0; thread < this.#running.length; thread++) this.#tell(thread, { type: 'idle' });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#running.forEach((_, thread) => {
      this.#tell(thread, { type: 'stop' });
    });
    const stopped = Promise.all(this.#running.map(({ exited }) => exited));
    const timer = setTimeout(() => {
      for (const { worker } of this.#running) void worker.terminate();
    }, STOP_MS);
    await stopped;
    clearTimeout(timer);
  }

  #startThread(index: number, listener: EngineListener): Promise<number> {
    const start: WorkerStart = {
      doorbell: new SharedArrayBuffer(4),
      counter: new SharedArrayBuffer(8),
      hashesPerSecond: this.#options.hashesPerSecond / this.threads,
      benchmarkMs: this.#options.benchmarkMs ?? BENCHMARK_MS,
    };
    const worker = new Worker(workerFile(), { workerData: start, name: `hashing ${index}`, execArgv: [] });
    const { promise: exited, resolve: onExit } = Promise.withResolvers<void>();
    const { doorbell, counter } = start;
    this.#running.push({ worker, doorbell: new Int32Array(doorbell), counter: new BigUint64Array(counter), exited });
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'ready') resolve(message.hashesPerSecond);
        else if (message.type === 'hit') listener.onHit(message.taskId, message.nonce);
        else if (message.type === 'started') listener.onStarted(message.taskId);
        else listener.onDone(index, message.taskId);
      });
      worker.once('error', (error: Error) => {
        reject(error);
        listener.onFailure(error);
      });
      worker.once('exit', (code) => {
        onExit();
        const error = new Error(`hashing thread ${index} ended with code ${code}`);
        reject(error);
        if (!this.#closing && code === 0) listener.onFailure(error);
      });
    });
  }

  #tell(index: number, message: ToWorker): void {
    const thread = this.#running[index];
    if (thread === undefined) throw new RangeError(`there is no thread ${index}`);
    thread.worker.postMessage(message);
    Atomics.add(thread.doorbell, 0, 1);
    Atomics.notify(thread.doorbell, 0);
  }
}

/** The thread's body, beside this file, as source in the workspace and as JavaScript where it is installed. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js', import.meta.url);
}
