import { sameBytes, type TxOut } from '@sv2kit/bitcoin';

/** What a pool asks of every coinbase that it pays for (§6.4.3). */
export interface PayoutTerms {
  /** Locking script of the pool payout output. */
  readonly payoutScript: Uint8Array;
  /** The pool's other outputs, of value 0; may be none. */
  readonly requiredOutputs: readonly TxOut[];
  /** The least share of a job's value that its payout output must have, above 0 and at most 1. */
  readonly leastPayoutShare: number;
}

/** What a coinbase pays the pool, or why it does not. */
export type PayoutVerdict =
  | { readonly kind: 'pays' /** Satoshis. */; readonly payout: bigint /** All outputs. */; readonly total: bigint }
  | { readonly kind: 'refused'; readonly code: 'missing-pool-payout' | 'missing-pool-outputs' };

/** Holds a coinbase's outputs to the terms; their order is the miner's to choose (§6.4.3). */
export function judgeOutputs(outputs: readonly TxOut[], terms: PayoutTerms): PayoutVerdict {
  let payout = 0n;
  let total = 0n;
  for (const { value, script } of outputs) {
    total += value;
    if (sameBytes(script, terms.payoutScript)) payout += value;
  }
  if (payout === 0n) return { kind: 'refused', code: 'missing-pool-payout' };
  if (!holdsAll(outputs, terms.requiredOutputs)) return { kind: 'refused', code: 'missing-pool-outputs' };
  return { kind: 'pays', payout, total };
}

/**
 * The fraction of its shares' difficulty that a job is credited (§6.4.3, example B).
 *
 * @param value what the job could pay: satoshis
 * @returns undefined when the pool gets less than its least share
 */
export function creditOf(payout: bigint, value: bigint, leastPayoutShare: number): number | undefined {
  const credit = payout >= value ? 1 : Number(payout) / Number(value);
  return credit >= leastPayoutShare ? credit : undefined;
}

/** Whether each required output is there, an output counted once. */
function holdsAll(outputs: readonly TxOut[], required: readonly TxOut[]): boolean {
  const free = outputs.filter(({ value }) => value === 0n);
  return required.every(({ script }) => {
    const at = free.findIndex((output) => sameBytes(output.script, script));
    if (at !== -1) free.splice(at, 1);
    return at !== -1;
  });
}

/** What AllocateMiningJobToken.Success lists: the payout output first, everything of value 0 (§6.4.3). */
export function allocatedOutputs({ payoutScript, requiredOutputs }: PayoutTerms): readonly TxOut[] {
  return [{ value: 0n, script: payoutScript }, ...requiredOutputs.map(({ script }) => ({ value: 0n, script }))];
}
