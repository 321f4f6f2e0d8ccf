/** Time as the journal sees it; structurally the clock of @sv2kit/daemon. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  after(ms: number, run: () => void): Disposable;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
