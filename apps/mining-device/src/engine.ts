/** One thread's order: which nonces of which header to try. */
export interface SearchTask {
  /** Rises; hits carry it back. */
  readonly id: number;
  /** 80 bytes; its nonce does not matter. */
  readonly header: Uint8Array;
  /** 32 bytes, little-endian. */
  readonly target: Uint8Array;
  readonly nonceStart: number;
  readonly nonceCount: number;
}

/** What an engine reports. */
export interface EngineListener {
  /** A thread has taken up a task. */
  onStarted(taskId: number): void;
  /** A nonce whose hash meets its task's target. */
  onHit(taskId: number, nonce: number): void;
  /** A thread is through with its task and has nothing to do. */
  onDone(thread: number, taskId: number): void;
  /** A thread is broken for good. */
  onFailure(error: Error): void;
}

/** What hashes: threads that search one task each. A seam, so that tests need no threads and no luck. */
export interface HashEngine {
  readonly threads: number;
  /** Hashes made since the start. */
  readonly hashes: number;
  /** Starts the threads. @returns hashes per second of all of them together, measured */
  start(listener: EngineListener): Promise<number>;
  /** Replaces what the thread does. */
  search(thread: number, task: SearchTask): void;
  /** All threads stop. */
  idle(): void;
  close(): Promise<void>;
}
