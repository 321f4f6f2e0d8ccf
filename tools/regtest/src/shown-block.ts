/** A transaction of a block as the node shows it. */
export interface ShownTransaction {
  readonly hex: string;
  readonly txid: string;
  readonly locktime: number;
  readonly vin: readonly { readonly coinbase?: string; readonly sequence: number; readonly txinwitness?: string[] }[];
  /** `value` in bitcoin. */
  readonly vout: readonly { readonly value: number; readonly scriptPubKey: { readonly hex: string } }[];
}

/** A block as the node shows it. */
export interface ShownBlock {
  readonly hash: string;
  readonly height: number;
  readonly confirmations: number;
  readonly previousblockhash: string;
  readonly tx: readonly ShownTransaction[];
}
