import { Capability } from './capability.ts';

/** What is known of one thing that the peer hosts. */
interface Import {
  /** References that the peer has given and not got back: a Release says how many. */
  references: number;
  /** Capabilities that were made of them and not released. */
  handles: number;
}

/** Counts the references to what the peer hosts, so that each is given back exactly once. */
export class Imports {
  readonly #imports = new Map<number, Import>();
  readonly #release: (id: number, references: number) => void;

  /** @param release - tells the peer that so many references are given back */
  constructor(release: (id: number, references: number) => void) {
    this.#release = release;
  }

  /** Things of the peer that are held. */
  get size(): number {
    return this.#imports.size;
  }

  /** The peer gave one more reference. */
  add(id: number): Capability {
    const known = this.#imports.get(id);
    if (known === undefined) {
      this.#imports.set(id, { references: 1, handles: 1 });
    } else {
      known.references += 1;
      known.handles += 1;
    }
    return new Capability(id, this);
  }

  /** One capability of it is released; with the last one every reference goes back. */
  drop(id: number): void {
    const known = this.#imports.get(id);
    if (known === undefined) return;
    known.handles -= 1;
    if (known.handles > 0) return;
    this.#imports.delete(id);
    this.#release(id, known.references);
  }

  /** The connection is over: nothing is to be given back. */
  clear(): void {
    this.#imports.clear();
  }
}
