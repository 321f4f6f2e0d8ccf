import type { BlockTransaction } from './node-template.ts';
import { ownBytes } from './own-bytes.ts';

/** What of a transaction outlives its template: enough to hand it out, to rebuild a block, and to be looked at. */
export interface SharedTransaction extends BlockTransaction {
  /** Satoshis, where the node has said it with the transaction. */
  readonly fee?: bigint;
}

/**
 * Makes successive templates, and the variants of one tip, hold one copy of a transaction between them. It knows only
 * the last transactions of each variant, so nothing has to be counted: a transaction lives as long as a template has it.
 */
export class SharedTransactions {
  readonly #latest = new Map<string, ReadonlyMap<string, SharedTransaction>>();

  /** The transactions of a variant's template, as objects shared by wtxid with those before it and beside it. */
  share(variant: string, transactions: readonly SharedTransaction[]): readonly SharedTransaction[] {
    const before = this.#latest.get(variant);
    const others = [...this.#latest.values()].filter((known) => known !== before);
    const next = new Map<string, SharedTransaction>();
    const shared = transactions.map((transaction) => {
      const key = keyOf(transaction.wtxid);
      const held = before?.get(key) ?? next.get(key) ?? findIn(others, key) ?? compact(transaction);
      next.set(key, held);
      return held;
    });
    this.#latest.set(variant, next);
    return shared;
  }

  /** Forgets the transactions of all other variants. */
  keepOnly(variants: ReadonlySet<string>): void {
    for (const variant of this.#latest.keys()) if (!variants.has(variant)) this.#latest.delete(variant);
  }
}

function findIn(maps: readonly ReadonlyMap<string, SharedTransaction>[], key: string): SharedTransaction | undefined {
  for (const map of maps) {
    const found = map.get(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function compact({ txid, wtxid, data, weight, fee }: SharedTransaction): SharedTransaction {
  return {
    txid: ownBytes(txid),
    wtxid: ownBytes(wtxid),
    data: ownBytes(data),
    ...(weight !== undefined && { weight }),
    ...(fee !== undefined && { fee }),
  };
}

/** 32 bytes as a string of 16 characters. */
function keyOf(hash: Uint8Array): string {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
  let key = '';
  for (let offset = 0; offset + 1 < hash.length; offset += 2) key += String.fromCharCode(view.getUint16(offset));
  return key;
}
