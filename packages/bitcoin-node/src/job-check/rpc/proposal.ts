import { LIMITS } from '../../limits.ts';
import type { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { RULES } from '../../rpc/template-source.ts';
import { type Opinion, opinionOf, UNREADABLE } from '../judgement.ts';

const METHOD = 'getblocktemplate';
const RPC_DESERIALIZATION_ERROR = -22;
/**
 * Asks the node what it would think of a block if it had proof of work (BIP23). The node checks everything else, the
 * merkle root included.
 *
 * @param block serialized
 * @throws RpcError when the node says nothing of the block
 */
export async function propose(client: RpcClient, block: Uint8Array): Promise<Opinion> {
  const data = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('hex');
  const options = { timeoutMs: LIMITS.checkTimeoutMs, lane: 'check' };
  let answer: unknown;
  try {
    answer = await client.call(METHOD, [{ mode: 'proposal', data, rules: RULES }], options);
  } catch (error) {
    const isUnreadable = error instanceof RpcError && error.details.rpcCode === RPC_DESERIALIZATION_ERROR;
    if (isUnreadable) return UNREADABLE;
    throw error;
  }
  if (answer === null) return { kind: 'valid' };
  if (typeof answer !== 'string') throw new RpcError('malformed', `${METHOD}: a proposal's answer is not a word`);
  return opinionOf(answer);
}
