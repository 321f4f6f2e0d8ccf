import { sameBytes } from '@sv2kit/bitcoin';
import { LIMITS } from '../limits.ts';
import type { Confirmation } from '../node.ts';
import type { TipRef } from './client/types.ts';

/**
 * Which blocks were the best one, as seen from here: what there is to know where the node answers no questions about
 * its chain. A block that was overtaken between two looks cannot be told from one that is still there.
 */
export class ChainRecord {
  #blocks: TipRef[] = [];

  get tip(): TipRef | undefined {
    return this.#blocks.at(-1);
  }

  /** This block is the best one now. */
  add(block: TipRef): void {
    this.#blocks = this.#blocks.filter(({ height }) => height < block.height).slice(-LIMITS.rememberedTips);
    this.#blocks.push(block);
  }

  where(hash: Uint8Array): Confirmation {
    const found = this.#blocks.find((block) => sameBytes(block.hash, hash));
    if (found === undefined) {
      const seenFrom = this.#blocks[0]?.height ?? Number.POSITIVE_INFINITY;
      return { inBestChain: false, confirmations: 0, seenFrom };
    }
    const confirmations = (this.tip?.height ?? found.height) - found.height + 1;
    return { inBestChain: true, confirmations, height: found.height };
  }
}
