/** Who counts the references to what a peer hosts. */
interface Owner {
  drop(id: number): void;
}

/**
 * Something that the peer hosts and that this side may call, until it is released.
 *
 * Release each one that was taken exactly when it is not needed any more: until then the peer keeps what it stands for.
 */
export class Capability {
  /** The peer's number for it. It is used again after the last release. */
  readonly id: number;
  readonly #owner: Owner;
  #released = false;

  constructor(id: number, owner: Owner) {
    this.id = id;
    this.#owner = owner;
  }

  /** Gives the reference back. A second time does nothing. Calls in flight go on. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#owner.drop(this.id);
  }

  /** Whether it may be used with what counts as `owner`. */
  isHeldBy(owner: object): boolean {
    return !this.#released && this.#owner === owner;
  }
}
