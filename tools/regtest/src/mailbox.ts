import { PATIENCE_MS, within } from './deadline.ts';

type Test<T> = (item: T) => boolean;

/** What has come in, in order, and who waits for what is still to come. Nothing is polled. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #looks = new Set<() => void>();
  readonly #describe: (item: T) => string;
  #cursor = 0;
  #closed: string | undefined;

  /** @param describe - an item in a word or two, for the message of a missed deadline */
  constructor(describe: (item: T) => string) {
    this.#describe = describe;
  }

  /** Everything so far, oldest first. */
  get items(): readonly T[] {
    return this.#items;
  }

  put(item: T): void {
    this.#items.push(item);
    this.#look();
  }

  /** Nothing more will come: who waits is told why. */
  close(reason: string): void {
    this.#closed ??= reason;
    this.#look();
  }

  /**
   * The first item at or behind `from` that passes the test, here already or still to come.
   *
   * @param what - what is awaited, for the error
   */
  async first(what: string, test: Test<T>, options: { readonly from?: number; readonly ms?: number } = {}): Promise<T> {
    return this.#items[await this.#index(what, test, options.from ?? 0, options.ms)] as T;
  }

  /** The next item that passes the test, behind all that earlier calls of `next` have passed over. */
  async next(what: string, test: Test<T>, options: { readonly ms?: number } = {}): Promise<T> {
    const index = await this.#index(what, test, this.#cursor, options.ms);
    this.#cursor = Math.max(this.#cursor, index + 1);
    return this.#items[index] as T;
  }

  /** What has come is passed over by `next`. */
  skip(): void {
    this.#cursor = this.#items.length;
  }

  /** Keeps nothing of what has come, for scenarios that look at memory. */
  forget(): void {
    this.#items.length = 0;
    this.#cursor = 0;
  }

  async #index(what: string, test: Test<T>, from: number, ms = PATIENCE_MS): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let seen = from;
    const look = (): void => {
      for (; seen < this.#items.length; seen += 1) if (test(this.#items[seen] as T)) return resolve(seen);
      if (this.#closed !== undefined) reject(new Error(`${what} will not come: ${this.#closed}${this.#evidence()}`));
    };
    this.#looks.add(look);
    look();
    try {
      return await within(what, promise, ms, () => this.#evidence());
    } finally {
      this.#looks.delete(look);
    }
  }

  #evidence(): string {
    const last = this.#items.slice(-8).map(this.#describe);
    return last.length === 0 ? ' (nothing came)' : ` (the last that came: ${last.join(', ')})`;
  }

  #look(): void {
    for (const look of this.#looks) look();
  }
}
