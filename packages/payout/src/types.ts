import type { Network } from '@sv2kit/bitcoin';

export const PAYOUT_MODES = ['pool', 'solo', 'pplns'] as const;
/** `pool`: all to the pool's output. `solo`: to the finder. `pplns`: by the work of a window. */
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
  /** Whose addresses accounts are. */
  readonly chain: Network;
}

/** Work of one user within a window. */
export interface Weight {
  /** {@link POOL_ACCOUNT} for work that is the pool's own. */
  readonly account: string;
  /** Per cent of what is due to the user that goes to the pool instead. */
  readonly donation: number;
  /** Units of {@link workOf}, or any other unit that all weights share. */
  readonly work: bigint;
}

/** The pool itself: no user has this name. */
export const POOL_ACCOUNT = '';
