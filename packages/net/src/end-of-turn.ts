interface Flushable {
  flush(): void;
}

/** Collects what was written outside of a chunk and flushes it once, when its time has come. */
export class EndOfTurn {
  readonly #schedule: (run: () => void) => void;
  #waiting: Flushable[] = [];

  /** @param schedule calls back once, later */
  constructor(schedule: (run: () => void) => void) {
    this.#schedule = schedule;
  }

  add(item: Flushable): void {
    if (this.#waiting.length === 0) this.#schedule(this.#flush);
    this.#waiting.push(item);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const item of waiting) item.flush();
  };
}
