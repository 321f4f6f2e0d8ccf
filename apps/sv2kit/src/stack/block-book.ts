import type { StackBlock } from './events.ts';
import { USER } from './role-configs.ts';
import type { FoundBlock } from './status.ts';

/** A bitcoind's best chain, as far as blocks are looked up in it. */
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

/** The blocks of this run. The roles say who found them; only those count that every node's own best chain holds. */
export class BlockBook {
  readonly #chains: readonly BestChain[];
  readonly #vias: ReadonlyMap<string, string>;
  readonly #entries = new Map<string, Entry>();

  /** @param vias how devices are connected, by name: whoever serves a translator sees its channels, not the miners' */
  constructor(chains: readonly BestChain[], vias: ReadonlyMap<string, string> = new Map()) {
    this.#chains = chains;
    this.#vias = vias;
  }

  /** In every best chain, by height. */
  get confirmed(): StackBlock[] {
    return byHeight([...this.#entries.values()].filter(({ isInChain }) => isInChain));
  }

  /**
   * Takes what the roles have found and returns the blocks that every best chain holds for the first time.
   *
   * @param found a block may be there twice, the one who knows the device first
   */
  async update(found: readonly FoundBlock[]): Promise<StackBlock[]> {
    for (const { height, hash, path, via, userIdentity } of found.toReversed()) {
      const { isInChain = false, isTold = false } = this.#entries.get(hash) ?? {};
      if (isTold) continue;
      const device = deviceOf(userIdentity);
      const block = { height, hash, path, via: this.#vias.get(device) ?? via, device };
      this.#entries.set(hash, { block, isInChain, isTold });
    }
    const height = Math.max(...this.#chains.map((chain) => chain.height));
    await this.#verify(({ block, isInChain }) => !isInChain || block.height > height - DEEP);
    const fresh = [...this.#entries.values()].filter(({ isInChain, isTold }) => isInChain && !isTold);
    for (const entry of fresh) entry.isTold = true;
    return byHeight(fresh);
  }

  /** Asks about every block anew, for the last word. */
  async verifyAll(): Promise<void> {
    await this.#verify(() => true);
  }

  async #verify(isWanted: (entry: Entry) => boolean): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (!isWanted(entry)) continue;
      const { hash, height } = entry.block;
      const hashes = await Promise.all(this.#chains.map((chain) => chain.hashAt(height)));
      entry.isInChain = hashes.every((held) => held === hash);
    }
  }
}

function byHeight(entries: readonly Entry[]): StackBlock[] {
  return entries.map(({ block }) => block).sort((a, b) => a.height - b.height);
}

/** What there is to be a block of: the kinds of channel and the paths in use. */
export interface Ways {
  readonly vias: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

/**
 * The first blocks that fulfil a wish: at least `wanted`, with one of each way, unless so few cannot be of each.
 * `undefined` while there are too few.
 */
export function enough(
  blocks: readonly StackBlock[],
  wanted: number,
  { vias, paths }: Ways,
): readonly StackBlock[] | undefined {
  const missing = new Set(isFew(wanted, { vias, paths }) ? [] : [...vias, ...paths]);
  for (const [index, { via, path }] of blocks.entries()) {
    missing.delete(via);
    missing.delete(path);
    if (index + 1 >= wanted && missing.size === 0) return blocks.slice(0, index + 1);
  }
  return undefined;
}

/** The ways of which {@link enough} misses a block although there are as many as wanted; none while there are fewer. */
export function awaitedWays(blocks: readonly StackBlock[], wanted: number, ways: Ways): readonly string[] {
  if (blocks.length < wanted || isFew(wanted, ways)) return [];
  const seen = new Set(blocks.flatMap(({ via, path }) => [via, path]));
  return [...ways.paths, ...ways.vias].filter((way) => !seen.has(way));
}

/** So few blocks cannot be of each way. */
function isFew(wanted: number, { vias, paths }: Ways): boolean {
  return wanted < Math.max(vias.size, paths.size);
}

/** Anybody may connect to the pool: what they call themselves reaches a terminal as text only. */
function deviceOf(userIdentity: string): string {
  const name = userIdentity.startsWith(`${USER}.`) ? userIdentity.slice(USER.length + 1) : userIdentity;
  return name.replaceAll(/\p{C}/gu, '?');
}
