/** Which tokens were used on which channels, until they expire: a token is good once per channel. */
export class UsedTokens {
  readonly #uses = new Map<string, number>();
  readonly #limit: number;

  /** @param limit uses remembered; the oldest are forgotten beyond it */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#uses.size;
  }

  has(tokenId: Uint8Array, channelKeys: readonly number[]): boolean {
    const name = nameOf(tokenId);
    return channelKeys.some((key) => this.#uses.has(`${name}:${key}`));
  }

  /** @param expires unix seconds, as `now` */
  add(tokenId: Uint8Array, channelKeys: readonly number[], expires: number, now: number): void {
    const name = nameOf(tokenId);
    for (const key of channelKeys) this.#uses.set(`${name}:${key}`, expires);
    // Oldest first: what was used long ago expires soon.
    for (const [use, until] of this.#uses) {
      if (until > now && this.#uses.size <= this.#limit) return;
      this.#uses.delete(use);
    }
  }
}

function nameOf(tokenId: Uint8Array): string {
  return String.fromCharCode(...tokenId);
}
