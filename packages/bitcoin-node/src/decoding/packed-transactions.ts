/** Transactions that were not in the list before, in block order, in few buffers. */
export interface FreshTransactions {
  readonly data: Uint8Array<ArrayBuffer>;
  /** Per transaction: where its bytes end in `data`. */
  readonly ends: Uint32Array;
  /** Per transaction: txid, then wtxid, internal byte order. */
  readonly ids: Uint8Array;
  readonly weights: Uint32Array;
}

/**
 * A block's transactions in a shape that costs little to hand to another thread. Those that the list before held as
 * well are named by their place there and not sent again.
 */
export interface PackedTransactions {
  /** Per transaction, in block order: its index in the list decoded before, or -1 when it is in `fresh`. */
  readonly reused: Int32Array;
  readonly fresh: FreshTransactions;
}

/** The buffers to hand over instead of copying. */
export function buffersIn(...arrays: readonly ArrayBufferView[]): ArrayBuffer[] {
  return arrays.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}
