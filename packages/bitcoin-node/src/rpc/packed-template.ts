import { buffersIn, type FreshTransactions, type PackedTransactions } from '../decoding/packed-transactions.ts';

/**
 * A decoded template in a shape that costs little to hand to another thread: numbers and typed arrays. Transactions
 * that the template before held as well are named by their place there and not sent again.
 */
export interface PackedTemplate extends PackedTransactions {
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
  /** Per transaction: where its indexes end in `depends`. */
  readonly dependsEnds: Uint32Array;
  readonly depends: Uint32Array;
  readonly fresh: FreshTemplateTransactions;
}

/** What a template says of its transactions beside their bytes. */
export interface FreshTemplateTransactions extends FreshTransactions {
  readonly fees: Float64Array;
  readonly sigops: Uint32Array;
}

/** The buffers to hand over instead of copying. */
export function buffersOf({ reused, dependsEnds, depends, fresh }: PackedTemplate): ArrayBuffer[] {
  return buffersIn(reused, dependsEnds, depends, ...Object.values<ArrayBufferView>({ ...fresh }));
}
