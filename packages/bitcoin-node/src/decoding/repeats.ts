/** A transaction in a list that is decoded. */
export interface Listed {
  /** Names the transaction with its witness, in whatever form; the same in every list of one decoder. */
  readonly key: string;
  readonly bytes: number;
}

interface Known {
  readonly index: number;
  /** Which decode the transaction's bytes were sent with. */
  readonly origin: number;
}

/** Bytes that may be kept alive for nothing before everything is sent anew. */
const SLACK = 1024 * 1024;

/** What of a list was in the list before, so that it need not be sent to another thread again. */
export class Repeats {
  #known: ReadonlyMap<string, Known> = new Map();
  /** Bytes sent with each decode that a known transaction still refers to. */
  readonly #originSizes = new Map<number, number>();
  #decodes = 0;

  /** Per transaction: its index in the list that was remembered last, or -1. */
  find(list: readonly Listed[]): Int32Array {
    const known = this.#isWorthReusing(list) ? this.#known : undefined;
    return Int32Array.from(list, ({ key }) => known?.get(key)?.index ?? -1);
  }

  /**
   * Last thing of a decode: what is thrown away half-way must not count as sent.
   *
   * @param reused what `find` said of the list
   * @param freshBytes size of all that is sent for the others
   */
  remember(list: readonly Listed[], reused: Int32Array, freshBytes: number): void {
    const decode = (this.#decodes += 1);
    this.#originSizes.set(decode, freshBytes);
    const known = new Map<string, Known>();
    const alive = new Set<number>();
    list.forEach(({ key }, index) => {
      const origin = reused[index] === -1 ? decode : (this.#known.get(key)?.origin ?? decode);
      alive.add(origin);
      known.set(key, { index, origin });
    });
    for (const origin of this.#originSizes.keys()) if (!alive.has(origin)) this.#originSizes.delete(origin);
    this.#known = known;
  }

  /** One transaction that stays in the mempool for days must not keep megabytes of its old neighbours alive. */
  #isWorthReusing(list: readonly Listed[]): boolean {
    const origins = new Set<number>();
    let used = 0;
    for (const { key, bytes } of list) {
      const known = this.#known.get(key);
      if (known === undefined) continue;
      used += bytes;
      origins.add(known.origin);
    }
    let held = 0;
    for (const origin of origins) held += this.#originSizes.get(origin) ?? 0;
    return held <= 2 * used + SLACK;
  }
}
