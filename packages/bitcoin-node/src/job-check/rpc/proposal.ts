import { LIMITS } from '../../limits.ts';
import type { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { RULES } from '../../rpc/template-source.ts';

const METHOD = 'getblocktemplate';
const RPC_DESERIALIZATION_ERROR = -22;
/** The node's best block is not the proposal's parent, or it has the very block: then it is not to be mined any more. */
const STALE_WORDS: ReadonlySet<string> = new Set([
  'inconclusive-not-best-prevblk',
  'duplicate',
  'duplicate-inconclusive',
]);

export type ProposalAnswer =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'stale' };

/**
 * Asks the node what it would think of a block if it had proof of work (BIP23). The node checks everything else, the
 * merkle root included.
 *
 * @param block serialized
 * @throws RpcError when the node says nothing of the block
 */
export async function propose(client: RpcClient, block: Uint8Array): Promise<ProposalAnswer> {
  const data = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('hex');
  const options = { timeoutMs: LIMITS.checkTimeoutMs, lane: 'check' };
  let answer: unknown;
  try {
    answer = await client.call(METHOD, [{ mode: 'proposal', data, rules: RULES }], options);
  } catch (error) {
    const isUnreadable = error instanceof RpcError && error.details.rpcCode === RPC_DESERIALIZATION_ERROR;
    if (isUnreadable) return { kind: 'invalid', reason: 'block-decode-failed' };
    throw error;
  }
  if (answer === null) return { kind: 'valid' };
  if (typeof answer !== 'string') throw new RpcError('malformed', `${METHOD}: a proposal's answer is not a word`);
  return STALE_WORDS.has(answer) ? { kind: 'stale' } : { kind: 'invalid', reason: answer };
}
