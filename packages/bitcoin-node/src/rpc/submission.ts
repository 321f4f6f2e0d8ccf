import { displayHash } from '@sv2kit/bitcoin';
import type { Confirmation, SubmitResult } from '../node.ts';
import { type BlockOffer, NOT_BEST } from '../submission.ts';
import { Fields } from './fields.ts';
import { failedWith, type RpcCaller } from './rpc-client.ts';
import { RPC_INVALID_ADDRESS_OR_KEY, RPC_VERDICTS, RpcError } from './rpc-error.ts';
import { LIMITS } from '../limits.ts';

const LANE = 'submit';
/** Not that of blocks on their way: many may be asked for at once. */
const CONFIRM_LANE = 'confirm';

/**
 * Hands a block over as `submitblock`.
 *
 * @throws RpcError when the node did not answer, or not in a way that says something of the block
 */
export async function submitOnce(
  caller: RpcCaller,
  { block, hash }: BlockOffer,
  signal?: AbortSignal,
): Promise<SubmitResult> {
  const hex = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('hex');
  try {
    const options = { lane: LANE, timeoutMs: LIMITS.submitTimeoutMs, signal };
    return await judge(caller, hash, await caller.call('submitblock', [hex], options));
  } catch (error) {
    if (!isVerdict(error)) throw error;
    return { kind: 'rejected', reason: error.message };
  }
}

/**
 * Whether the node has said no to what was asked. Everything else, trouble of its own included, is worth another try:
 * what is lost otherwise is a block.
 */
function isVerdict(error: unknown): error is RpcError {
  return error instanceof RpcError && error.code === 'rpc' && RPC_VERDICTS.has(error.details.rpcCode ?? 0);
}

/** BIP22: nothing when the block is the new tip, else a word. */
async function judge(caller: RpcCaller, hash: Uint8Array, answer: unknown): Promise<SubmitResult> {
  switch (answer) {
    case null:
      return { kind: 'accepted' };
    case 'duplicate':
      return { kind: 'duplicate' };
    case 'inconclusive':
    case 'duplicate-inconclusive': {
      const { inBestChain } = await confirmation(caller, hash);
      if (inBestChain) return { kind: answer === 'inconclusive' ? 'accepted' : 'duplicate' };
      return { kind: 'inconclusive', reason: NOT_BEST };
    }
    default:
      return { kind: 'rejected', reason: typeof answer === 'string' ? answer : JSON.stringify(answer) };
  }
}

/**
 * Where a block stands in the node's view.
 *
 * @throws RpcError
 */
export async function confirmation(client: RpcCaller, hash: Uint8Array): Promise<Confirmation> {
  const method = 'getblockheader';
  try {
    const fields = new Fields(method, await client.call(method, [displayHash(hash), true], { lane: CONFIRM_LANE }));
    const confirmations = fields.integer('confirmations', -1);
    const inBestChain = confirmations > 0;
    return { inBestChain, confirmations: Math.max(0, confirmations), height: fields.integer('height') };
  } catch (error) {
    if (failedWith(error, RPC_INVALID_ADDRESS_OR_KEY)) return { inBestChain: false, confirmations: 0 };
    throw error;
  }
}
