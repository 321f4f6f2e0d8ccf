import type { HeldSolution, HeldTemplate, MiningNode } from '@sv2kit/bitcoin-node';
import type { Logger } from '@sv2kit/daemon';

/** A block that a client has solved. */
export interface FoundBlock {
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** Unknown of a block that was found before this start. */
  readonly height?: number;
  /** Serialized in full, or a promise of that while its transactions are on their way. */
  readonly block: Uint8Array | Promise<Uint8Array>;
  /** How it is told to the node that holds its template. */
  readonly held?:
    | { readonly template: HeldTemplate; readonly node: MiningNode; readonly solution: HeldSolution }
    | undefined;
  /** Its header and coinbase in hex: what is left of it if its transactions are lost. */
  readonly remains?: { readonly header: string; readonly coinbase: string } | undefined;
}

/** A block on its way, as all its paths share it. */
export class BlockUnderWay {
  readonly hash: Uint8Array;
  readonly log: Logger;
  /** Undefined while its transactions are on their way. */
  block: Uint8Array | undefined;
  /** Where it is on disk. */
  file: string | undefined;
  readonly #watched = new Set<MiningNode>();

  constructor(hash: Uint8Array, log: Logger) {
    this.hash = hash;
    this.log = log;
  }

  /** Whether nobody looks for it in this node's chain yet; somebody does from now on. */
  watch(node: MiningNode): boolean {
    if (this.#watched.has(node)) return false;
    this.#watched.add(node);
    return true;
  }
}
