/** In blocks: a tip that is further back is another chain's, or the height before was a lie. */
const DEEPEST_REORGANISATION = 100;

/** How far the chain has come. Tips of one height may come back, and with them jobs that were mined before. */
export class ChainHeight {
  #greatest = 0;

  /** @returns whether the chain has come on: what was mined on the tips before is worthless for good */
  follow(height: number): boolean {
    if (height <= this.#greatest && height >= this.#greatest - DEEPEST_REORGANISATION) return false;
    this.#greatest = height;
    return true;
  }
}
