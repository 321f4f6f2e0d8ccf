import { utf8 } from '@sv2kit/codec';
import type { Worker, WorkerBook } from '@sv2kit/mining-server';

/** The workers that one connection mines for: the name that it was authorised by first, and others that its shares name. */
export class ConnectionWorkers {
  readonly #book: WorkerBook;
  readonly #workers = new Map<string, Worker>();
  #latest: { readonly username: string; readonly worker: Worker } | undefined;

  constructor(book: WorkerBook) {
    this.#book = book;
  }

  get count(): number {
    return this.#workers.size;
  }

  /** @param username one that the session has authorised, of which there are few */
  of(username: string, nowMs: number): Worker {
    const latest = this.#latest;
    if (latest?.username === username && !latest.worker.forgotten) return latest.worker;
    let worker = this.#workers.get(username);
    if (worker === undefined || worker.forgotten) {
      worker = this.#book.open(utf8(username), 0, nowMs);
      this.#workers.set(username, worker);
    }
    this.#latest = { username, worker };
    return worker;
  }

  /** The connection ends. */
  close(nowMs: number): void {
    for (const worker of this.#workers.values()) this.#book.close(worker, 0, nowMs);
    this.#workers.clear();
    this.#latest = undefined;
  }
}
