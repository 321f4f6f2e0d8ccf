import {
  addressFromScript,
  BitcoinError,
  type Network,
  scriptFromAddress,
  scriptFromDescriptor,
  type TxOut,
} from '@sv2kit/bitcoin';
import { payTo, type Payout } from '@sv2kit/mining';
import type { Mismatch } from '@sv2kit/daemon';

export const EXAMPLE_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
export const EXAMPLE_DESCRIPTOR = 'wpkh(02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9)';

/** `[coinbase]` as it is read. */
export interface CoinbaseConfig {
  readonly address: string | undefined;
  readonly descriptor: string | undefined;
  readonly tag: string;
}

/** What is wrong with where the coinbase pays, in the words of the configuration. */
export function checkCoinbase(coinbase: CoinbaseConfig, chain: Network): readonly Mismatch[] {
  const { address, descriptor } = coinbase;
  if (address !== undefined && descriptor !== undefined) {
    return [
      { key: 'coinbase', wrong: 'has both an address and a descriptor: remove one', example: addressLine(chain) },
    ];
  }
  if (address === undefined && descriptor === undefined) {
    const wrong = 'needs either an address or a descriptor: where block rewards are paid';
    return [{ key: 'coinbase', wrong, example: addressLine(chain) }];
  }
  try {
    scriptOf(coinbase, chain);
    return [];
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
    const wrong = `cannot be paid on ${chain}: ${error.message}`;
    return address === undefined
      ? [{ key: 'coinbase.descriptor', wrong, example: `descriptor = "${EXAMPLE_DESCRIPTOR}"` }]
      : [{ key: 'coinbase.address', wrong, example: addressLine(chain) }];
  }
}

/** BIP173's example key, as an address of that chain. */
function addressLine(chain: Network): string {
  return `address = "${addressFromScript(scriptFromAddress(EXAMPLE_ADDRESS, 'mainnet'), chain)}"`;
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
