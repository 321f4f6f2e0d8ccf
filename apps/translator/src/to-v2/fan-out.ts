import { TRANSLATOR_LIMITS } from './limits.ts';

/** Who can be given what is due to it. */
export interface Served {
  serve(): void;
  /** A mistake of ours while it was served: the others are served all the same. */
  failed(error: unknown): void;
}

/**
 * Serves many a slice at a time; the event loop gets its turn in between, so that shares are answered meanwhile. Where that
 * takes long, for everybody sends all that he can, as much time is spent here: a job is worth more than shares on the last.
 */
export class FanOut {
  readonly #slice: number;
  readonly #onDone: (startedMs: number, count: number) => void;
  readonly #now: () => number;
  #queue: Served[] = [];
  #at = 0;
  #startedMs = 0;
  /** Since when others have their turn. */
  #pausedMs = 0;
  #running = false;

  /** @param onDone told when the last has been served, with `performance.now()` of the first request */
  constructor(
    onDone: (startedMs: number, count: number) => void = () => {},
    slice: number = TRANSLATOR_LIMITS.fanOutSlice,
    now: () => number = () => performance.now(),
  ) {
    this.#onDone = onDone;
    this.#slice = slice;
    this.#now = now;
  }

  /** Serves at the end of this turn, after those who were added before. The caller adds nobody twice. */
  add(served: Served): void {
    this.#queue.push(served);
    if (this.#running) return;
    this.#running = true;
    this.#startedMs = this.#now();
    this.#pausedMs = this.#startedMs;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const resumedMs = this.#now();
    const othersMs = resumedMs - this.#pausedMs;
    do this.#serveSlice();
    while (this.#at < this.#queue.length && this.#now() - resumedMs < othersMs);
    if (this.#at < this.#queue.length) {
      this.#pausedMs = this.#now();
      setImmediate(this.#run);
      return;
    }
    const count = this.#at;
    this.#queue = [];
    this.#at = 0;
    this.#running = false;
    this.#onDone(this.#startedMs, count);
  };

  #serveSlice(): void {
    const end = Math.min(this.#at + this.#slice, this.#queue.length);
    while (this.#at < end) {
      const served = this.#queue[this.#at];
      this.#at += 1;
      if (served !== undefined) serveOne(served);
    }
  }
}

function serveOne(served: Served): void {
  try {
    served.serve();
  } catch (error) {
    served.failed(error);
  }
}
