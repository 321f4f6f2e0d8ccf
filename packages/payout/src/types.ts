import type { Network } from '@sv2kit/bitcoin';

export const PAYOUT_MODES = ['pool', 'solo', 'pplns'] as const;
/** `pool`: all to the pool's output. `solo`: the finder's address. `pplns`: by the work of a window. */
export type PayoutMode = (typeof PAYOUT_MODES)[number];

/** What a pool promises for the blocks found from now on. */
export interface PayoutTerms {
  readonly mode: PayoutMode;
  /** The pool's part in millionths. */
  readonly feePpm: number;
  /** PPLNS: how much work shares in a block, in multiples of the network's difficulty. */
  readonly window: number;
  /** Until a block's dues are due. */
  readonly confirmations: number;
  /** Takes the fee, and what the coinbase does not pay directly. */
  readonly poolScript: Uint8Array;
  /** Whose addresses pay. */
  readonly chain: Network;
}

/** Work of one user within a window. */
export interface Weight {
  readonly account: string;
  /** Per cent of the user's part that goes to the pool. */
  readonly donation: number;
  /** Units of {@link workOf}. */
  readonly work: bigint;
}
