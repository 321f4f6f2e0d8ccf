import type { Network, TxOut } from '@sv2kit/bitcoin';
import { type CoinbaseConfig, coinbaseScript } from '@sv2kit/daemon';
import { payTo, type Payout } from '@sv2kit/mining';

/** Everything to the configured script. */
export function poolPayout(coinbase: CoinbaseConfig, chain: Network): Payout {
  return payTo(coinbaseScript(coinbase, chain), 'pool');
}

/** The outputs as large as they get, for CoinbaseOutputConstraints (§7.1). */
export function largestOutputs(payout: Payout): readonly TxOut[] {
  return payout.outputs(0xffff_ffff_ffff_ffffn);
}
