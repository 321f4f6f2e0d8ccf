import { BitcoinError, parseTransaction, sameBytes, type TxOut } from '@sv2kit/bitcoin';
import type { Work } from '@sv2kit/mining';

/** What an upstream's coinbase has to pay. */
export interface PayoutRule {
  /** The output's script. */
  readonly script: Uint8Array;
  /** The least part of all that the coinbase pays out, above 0 and at most 1. */
  readonly share: number;
}

/** Why a job does not pay what it should. */
export const PAYOUT_PROBLEMS = {
  'unreadable-coinbase': 'The coinbase is no transaction.',
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
  const outputs = outputsOf(work);
  if (outputs === undefined) return unpaid('unreadable-coinbase');
  let paid = 0n;
  let total = 0n;
  let named = false;
  for (const output of outputs) {
    total += output.value;
    if (!sameBytes(output.script, script)) continue;
    paid += output.value;
    named = true;
  }
  if (total === 0n) return unpaid('empty-coinbase');
  if (!named || paid === 0n) return unpaid('payout-missing', paid, total);
  if (paid * BigInt(BILLION) < total * BigInt(Math.round(share * BILLION)))
    return unpaid('payout-too-low', paid, total);
  return { kind: 'paid', paid, total };
}

function outputsOf({ space }: Work): readonly TxOut[] | undefined {
  if (space.kind !== 'extended') throw new Error('a standard job does not show its coinbase');
  const { coinbasePrefix, coinbaseSuffix, extranoncePrefix, extranonceSize } = space;
  const behind = coinbasePrefix.length + extranoncePrefix.length + extranonceSize;
  const coinbase = new Uint8Array(behind + coinbaseSuffix.length);
  coinbase.set(coinbasePrefix);
  coinbase.set(extranoncePrefix, coinbasePrefix.length);
  coinbase.set(coinbaseSuffix, behind);
  try {
    const { inputs, outputs } = parseTransaction(coinbase);
    return inputs.length === 1 ? outputs : undefined;
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}
