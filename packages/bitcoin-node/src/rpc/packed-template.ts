/**
 * A decoded template in a shape that costs little to hand to another thread: numbers and typed arrays. Transactions
 * that the template before held as well are named by their place there and not sent again.
 */
export interface PackedTemplate {
  readonly height: number;
  readonly prevHash: Uint8Array;
  readonly version: number;
  readonly nbits: number;
  readonly target: Uint8Array;
  readonly curtime: number;
  readonly mintime: number;
  /** Satoshis; below 2^53. */
  readonly coinbaseValue: number;
  readonly defaultWitnessCommitment: Uint8Array | undefined;
  readonly weightLimit: number;
  readonly sigopLimit: number;
  readonly longPollId: string | undefined;
  /** Per transaction, in block order: its index in the template decoded before, or -1 when it is in `fresh`. */
  readonly reused: Int32Array;
  /** Per transaction: where its indexes end in `depends`. */
  readonly dependsEnds: Uint32Array;
  readonly depends: Uint32Array;
  readonly fresh: FreshTransactions;
}

/** Transactions that were not known before, in block order. */
export interface FreshTransactions {
  readonly data: Uint8Array<ArrayBuffer>;
  /** Per transaction: where its bytes end in `data`. */
  readonly ends: Uint32Array;
  /** Per transaction: txid, then wtxid, internal byte order. */
  readonly ids: Uint8Array;
  readonly fees: Float64Array;
  readonly weights: Uint32Array;
  readonly sigops: Uint32Array;
}

/** The buffers to hand over instead of copying. */
export function buffersOf(template: PackedTemplate): ArrayBuffer[] {
  const { fresh } = template;
  const arrays = [template.reused, template.dependsEnds, template.depends, ...Object.values(fresh)];
  return arrays.map((array: ArrayBufferView) => array.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}
