import { BitcoinError, displayHash, identifyTransaction, type TransactionIds } from '@sv2kit/bitcoin';

const HASH_BYTES = 32;

/** A 32-byte hash in internal byte order as a string of 32 characters, one for each byte: a key for maps. */
export type HashKey = string;

/** A transaction that a block can be made of. The bytes are its own and never change. */
export interface CheckedTransaction {
  readonly wtxid: HashKey;
  readonly txid: HashKey;
  /** With its witness. */
  readonly data: Uint8Array;
  readonly weight: number;
  /** Satoshis; unknown for what a peer provided until its inputs were looked up. A txid decides it for ever. */
  fee: number | undefined;
}

/** The hash at `index` in a row of them. */
export function hashKey(hashes: Uint8Array, index = 0): HashKey {
  const start = index * HASH_BYTES;
  return view(hashes).toString('latin1', start, start + HASH_BYTES);
}

export function hashOf(key: HashKey): Uint8Array {
  return Uint8Array.from(Buffer.from(key, 'latin1'));
}

/** As the node shows it. */
export function shownHash(key: HashKey): string {
  return displayHash(hashOf(key));
}

/** A transaction from its bytes, which are copied; `undefined` when they are none. */
export function readTransaction(bytes: Uint8Array, fee: number | undefined): CheckedTransaction | undefined {
  const data = new Uint8Array(bytes);
  const parsed = idsOrNothing(data);
  if (parsed === undefined) return undefined;
  return { wtxid: hashKey(parsed.wtxid), txid: hashKey(parsed.txid), data, weight: parsed.weight, fee };
}

/** Its bytes without the witness. */
export function strippedSize({ weight, data }: Pick<CheckedTransaction, 'weight' | 'data'>): number {
  return (weight - data.length) / 3;
}

/** What identifies a transaction; `undefined` when the bytes are none. */
export function idsOrNothing(bytes: Uint8Array): TransactionIds | undefined {
  try {
    return identifyTransaction(bytes);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
