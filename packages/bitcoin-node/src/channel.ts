/** Values from one side to another, oldest first; when too many wait, the oldest goes. */
export class Channel<T> {
  readonly #capacity: number;
  #items: T[] = [];
  #wake: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: T): void {
    if (this.#items.length === this.#capacity) this.#items.shift();
    this.#items.push(item);
    this.#wake?.();
  }

  /** What was pushed and what will be, until the signal aborts. */
  async *until(signal: AbortSignal): AsyncGenerator<T, void, void> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake, { once: true });
    try {
      while (!signal.aborted) {
        const item = this.#items.shift();
        if (item !== undefined) {
          yield item;
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
