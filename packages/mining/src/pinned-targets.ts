/**
 * The targets of the search spaces that a client brought to one channel on one tip. A space keeps the first that it was
 * pinned with: were there two, the client could name for each hash the job that pays it better, after it knows the hash,
 * and earn more than its work is worth. No rule that goes by when a share comes, or by its ntime, helps: hashes can be
 * kept back.
 */
export class PinnedTargets {
  readonly #limit: number;
  readonly #targets = new Map<string, Uint8Array>();
  /** Of every space beyond the limit: what cannot be remembered one by one has one target in common. */
  #others: Uint8Array | undefined;

  /** @param limit spaces to remember */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#targets.size;
  }

  /** @returns the target that binds the space: the given one when the space is new */
  pin(space: string, target: Uint8Array): Uint8Array {
    const known = this.#targets.get(space);
    if (known !== undefined) return known;
    if (this.#targets.size >= this.#limit) return (this.#others ??= target);
    this.#targets.set(space, target);
    return target;
  }
}
