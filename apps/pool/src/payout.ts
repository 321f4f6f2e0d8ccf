import { BitcoinError, type Network, scriptFromAddress, scriptFromDescriptor, type TxOut } from '@sv2kit/bitcoin';
import { payTo, type Payout } from '@sv2kit/mining';
import type { Mismatch } from '@sv2kit/daemon';

/** `[coinbase]` as it is read. */
export interface CoinbaseConfig {
  readonly address: string | undefined;
  readonly descriptor: string | undefined;
  readonly tag: string;
}

/** What is wrong with where the coinbase pays, in the words of the configuration. */
export function checkCoinbase(coinbase: CoinbaseConfig, chain: Network): readonly Mismatch[] {
  const { address, descriptor } = coinbase;
  if ((address === undefined) === (descriptor === undefined)) {
    const wrong = 'needs either an address or a descriptor: where block rewards are paid';
    return [{ key: 'coinbase', wrong, example: 'address = "bc1q…"' }];
  }
  try {
    scriptOf(coinbase, chain);
    return [];
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
    const key = address === undefined ? 'coinbase.descriptor' : 'coinbase.address';
    return [{ key, wrong: `cannot be paid on ${chain}: ${error.message}` }];
  }
}

/** Everything to the configured script. */
export function poolPayout(coinbase: CoinbaseConfig, chain: Network): Payout {
  return payTo(scriptOf(coinbase, chain), 'pool');
}

/** The outputs as large as they get, for CoinbaseOutputConstraints (§7.1). */
export function largestOutputs(payout: Payout): readonly TxOut[] {
  return payout.outputs(0xffff_ffff_ffff_ffffn);
}

function scriptOf({ address, descriptor }: CoinbaseConfig, chain: Network): Uint8Array {
  if (address !== undefined) return scriptFromAddress(address, chain);
  return scriptFromDescriptor(descriptor ?? '', chain);
}
