import { BitcoinError, HEADER_LENGTH, identifyTransaction, type TransactionIds } from '@sv2kit/bitcoin';
import type { FreshTransactions, PackedTransactions } from './packed-transactions.ts';
import { type Listed, Repeats } from './repeats.ts';
import { TransactionCursor } from './transaction-cursor.ts';

interface BlockEntry extends Listed, TransactionIds {
  readonly data: Uint8Array;
}

/** The node sent something that is not a block. */
export class BadBlockError extends Error {
  override readonly name = 'BadBlockError';
}

/** Takes serialized blocks apart, one after another. Runs in a worker: it is free to take its time. */
export class BlockDecoder {
  readonly #repeats = new Repeats();

  /**
   * The block's transactions without its coinbase.
   *
   * @throws BadBlockError
   */
  decode(block: Uint8Array): PackedTransactions {
    const list = entriesOf(block);
    const reused = this.#repeats.find(list);
    const fresh = pack(list.filter((_, index) => reused[index] === -1));
    this.#repeats.remember(list, reused, fresh.data.length);
    return { reused, fresh };
  }
}

function entriesOf(block: Uint8Array): BlockEntry[] {
  try {
    const cursor = new TransactionCursor(block, HEADER_LENGTH);
    const count = cursor.count();
    if (count > 0) cursor.transaction();
    const entries: BlockEntry[] = [];
    for (let index = 1; index < count; index += 1) entries.push(entryOf(cursor.transaction()));
    if (!cursor.isAtEnd) throw new BadBlockError('the block goes on after its transactions');
    return entries;
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof BitcoinError)) throw cause;
    throw new BadBlockError(`the block does not parse: ${cause.message}`, { cause });
  }
}

function entryOf(data: Uint8Array): BlockEntry {
  const ids = identifyTransaction(data);
  return { ...ids, data, bytes: data.length, key: Buffer.from(ids.wtxid).toString('latin1') };
}

function pack(list: readonly BlockEntry[]): FreshTransactions {
  const data = new Uint8Array(list.reduce((sum, { bytes }) => sum + bytes, 0));
  const ends = new Uint32Array(list.length);
  const ids = new Uint8Array(list.length * 64);
  const weights = Uint32Array.from(list, ({ weight }) => weight);
  let end = 0;
  list.forEach((entry, index) => {
    data.set(entry.data, end);
    end += entry.bytes;
    ends[index] = end;
    ids.set(entry.txid, index * 64);
    ids.set(entry.wtxid, index * 64 + 32);
  });
  return { data, ends, ids, weights };
}
