import type { NodeTransaction } from './node-template.ts';

/** What of a transaction outlives its template: enough to hand it out and to rebuild a block. */
export interface SharedTransaction {
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * Makes successive templates hold one copy of a transaction between them. It knows only the last template's
 * transactions, so nothing has to be counted or freed: a transaction lives as long as some template holds it.
 */
export class SharedTransactions {
  #latest: ReadonlyMap<string, SharedTransaction> = new Map();

  /** The transactions of a template, as objects shared by wtxid with the template before it. */
  share(transactions: readonly NodeTransaction[]): readonly SharedTransaction[] {
    const next = new Map<string, SharedTransaction>();
    const shared = transactions.map((transaction) => {
      const key = keyOf(transaction.wtxid);
      const held = this.#latest.get(key) ?? next.get(key) ?? compact(transaction);
      next.set(key, held);
      return held;
    });
    this.#latest = next;
    return shared;
  }
}

function compact({ txid, wtxid, data }: NodeTransaction): SharedTransaction {
  return { txid: alone(txid), wtxid: alone(wtxid), data: alone(data) };
}

/** A view into a node's whole answer would keep that answer in memory: such bytes are copied. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength === bytes.byteLength ? bytes : new Uint8Array(bytes);
}

/** 32 bytes as a string of 16 characters. */
function keyOf(hash: Uint8Array): string {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
  let key = '';
  for (let offset = 0; offset + 1 < hash.length; offset += 2) key += String.fromCharCode(view.getUint16(offset));
  return key;
}
