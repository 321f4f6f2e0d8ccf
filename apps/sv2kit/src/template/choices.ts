/**
 * What `exclude` makes a fee count as less, and `include` as more, in satoshis: all the money there is, and enough to be
 * ahead of anything else. An exclusion outweighs what is included and spends from it.
 */
export const EXCLUDED = -2_100_000_000_000_000n;
export const INCLUDED = 100_000_000_000_000n;

export type ChoiceKind = 'included' | 'excluded' | 'prioritised';

/** What a delta stands for. */
export function kindOf(delta: bigint): ChoiceKind {
  if (delta <= EXCLUDED / 2n) return 'excluded';
  return delta >= INCLUDED / 2n ? 'included' : 'prioritised';
}

/** `excluded`, or `prioritised by +5,000 sat`. */
export function choiceWords(delta: bigint): string {
  const kind = kindOf(delta);
  if (kind !== 'prioritised') return `${kind} by you`;
  return `prioritised by ${delta > 0n ? '+' : ''}${delta.toLocaleString('en-US')} sat`;
}
