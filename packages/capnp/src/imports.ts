import { Capability } from './capability.ts';
import { CapnpError } from './errors.ts';
import { DESCRIPTOR } from './rpc-messages.ts';
import type { StructReader } from './struct-reader.ts';

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
  readonly #most: number;

  /**
   * @param release - tells the peer that so many references are given back
   * @param most - capabilities that one table may have
   */
  constructor(release: (id: number, references: number) => void, most: number) {
    this.#release = release;
    this.#most = most;
  }

  /** Things of the peer that are held. */
  get size(): number {
    return this.#imports.size;
  }

  /**
   * Counts the references in an answer's table of capabilities.
   *
   * @throws CapnpError for what is no reference to something of the peer's
   */
  addTable(table: readonly StructReader[]): readonly (Capability | undefined)[] {
    if (table.length > this.#most) throw new CapnpError('too-large', `${table.length} capabilities in one answer`);
    return table.map((descriptor) => {
      const kind = descriptor.u16(0);
      if (kind === DESCRIPTOR.none) return undefined;
      if (kind === DESCRIPTOR.senderHosted || kind === DESCRIPTOR.senderPromise) return this.#add(descriptor.u32(4));
      throw new CapnpError('out-of-protocol', `a capability of kind ${kind}, which only an offering side is sent`);
    });
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

  /** The peer gave one more reference. */
  #add(id: number): Capability {
    const known = this.#imports.get(id);
    if (known === undefined) {
      this.#imports.set(id, { references: 1, handles: 1 });
    } else {
      known.references += 1;
      known.handles += 1;
    }
    return new Capability(id, this);
  }
}
