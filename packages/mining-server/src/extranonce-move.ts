import type { ExtranonceAllocator, Recipe } from '@sv2kit/mining';
import type { AnyChannel, Miner } from './miner.ts';

/** What becomes of the channels of one recipe when extranonce prefixes lie elsewhere. */
export interface ExtranonceMove {
  readonly recipe: Recipe;
  readonly moved: readonly { readonly miner: Miner; readonly prefix: Uint8Array }[];
  /** Channels that roll more bytes than there are left. */
  readonly misfits: readonly Miner[];
}

/**
 * Plans new prefixes for channels that share a recipe and so must keep one full extranonce size (§5.2.3). What an
 * extended channel rolls was agreed when it was opened and stays; a standard channel takes the whole extranonce.
 */
export function planMove(
  allocator: ExtranonceAllocator,
  miners: readonly Miner[],
  recipe: Recipe,
  leastExtranonceSize: number,
): ExtranonceMove {
  const room = allocator.largestSize - allocator.prefixSize;
  const rolled = miners.map(({ channel }) => rolledSize(channel)).filter((size) => size <= room);
  const extranonceSize =
    allocator.fullSize ?? allocator.prefixSize + Math.min(room, Math.max(leastExtranonceSize, ...rolled));
  const moved: { miner: Miner; prefix: Uint8Array }[] = [];
  const misfits: Miner[] = [];
  for (const miner of miners) {
    const prefix = allocator.prefixOf(miner.lease, extranonceSize, rolledSize(miner.channel));
    if (prefix === undefined) misfits.push(miner);
    else moved.push({ miner, prefix });
  }
  return { recipe: { ...recipe, extranonceSize }, moved, misfits };
}

/** Bytes behind the prefix that the client rolls. */
function rolledSize(channel: AnyChannel): number {
  return channel.kind === 'extended' ? channel.extranonceSize : 0;
}
