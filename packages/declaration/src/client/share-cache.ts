interface Entry<S> {
  readonly difficulty: number;
  readonly order: number;
  readonly share: S;
}

/**
 * Shares that wait for their job's acknowledgement (§6.3.1, optimistic mining). Bounded: when it is full the easiest one
 * gives way, so that what the pool would pay most for is kept; they leave in the order in which they came.
 */
export class ShareCache<S> {
  readonly #capacity: number;
  /** A binary heap, the easiest share on top. */
  readonly #heap: Entry<S>[] = [];
  #order = 0;

  /** @param capacity shares at most */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#heap.length;
  }

  /**
   * @param difficulty of the share's hash
   * @returns the share that had no room, the new one perhaps
   */
  add(share: S, difficulty: number): S | undefined {
    const entry = { difficulty, order: this.#order++, share };
    if (this.#heap.length < this.#capacity) {
      this.#heap.push(entry);
      this.#rise(this.#heap.length - 1);
      return undefined;
    }
    const easiest = this.#heap[0];
    if (easiest === undefined || easiest.difficulty >= difficulty) return share;
    this.#heap[0] = entry;
    this.#sink(0);
    return easiest.share;
  }

  /** Empties it. @returns the shares, oldest first */
  drain(): S[] {
    const entries = this.#heap.splice(0).sort((a, b) => a.order - b.order);
    return entries.map(({ share }) => share);
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const least = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(least) >= this.#at(index)) return;
      this.#swap(least, index);
      index = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.difficulty ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
