import { BitcoinError, meetsTarget, targetFromNbits } from '@sv2kit/bitcoin';

/** Whether a hash meets the network's target, as far as `nbits` stand for one: servers may send anything. */
export function isBlock(hash: Uint8Array, nbits: number): boolean {
  try {
    return meetsTarget(hash, targetFromNbits(nbits));
  } catch (error) {
    if (error instanceof BitcoinError) return false;
    throw error;
  }
}
