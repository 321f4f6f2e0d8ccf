import { BitcoinError, parseTransaction, sameBytes, type TxOut } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';
import { strippedSides } from './stripped-coinbase.ts';

/** What an upstream's coinbase has to pay. */
export interface PayoutRule {
  /** The output's script. */
  readonly script: Uint8Array;
  /** The least part of all that the coinbase pays out, above 0 and at most 1. */
  readonly share: number;
}

/** Why a job does not pay what it should. */
export const PAYOUT_PROBLEMS = {
  'unreadable-coinbase': 'The coinbase is no transaction, or its extranonce is not within one of its scripts.',
  'empty-coinbase': 'The coinbase pays nothing to anybody.',
  'payout-missing': 'No output pays the script that the operator named.',
  'payout-too-low': "The outputs to the script hold less than their part of the coinbase's value.",
} as const;
export type PayoutProblem = keyof typeof PAYOUT_PROBLEMS;

export type PayoutVerdict =
  /** Values are in satoshis. */
  | { readonly kind: 'paid'; readonly paid: bigint; readonly total: bigint }
  | { readonly kind: 'unpaid'; readonly problem: PayoutProblem; readonly paid: bigint; readonly total: bigint };

const unpaid = (problem: PayoutProblem, paid = 0n, total = 0n): PayoutVerdict => ({
  kind: 'unpaid',
  problem,
  paid,
  total,
});

/** Parts are compared in billionths. */
const BILLION = 1_000_000_000;

/**
 * Whether an upstream's job pays a script: its coinbase is put together as its miners hash it, and read. What the template
 * would have let it claim beyond its outputs is not known here.
 */
export function verifyPayout(work: Work, { script, share }: PayoutRule): PayoutVerdict {
  const coinbase = readCoinbase(work);
  if (coinbase === undefined) return unpaid('unreadable-coinbase');
  let paid = 0n;
  let total = 0n;
  for (const output of coinbase.outputs) {
    total += output.value;
    if (output.script !== coinbase.rolled && sameBytes(output.script, script)) paid += output.value;
  }
  if (total === 0n) return unpaid('empty-coinbase');
  if (paid === 0n) return unpaid('payout-missing', paid, total);
  // Rounded down: no coinbase pays parts of a satoshi.
  const least = (total * BigInt(Math.round(share * BILLION))) / BigInt(BILLION);
  return paid < least ? unpaid('payout-too-low', paid, total) : { kind: 'paid', paid, total };
}

interface Coinbase {
  readonly outputs: readonly TxOut[];
  /** The script with the extranonce. */
  readonly rolled: Uint8Array;
}

/** @returns undefined for what is no coinbase, or one of which miners roll more than a script: it may be another then */
function readCoinbase({ space }: Work): Coinbase | undefined {
  if (space.kind !== 'extended') throw new Error('a standard job does not show its coinbase');
  const { extranoncePrefix, extranonceSize } = space;
  try {
    const { coinbasePrefix, coinbaseSuffix } = strippedSides(space);
    const begin = coinbasePrefix.length;
    const end = begin + extranoncePrefix.length + extranonceSize;
    const bytes = new Uint8Array(end + coinbaseSuffix.length);
    bytes.set(coinbasePrefix);
    bytes.set(extranoncePrefix, begin);
    bytes.set(coinbaseSuffix, end);
    const { segwit, inputs, outputs } = parseTransaction(bytes);
    const [input] = inputs;
    if (segwit || input === undefined || inputs.length > 1) return undefined;
    const scripts = [input.scriptSig, ...outputs.map(({ script }) => script)];
    // Scripts are views of the bytes.
    const rolled = scripts.find(({ byteOffset, length }) => byteOffset <= begin && byteOffset + length >= end);
    return rolled && { outputs, rolled };
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}
