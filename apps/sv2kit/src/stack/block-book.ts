import type { StackBlock } from './events.ts';
import { USER } from './role-configs.ts';
import type { FoundBlock } from './status.ts';

/** Bitcoind's best chain, as far as blocks are looked up in it. */
export interface BestChain {
  readonly height: number;
  /** The block at a height, as explorers show it; `undefined` above the tip. */
  hashAt(height: number): Promise<string | undefined>;
}

/** A block this deep is not asked about again until the end. */
const DEEP = 6;

interface Entry {
  readonly block: StackBlock;
  isInChain: boolean;
  isTold: boolean;
}

/** The blocks of this run. The pool says who found them; only those count that bitcoind's own best chain holds. */
export class BlockBook {
  readonly #chain: BestChain;
  readonly #entries = new Map<string, Entry>();

  constructor(chain: BestChain) {
    this.#chain = chain;
  }

  /** In the best chain, by height. */
  get confirmed(): StackBlock[] {
    const inChain = [...this.#entries.values()].filter(({ isInChain }) => isInChain);
    return inChain.map(({ block }) => block).sort((a, b) => a.height - b.height);
  }

  /** Takes the pool's list and returns the blocks that are in the best chain for the first time. */
  async update(found: readonly FoundBlock[]): Promise<StackBlock[]> {
    for (const { height, hash, path, via, userIdentity } of found) {
      if (this.#entries.has(hash)) continue;
      const block = { height, hash, path, via, device: deviceOf(userIdentity) };
      this.#entries.set(hash, { block, isInChain: false, isTold: false });
    }
    await this.#verify(({ block, isInChain }) => !isInChain || block.height > this.#chain.height - DEEP);
    const fresh = [...this.#entries.values()].filter(({ isInChain, isTold }) => isInChain && !isTold);
    for (const entry of fresh) entry.isTold = true;
    return fresh.map(({ block }) => block);
  }

  /** Asks about every block anew, for the last word. */
  async verifyAll(): Promise<void> {
    await this.#verify(() => true);
  }

  async #verify(isWanted: (entry: Entry) => boolean): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (isWanted(entry)) entry.isInChain = (await this.#chain.hashAt(entry.block.height)) === entry.block.hash;
    }
  }
}

/**
 * The first blocks that fulfil a wish: at least `wanted`, with one of each way to connect that is in use. `undefined`
 * while there are too few.
 */
export function enough(
  blocks: readonly StackBlock[],
  wanted: number,
  ways: ReadonlySet<string>,
): readonly StackBlock[] | undefined {
  const missing = new Set(ways);
  for (const [index, { via }] of blocks.entries()) {
    missing.delete(via);
    if (index + 1 >= wanted && (missing.size === 0 || wanted < ways.size)) return blocks.slice(0, index + 1);
  }
  return undefined;
}

/** Anybody may connect to the pool: what they call themselves reaches a terminal as text only. */
function deviceOf(userIdentity: string): string {
  const name = userIdentity.startsWith(`${USER}.`) ? userIdentity.slice(USER.length + 1) : userIdentity;
  return name.replaceAll(/\p{C}/gu, '?');
}
