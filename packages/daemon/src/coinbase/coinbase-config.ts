import {
  addressFromScript,
  BitcoinError,
  type Network,
  scriptFromAddress,
  scriptFromDescriptor,
} from '@sv2kit/bitcoin';
import type { Mismatch } from '../config/config.ts';
import { optional, text } from '../config/values.ts';

const EXAMPLE_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const EXAMPLE_DESCRIPTOR = 'wpkh(02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9)';

/** The keys of a role's `[coinbase]` that say where block rewards are paid: one of the two. */
export const coinbaseFields = {
  address: optional(text(EXAMPLE_ADDRESS, 'Where block rewards are paid.')),
  descriptor: optional(text(EXAMPLE_DESCRIPTOR, 'The same as a descriptor.')),
};

/** `[coinbase]` as it is read. */
export interface CoinbaseConfig {
  readonly address: string | undefined;
  readonly descriptor: string | undefined;
}

/** What is wrong with where the coinbase pays, in the words of the configuration. For the `check` of a configuration. */
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
    coinbaseScript(coinbase, chain);
    return [];
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
    const wrong = `cannot be paid on ${chain}: ${error.message}`;
    return address === undefined
      ? [{ key: 'coinbase.descriptor', wrong, example: `descriptor = "${EXAMPLE_DESCRIPTOR}"` }]
      : [{ key: 'coinbase.address', wrong, example: addressLine(chain) }];
  }
}

/**
 * The script that `[coinbase]` pays to.
 *
 * @throws BitcoinError when it cannot be paid on that chain, which {@link checkCoinbase} says before
 */
export function coinbaseScript({ address, descriptor }: CoinbaseConfig, chain: Network): Uint8Array {
  if (address !== undefined) return scriptFromAddress(address, chain);
  return scriptFromDescriptor(descriptor ?? '', chain);
}

/** BIP173's example key, as an address of that chain. */
function addressLine(chain: Network): string {
  return `address = "${addressFromScript(scriptFromAddress(EXAMPLE_ADDRESS, 'mainnet'), chain)}"`;
}
