import { encodeOutputs, outputSigops, type TxOut } from '@sv2kit/bitcoin';
import { type CoinbaseOutputConstraints, ProtocolError } from '@sv2kit/codec';
import type { TemplateClientErrorCode } from './errors.ts';

/** A block's limit in weight units (BIP141). */
export const MAX_BLOCK_WEIGHT = 4_000_000;
/** The least that Bitcoin Core reserves for header and coinbase, in weight units (§7.1). */
export const MIN_RESERVED_WEIGHT = 2000;

const WEIGHT_PER_BYTE = 4;
/** Header 320, transaction count 12, scriptSig 400, output count 12 (§7.1). */
const RESERVED_ALWAYS = 320 + 12 + 400 + 12;
/** The coinbase's fixed fields with marker, flag and witness, and its witness commitment output (§7.1). */
const RESERVED_SEGWIT = 236 + 188;
/** The coinbase's fixed fields in a block without segregated witness (§7.1). */
const RESERVED_LEGACY = 200;

/** What a client wants kept free, named as in CoinbaseOutputConstraints. */
export type CoinbaseConstraints = Pick<
  CoinbaseOutputConstraints,
  'coinbaseOutputMaxAdditionalSize' | 'coinbaseOutputMaxAdditionalSigops'
>;

/** Room that a block's other transactions must leave: weight units and sigop cost. */
export interface CoinbaseSpace {
  readonly weight: number;
  readonly sigops: number;
}

/**
 * Block space to keep free for header and coinbase (§7.1): 1168 weight units (944 without segregated witness) and four
 * for each byte of the client's outputs, at least 2000; and the client's sigops.
 *
 * @throws ProtocolError `coinbase-space-too-large` when no block could hold such a coinbase.
 */
export function coinbaseSpace(
  constraints: CoinbaseConstraints,
  options: { readonly segwit?: boolean } = {},
): CoinbaseSpace {
  const size = constraints.coinbaseOutputMaxAdditionalSize;
  const fixed = RESERVED_ALWAYS + ((options.segwit ?? true) ? RESERVED_SEGWIT : RESERVED_LEGACY);
  const weight = Math.max(MIN_RESERVED_WEIGHT, fixed + WEIGHT_PER_BYTE * size);
  if (weight > MAX_BLOCK_WEIGHT) {
    throw new ProtocolError<TemplateClientErrorCode>('coinbase-space-too-large', {
      coinbaseOutputMaxAdditionalSize: size,
      largest: Math.floor((MAX_BLOCK_WEIGHT - fixed) / WEIGHT_PER_BYTE),
    });
  }
  return { weight, sigops: constraints.coinbaseOutputMaxAdditionalSigops };
}

/** What a client must ask for to add these outputs to its coinbase (§7.1): their serialized bytes and sigop cost. */
export function constraintsForOutputs(outputs: readonly TxOut[]): CoinbaseConstraints {
  return {
    coinbaseOutputMaxAdditionalSize: encodeOutputs(outputs).length,
    coinbaseOutputMaxAdditionalSigops: outputSigops(outputs),
  };
}
