/** What a node thinks of a block to be, its proof of work left out. */
export type Opinion =
  | { readonly kind: 'valid' }
  /** `reason`: the node's word (BIP22), the same whichever way it was asked. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** The node's best block is another than the block's parent. */
  | { readonly kind: 'stale' };

/** With what the coinbase of a valid block may claim, in satoshis. */
export type Judgement = Exclude<Opinion, { kind: 'valid' }> | { readonly kind: 'valid'; readonly value: bigint };

/** The node cannot read the block. */
export const UNREADABLE: Opinion = { kind: 'invalid', reason: 'block-decode-failed' };

/** The node's best block is not the block's parent, or it has the very block: then it is not to be mined any more. */
const STALE_WORDS: ReadonlySet<string> = new Set([
  'inconclusive-not-best-prevblk',
  'duplicate',
  'duplicate-inconclusive',
]);

/** By the word that a node has for a block which is not valid. */
export function opinionOf(word: string): Opinion {
  if (STALE_WORDS.has(word)) return { kind: 'stale' };
  return { kind: 'invalid', reason: word === '' ? 'rejected' : word };
}
