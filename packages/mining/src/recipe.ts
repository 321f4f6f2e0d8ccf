import type { TxOut } from '@sv2kit/bitcoin';

/** Who a coinbase pays. */
export interface Payout {
  /** The same for payouts that yield the same outputs. */
  readonly id: string;
  /** @param value satoshis to share out, all of them */
  outputs(value: bigint): readonly TxOut[];
  /**
   * Bytes behind the tag of a job that has no number there, at most three, asked for anew like the outputs: another mark
   * makes another search space of the same template.
   */
  mark?(): Uint8Array;
}

/**
 * What makes a template into a job beside the template itself. Of an upstream's job it only narrows the version mask. Channels of one recipe share one job, and a group's
 * members share one recipe (§5.2.3).
 */
export interface Recipe {
  readonly payout: Payout;
  /** Bytes of the coinbase script between height and extranonce. */
  readonly tag: Uint8Array;
  /** Prefix and rolled part together, in bytes. */
  readonly extranonceSize: number;
  /** Version bits that miners may change: BIP323_MASK of @sv2kit/bitcoin, fewer, or 0 for none. */
  readonly versionMask: number;
  /**
   * Whether every job has a number in its coinbase, so that jobs of one template are different search spaces. Without,
   * all jobs of one template have one coinbase, as one that has been declared must (§6.4.4).
   */
  readonly numbered: boolean;
}

/** Equal for recipes that yield the same job. Recipes of one server differ in payout and extranonce size only; so the tag is left out. */
export function recipeKey(recipe: Recipe): string {
  const { extranonceSize, versionMask, numbered, payout } = recipe;
  return `${extranonceSize}:${versionMask.toString(16)}${numbered ? 'n' : 'u'}:${payout.id}`;
}

/** Pays nobody: for jobs whose coinbase is an upstream's already. */
export const NOBODY: Payout = { id: '', outputs: () => [] };

/** Pays everything to one script. */
export function payTo(script: Uint8Array, id: string): Payout {
  return { id, outputs: (value) => [{ value, script }] };
}
