import type { EngineListener, HashEngine, SearchTask } from '../src/engine.ts';
import { NonceScanner } from '../src/scanner.ts';

/** An engine that hashes only when a test says so. */
export class FakeEngine implements HashEngine {
  readonly threads: number;
  readonly tasks: (SearchTask | undefined)[];
  hashes = 0;
  closed = false;
  #listener: EngineListener | undefined;
  readonly #scanner = new NonceScanner();

  constructor(threads = 1) {
    this.threads = threads;
    this.tasks = Array.from({ length: threads }, () => undefined);
  }

  get listener(): EngineListener {
    if (this.#listener === undefined) throw new Error('not started');
    return this.#listener;
  }

  start(listener: EngineListener): Promise<number> {
    this.#listener = listener;
    return Promise.resolve(1000);
  }

  search(thread: number, task: SearchTask): void {
    this.tasks[thread] = task;
  }

  idle(): void {
    this.tasks.fill(undefined);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Searches a thread's task until it finds a share, and reports it. @returns its nonce */
  find(thread = 0): number {
    const task = this.tasks[thread];
    if (task === undefined) throw new Error('the thread is idle');
    this.#scanner.load(task.header, task.target);
    for (let at = task.nonceStart; ; at += 4096) {
      const [nonce] = this.#scanner.scan(at, 4096).hits;
      if (nonce === undefined) continue;
      this.listener.onHit(task.id, nonce);
      return nonce;
    }
  }
}
