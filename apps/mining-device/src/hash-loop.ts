import type { SearchTask } from './engine.ts';
import { Pacer } from './pacer.ts';
import { LANES, NonceScanner } from './scanner.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts';

/** A chunk is about this long, so that new work is taken up within it. */
const CHUNK_MS = 5;
const BENCHMARK_CHUNK = 4096;
const MIN_CHUNK = LANES;
const MAX_CHUNK = 2 ** 22;

interface Port {
  /** The next message, without waiting. */
  receive(): ToWorker | undefined;
  send(message: FromWorker): void;
}

interface Progress {
  readonly task: SearchTask;
  /** Nonces of the task that have been tried. */
  readonly done: number;
}

/** What a hashing thread does all its life: take the newest order, hash a chunk, keep to the pace. */
export class HashLoop {
  readonly #port: Port;
  readonly #doorbell: Int32Array;
  readonly #counter: BigUint64Array;
  readonly #limit: number;
  readonly #benchmarkMs: number;
  readonly #pacer: Pacer;
  readonly #scanner = new NonceScanner();
  #chunk = BENCHMARK_CHUNK;
  #progress: Progress | undefined;

  constructor(start: WorkerStart, port: Port) {
    this.#port = port;
    this.#doorbell = new Int32Array(start.doorbell);
    this.#counter = new BigUint64Array(start.counter);
    this.#limit = start.hashesPerSecond;
    this.#benchmarkMs = start.benchmarkMs;
    this.#pacer = new Pacer(start.hashesPerSecond);
  }

  /** Returns when told to stop. */
  run(): void {
    this.#benchmark();
    for (;;) {
      const rung = Atomics.load(this.#doorbell, 0);
      if (this.#obey() === 'stop') return;
      const delayMs = this.#progress === undefined ? Infinity : this.#pacer.delayMs(performance.now());
      if (delayMs > 0) Atomics.wait(this.#doorbell, 0, rung, delayMs);
      else if (this.#progress !== undefined) this.#hashChunk(this.#progress);
    }
  }

  /** Measures this thread at full speed and sets the chunk by it. */
  #benchmark(): void {
    this.#scanner.load(new Uint8Array(80), new Uint8Array(32));
    this.#scanner.scan(0, BENCHMARK_CHUNK);
    const startMs = performance.now();
    let hashes = 0;
    let elapsedMs = 0;
    while (elapsedMs < this.#benchmarkMs) {
      hashes += this.#scanner.scan(hashes % 2 ** 31, BENCHMARK_CHUNK).scanned;
      elapsedMs = performance.now() - startMs;
    }
    const hashesPerSecond = Math.min((hashes * 1000) / elapsedMs, this.#limit);
    this.#chunk = chunkSize(hashesPerSecond);
    this.#port.send({ type: 'ready', hashesPerSecond });
  }

  /** Reads every waiting message; the last order counts. */
  #obey(): 'go on' | 'stop' {
    for (let message = this.#port.receive(); message !== undefined; message = this.#port.receive()) {
      switch (message.type) {
        case 'stop':
          return 'stop';
        case 'idle':
          this.#progress = undefined;
          break;
        case 'search':
          this.#progress = { task: message.task, done: 0 };
          this.#scanner.load(message.task.header, message.task.target);
          this.#port.send({ type: 'started', taskId: message.task.id });
          break;
        default:
          message satisfies never;
      }
    }
    return 'go on';
  }

  #hashChunk({ task, done }: Progress): void {
    const count = Math.min(this.#chunk, task.nonceCount - done);
    const { hits, scanned } = this.#scanner.scan(task.nonceStart + done, count);
    Atomics.add(this.#counter, 0, BigInt(scanned));
    this.#pacer.spend(scanned, performance.now());
    for (const nonce of hits) this.#port.send({ type: 'hit', taskId: task.id, nonce });
    if (done + scanned < task.nonceCount) {
      this.#progress = { task, done: done + scanned };
      return;
    }
    this.#progress = undefined;
    this.#port.send({ type: 'done', taskId: task.id });
  }
}

function chunkSize(hashesPerSecond: number): number {
  const hashes = (hashesPerSecond * CHUNK_MS) / 1000;
  return Math.min(Math.max(Math.floor(hashes / LANES) * LANES, MIN_CHUNK), MAX_CHUNK);
}
