interface Flushable {
  flush(): void;
}

/** Collects what was written outside of a chunk and flushes it once, when the current callback has run. */
export class EndOfTurn {
  #waiting: Flushable[] = [];

  add(item: Flushable): void {
    if (this.#waiting.length === 0) process.nextTick(() => this.#flush());
    this.#waiting.push(item);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const item of waiting) item.flush();
  }
}
