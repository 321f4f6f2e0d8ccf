import { heightPush } from '@sv2kit/bitcoin';

/** The coinbase fields of NewTemplate (§7.2) that follow from the block's height alone. */
export interface CoinbaseFields {
  readonly coinbaseTxVersion: number;
  readonly coinbasePrefix: Uint8Array;
  readonly coinbaseTxInputSequence: number;
  readonly coinbaseTxLocktime: number;
}

/** Not final, so that the lock time counts (BIP54). */
const SEQUENCE = 0xfffffffe;

/**
 * The coinbase of a block at `height`: BIP34's height push, and the lock time height - 1 with a sequence that is not
 * final, as BIP54 will ask. Up to height 16 the push is a single byte; a coinbase script needs two at least, the second
 * of which is the client's (its extranonce push).
 */
export function coinbaseFields(height: number): CoinbaseFields {
  if (!Number.isInteger(height) || height < 1) throw new RangeError(`no block can be mined at height ${height}`);
  return {
    coinbaseTxVersion: 2,
    coinbasePrefix: heightPush(height),
    coinbaseTxInputSequence: SEQUENCE,
    coinbaseTxLocktime: height - 1,
  };
}
