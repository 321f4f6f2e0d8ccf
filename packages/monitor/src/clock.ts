/** Time as the surface sees it; the daemon's clock is one. */
export interface MonitorClock {
  /** Unix milliseconds. */
  now(): number;
  /** Runs `run` every `ms` milliseconds until disposed. */
  every(ms: number, run: () => void): Disposable;
  /** Runs `run` once after `ms` milliseconds unless disposed before. */
  after(ms: number, run: () => void): Disposable;
}
