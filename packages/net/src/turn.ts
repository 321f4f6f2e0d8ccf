/** After so many milliseconds it is the turn of timers and of what others have to do. */
const LONG_MS = 50;

/**
 * How long the event loop has been at sockets alone: while a thousand of them have something to say at any time, it comes
 * to nothing else for seconds, neither timers nor immediates.
 */
export class Turn {
  readonly #now: () => number;
  readonly #schedule: (run: () => void) => void;
  #sinceMs: number | undefined;

  /** @param schedule calls back once the event loop is through with its sockets */
  constructor(now: () => number, schedule: (run: () => void) => void) {
    this.#now = now;
    this.#schedule = schedule;
  }

  /** To be asked for each chunk. */
  isLong(): boolean {
    const now = this.#now();
    if (this.#sinceMs === undefined) {
      this.#sinceMs = now;
      this.#schedule(this.#end);
    }
    return now - this.#sinceMs >= LONG_MS;
  }

  readonly #end = (): void => {
    this.#sinceMs = undefined;
  };
}
