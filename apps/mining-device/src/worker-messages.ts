import type { SearchTask } from './engine.ts';

/** What a hashing thread starts with. */
export interface WorkerStart {
  /** Word 0: rises when there is a message to read, to wake the thread. */
  readonly doorbell: SharedArrayBuffer;
  /** One u64: hashes made. */
  readonly counter: SharedArrayBuffer;
  /** Limit of this thread in hashes per second; Infinity for none. */
  readonly hashesPerSecond: number;
  /** How long to measure before reporting `ready`. */
  readonly benchmarkMs: number;
}

export type ToWorker =
  | { readonly type: 'search'; readonly task: SearchTask }
  | { readonly type: 'idle' }
  | { readonly type: 'stop' };

export type FromWorker =
  | { readonly type: 'ready'; readonly hashesPerSecond: number }
  /** The thread has taken up a task. */
  | { readonly type: 'started'; readonly taskId: number }
  | { readonly type: 'hit'; readonly taskId: number; readonly nonce: number }
  | { readonly type: 'done'; readonly taskId: number };
