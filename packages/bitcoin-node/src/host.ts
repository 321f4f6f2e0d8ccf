/** Time as this package sees it; a test hands in a virtual one. */
export interface Clock {
  /** Unix ms. */
  now(): number;
  every(ms: number, run: () => void): Disposable;
  after(ms: number, run: () => void): Disposable;
}

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  child(fields: Record<string, unknown>): Logger;
}

/** Milliseconds since it was made. What the clock is set back by does not count. */
export function stopwatch(clock: Pick<Clock, 'now'>): () => number {
  let elapsed = 0;
  let last = clock.now();
  return () => {
    const now = clock.now();
    elapsed += Math.max(0, now - last);
    last = now;
    return elapsed;
  };
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
